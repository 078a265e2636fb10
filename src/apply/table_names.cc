#include "apply/table_names.h"

#include <fmt/format.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <cerrno>
#include <functional>

#include "sys/netlink.h"
#include "sys/netlink_request.h"

namespace mailweir {
namespace {

constexpr std::uint8_t kAnyFamily = 0;  // NFPROTO_UNSPEC
constexpr std::uint8_t kInet = 1;       // NFPROTO_INET

Result<void> dump(int message, std::uint8_t family, const NetlinkSocket::OnMessage& each) {
  auto socket = NetlinkSocket::open();
  if (!socket) return fail(std::move(socket).error());
  NetlinkRequest request(256);
  request.message(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message), NLM_F_DUMP, family);
  auto asked = socket->request(request, each);
  if (!asked && asked.error().number() != ENOENT) return asked;
  return {};
}

std::string text_of(const NetlinkMessage& message, std::uint16_t attribute) {
  const auto found = message.attributes().find(attribute);
  return found ? std::string(found->text()) : std::string();
}

}  // namespace

Result<std::vector<std::string>> inet_tables() {
  std::vector<std::string> names;
  const auto asked = dump(NFT_MSG_GETTABLE, kInet, [&](const NetlinkMessage& message) {
    if (message.family() == kInet) names.push_back(text_of(message, NFTA_TABLE_NAME));
  });
  if (!asked) return fail(Error(asked.error()).in("listing tables"));
  return names;
}

Result<std::vector<std::string>> flowtables() {
  std::vector<std::string> names;
  const auto asked = dump(NFT_MSG_GETFLOWTABLE, kAnyFamily, [&](const NetlinkMessage& message) {
    names.push_back(
        fmt::format("{} {}", text_of(message, NFTA_FLOWTABLE_TABLE), text_of(message, NFTA_FLOWTABLE_NAME)));
  });
  if (!asked) return fail(Error(asked.error()).in("listing flowtables"));
  return names;
}

}  // namespace mailweir
