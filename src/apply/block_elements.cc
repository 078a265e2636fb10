#include "apply/block_elements.h"

#include <fmt/format.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <array>
#include <vector>

#include "base/must.h"

namespace mailweir {
namespace {

constexpr std::uint8_t kInet = 1;             // NFPROTO_INET, which user space headers keep in an enum of their own
constexpr std::uint8_t kUserDataComment = 0;  // NFTNL_UDATA_SET_ELEM_COMMENT: type, length, text with NUL
constexpr std::size_t kCaseIdMax = 128;       // nft refuses longer comments

constexpr std::uint16_t type_of(std::uint8_t message) { return NFNL_SUBSYS_NFTABLES << 8 | message; }

void begin(NetlinkRequest& request, std::uint8_t message, std::uint16_t flags, BlockSet set, bool v4) {
  request.message(type_of(message), flags, kInet);
  request.put_text(NFTA_SET_ELEM_LIST_TABLE, kTable);
  request.put_text(NFTA_SET_ELEM_LIST_SET, set_name(set, v4));
}

void put_key(NetlinkRequest& request, IpAddress address) {
  std::array<std::uint8_t, 16> bytes;
  address.write(bytes);
  const auto key = request.begin_nest(NFTA_SET_ELEM_KEY);
  request.put(NFTA_DATA_VALUE, address.is_v4() ? Bytes(bytes).last(4) : Bytes(bytes));
  request.end_nest(key);
}

std::optional<IpPrefix> read_key(const NetlinkAttribute& nest, bool v4) {
  const auto value = NetlinkAttributes(nest.value).find(NFTA_DATA_VALUE);
  if (!value || value->value.size() != (v4 ? 4U : 16U)) return std::nullopt;
  if (v4) return IpPrefix::host(IpAddress::v4(std::span<const std::uint8_t, 4>(value->value)));
  const IpAddress address = IpAddress::v6(std::span<const std::uint8_t, 16>(value->value));
  return address.is_v4() ? std::nullopt : std::optional(IpPrefix::of(address, 64));
}

std::string read_comment(Bytes user_data) {
  while (user_data.size() >= 2) {
    const std::size_t length = user_data[1];
    if (length > user_data.size() - 2) break;
    if (user_data[0] == kUserDataComment) return std::string(NetlinkAttribute{0, user_data.subspan(2, length)}.text());
    user_data = user_data.subspan(2 + length);
  }
  return {};
}

std::uint64_t read_counter(const NetlinkAttribute& expression) {
  const NetlinkAttributes parts(expression.value);
  const auto name = parts.find(NFTA_EXPR_NAME);
  const auto data = parts.find(NFTA_EXPR_DATA);
  if (!name || name->text() != "counter" || !data) return 0;
  const auto packets = NetlinkAttributes(data->value).find(NFTA_COUNTER_PACKETS);
  return packets ? packets->be64().value_or(0) : 0;
}

Duration milliseconds(std::optional<std::uint64_t> count) {
  constexpr std::uint64_t kCentury = 100ULL * 366 * 86400 * 1000;
  return std::chrono::milliseconds(std::min(count.value_or(0), kCentury));
}

std::optional<SetElement> read_element(const NetlinkAttribute& nest, bool v4) {
  SetElement element;
  bool has_key = false;
  for (const NetlinkAttribute part : NetlinkAttributes(nest.value)) {
    switch (part.type) {
      case NFTA_SET_ELEM_KEY:
        if (const auto client = read_key(part, v4)) {
          element.client = *client;
          has_key = true;
        }
        break;
      case NFTA_SET_ELEM_TIMEOUT:
        element.length = milliseconds(part.be64());
        break;
      case NFTA_SET_ELEM_EXPIRATION:
        element.left = milliseconds(part.be64());
        break;
      case NFTA_SET_ELEM_USERDATA:
        element.case_id = read_comment(part.value);
        break;
      case NFTA_SET_ELEM_EXPR:
        element.packets = read_counter(part);
        break;
      default:
        break;
    }
  }
  return has_key ? std::optional(element) : std::nullopt;
}

}  // namespace

std::string set_name(BlockSet set, bool v4) {
  constexpr std::string_view kNames[] = {"blocked", "transfer_only", "submission_only", "slowed"};
  return fmt::format("{}{}", kNames[static_cast<std::size_t>(set)], v4 ? '4' : '6');
}

std::span<const BlockSet> sets_of(BlockScope scope) {
  static constexpr BlockSet kAll[] = {BlockSet::Blocked};
  static constexpr BlockSet kTransfer[] = {BlockSet::Blocked, BlockSet::TransferOnly};
  static constexpr BlockSet kSubmission[] = {BlockSet::Blocked, BlockSet::SubmissionOnly};
  static constexpr BlockSet kSlowed[] = {BlockSet::Slowed};
  switch (scope) {
    case BlockScope::AllSending:
      return kAll;
    case BlockScope::TransferOnly:
      return kTransfer;
    case BlockScope::SubmissionOnly:
      return kSubmission;
    case BlockScope::SlowedDown:
      return kSlowed;
  }
  return kAll;
}

void put_new_elements(NetlinkRequest& request, BlockSet set, bool v4, std::span<const Block* const> blocks) {
  begin(request, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, set, v4);
  const auto list = request.begin_nest(NFTA_SET_ELEM_LIST_ELEMENTS);
  for (const Block* block : blocks) {
    MUST(block->case_id.size() <= kCaseIdMax);
    const auto element = request.begin_nest(NFTA_LIST_ELEM);
    put_key(request, block->client.base());
    const auto length = std::chrono::ceil<std::chrono::milliseconds>(block->length).count();
    request.put_be64(NFTA_SET_ELEM_TIMEOUT, static_cast<std::uint64_t>(length));
    std::vector<std::uint8_t> comment{kUserDataComment, static_cast<std::uint8_t>(block->case_id.size() + 1)};
    comment.insert(comment.end(), block->case_id.begin(), block->case_id.end());
    comment.push_back(0);
    request.put(NFTA_SET_ELEM_USERDATA, comment);
    request.end_nest(element);
  }
  request.end_nest(list);
}

void put_delete_elements(NetlinkRequest& request, BlockSet set, bool v4, std::span<const IpPrefix> clients) {
  begin(request, NFT_MSG_DELSETELEM, 0, set, v4);
  const auto list = request.begin_nest(NFTA_SET_ELEM_LIST_ELEMENTS);
  for (const IpPrefix& client : clients) {
    const auto element = request.begin_nest(NFTA_LIST_ELEM);
    put_key(request, client.base());
    request.end_nest(element);
  }
  request.end_nest(list);
}

void put_get_element(NetlinkRequest& request, BlockSet set, IpPrefix client) {
  begin(request, NFT_MSG_GETSETELEM, 0, set, client.base().is_v4());
  const auto list = request.begin_nest(NFTA_SET_ELEM_LIST_ELEMENTS);
  const auto element = request.begin_nest(NFTA_LIST_ELEM);
  put_key(request, client.base());
  request.end_nest(element);
  request.end_nest(list);
}

void put_list_elements(NetlinkRequest& request, BlockSet set, bool v4) {
  begin(request, NFT_MSG_GETSETELEM, NLM_F_DUMP, set, v4);
}

void read_elements(const NetlinkMessage& message, bool v4, const std::function<void(const SetElement&)>& each) {
  const auto list = message.attributes().find(NFTA_SET_ELEM_LIST_ELEMENTS);
  if (!list) return;
  for (const NetlinkAttribute nest : NetlinkAttributes(list->value)) {
    if (const auto element = read_element(nest, v4)) each(*element);
  }
}

}  // namespace mailweir
