#include "apply/linux_kernel.h"

#include <fmt/format.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "apply/block_elements.h"
#include "apply/nft_program.h"
#include "apply/table_fingerprint.h"
#include "sys/namespace.h"
#include "sys/netlink.h"

namespace mailweir {
namespace {

constexpr std::uint8_t kInet = 1;  // NFPROTO_INET
constexpr std::size_t kBatchBytes =
    std::size_t{200} * 1024;  // fits the send buffer an unprivileged namespace grants (net.core.wmem_max)
constexpr std::size_t kElementsPerMessage = 60'000 / kElementBytesMax;
// Answers to one request must fit the receive buffer an unprivileged namespace grants; an answer takes about 1 KiB
// there.
constexpr std::size_t kQuestionsPerRequest = 64;

// Our statements name nothing we did not look for: that something is missing is a refusal like any other.
Result<void> load_by_nft(std::vector<std::string> arguments, std::string_view text) {
  auto ran = run_nft(std::move(arguments), text);
  if (!ran && ran.error().code() == ErrorCode::NotFound) return fail(ErrorCode::Refused, ran.error().text());
  return ran;
}

Result<std::string> list_table(bool elements) {
  std::vector<std::string> question{"list", "table", "inet", std::string(kTable)};
  if (!elements) question.insert(question.begin(), "-t");
  auto listed = ask_nft(std::move(question));
  if (!listed && listed.error().code() == ErrorCode::NotFound) return std::string();
  return listed;
}

std::string read_rule_comment(const NetlinkAttributes& rule) {
  const auto data = rule.find(NFTA_RULE_USERDATA);
  constexpr std::uint8_t kComment = 0;  // NFTNL_UDATA_RULE_COMMENT: type, length, text with NUL
  if (!data || data->value.size() < 2 || data->value[0] != kComment) return {};
  const std::size_t length = std::min<std::size_t>(data->value[1], data->value.size() - 2);
  return std::string(NetlinkAttribute{0, data->value.subspan(2, length)}.text());
}

// REQUIRES: elements of BlockSet::Blocked come first. Who is blocked is slowed down no more.
void note_element(std::map<IpPrefix, Block>& found, BlockSet set, const SetElement& element) {
  const auto note = [&](BlockScope scope) {
    found.try_emplace(element.client,
                      Block{element.client, scope, element.case_id, element.length, element.left, element.packets});
  };
  const auto narrow = [&](BlockScope scope) {
    if (const auto block = found.find(element.client); block != found.end()) block->second.scope = scope;
  };
  switch (set) {
    case BlockSet::Blocked:
      return note(BlockScope::AllSending);
    case BlockSet::TransferOnly:
      return narrow(BlockScope::TransferOnly);
    case BlockSet::SubmissionOnly:
      return narrow(BlockScope::SubmissionOnly);
    case BlockSet::Slowed:
      return note(BlockScope::SlowedDown);
  }
}

// Of its first counter.
std::uint64_t read_rule_packets(const NetlinkAttributes& rule) {
  const auto expressions = rule.find(NFTA_RULE_EXPRESSIONS);
  if (!expressions) return 0;
  for (const NetlinkAttribute element : NetlinkAttributes(expressions->value)) {
    const NetlinkAttributes parts(element.value);
    const auto name = parts.find(NFTA_EXPR_NAME), data = parts.find(NFTA_EXPR_DATA);
    if (!name || !data || name->text() != "counter") continue;
    const auto packets = NetlinkAttributes(data->value).find(NFTA_COUNTER_PACKETS);
    return packets ? packets->be64().value_or(0) : 0;
  }
  return 0;
}

class LinuxKernel final : public Kernel {
 public:
  explicit LinuxKernel(NetlinkSocket socket) : socket_(std::move(socket)), request_(kBatchBytes) {
    socket_.receive_buffer(std::size_t{4} << 20);
    socket_.send_buffer(std::size_t{1} << 20);
  }

  Result<void> check(const CompiledTable& wanted) override { return load_by_nft({"-c"}, wanted.text); }
  Result<void> install(const CompiledTable& wanted) override { return load_by_nft({}, wanted.text); }
  Result<bool> remove() override;
  Result<TableState> table() override;
  Result<void> check_statements(const std::string& statements) override { return load_by_nft({"-c"}, statements); }
  Result<void> load_statements(const std::string& statements) override { return load_by_nft({}, statements); }
  Result<std::string> listing() override { return list_table(true); }
  Result<std::string> rules() override { return list_table(false); }
  Result<std::vector<RulePackets>> rule_packets() override;
  Result<std::string> fingerprint() override { return fingerprint_table(socket_, request_); }
  Result<std::string> listing_of(const std::string& statements) override;
  Result<void> add_blocks(std::span<const Block> blocks) override;
  Result<void> remove_blocks(std::span<const IpPrefix> clients) override;
  Result<std::vector<Block>> blocks() override;
  Result<std::vector<Block>> blocks_of(std::span<const IpPrefix> clients) override;
  Result<std::uint64_t> cut_flows(std::span<const FlowTuple> flows) override;
  Result<std::vector<std::optional<FlowCounters>>> flow_counters(std::span<const FlowTuple> flows) override;

 private:
  using Present = std::map<std::pair<BlockSet, bool>, std::vector<IpPrefix>>;  // (set, v4) -> clients in it
  Result<Present> present(std::span<const IpPrefix> clients);
  Result<void> add_once(std::span<const Block> blocks);
  void put_deletes(const Present& present);
  Result<void> send_batch();

  NetlinkSocket socket_;
  NetlinkRequest request_;
};

Result<bool> LinuxKernel::remove() {
  request_.clear();
  request_.begin_batch(NFNL_SUBSYS_NFTABLES);
  request_.message(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE, 0, kInet);
  request_.put_text(NFTA_TABLE_NAME, kTable);
  const auto sent = send_batch();
  if (sent) return true;
  if (sent.error().number() == ENOENT) return false;
  return fail(Error(sent.error()).in("removing the table"));
}

Result<std::string> LinuxKernel::listing_of(const std::string& statements) {
  const auto scratch = NetworkNamespace::create();
  if (!scratch) return fail(ErrorCode::Unsupported, "no place to try rules out: " + scratch.error().text());
  const InNamespace inside(*scratch);
  if (auto loaded = load_by_nft({}, statements); !loaded) return fail(std::move(loaded).error());
  return list_table(true);
}

Result<TableState> LinuxKernel::table() {
  TableState state;
  request_.clear();
  request_.message(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE, NLM_F_DUMP, kInet);
  request_.put_text(NFTA_RULE_TABLE, kTable);
  const auto asked = socket_.request(request_, [&](const NetlinkMessage& message) {
    const NetlinkAttributes rule = message.attributes();
    const auto table = rule.find(NFTA_RULE_TABLE);
    const auto handle = rule.find(NFTA_RULE_HANDLE);
    if (!table || table->text() != kTable || !handle) return;  // kernels before 5.2 list all tables
    state.fingerprint = state.fingerprint * 1'000'003 + handle->be64().value_or(0) + 1;
    const auto chain = rule.find(NFTA_RULE_CHAIN);
    if (chain && chain->text() == kMarkerChain && state.marker.empty()) state.marker = read_rule_comment(rule);
  });
  if (!asked && asked.error().number() != ENOENT) return fail(Error(asked.error()).in("reading the table"));
  return state;
}

Result<std::vector<RulePackets>> LinuxKernel::rule_packets() {
  std::vector<RulePackets> counts;
  request_.clear();
  request_.message(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE, NLM_F_DUMP, kInet);
  request_.put_text(NFTA_RULE_TABLE, kTable);
  const auto asked = socket_.request(request_, [&](const NetlinkMessage& message) {
    const NetlinkAttributes rule = message.attributes();
    const auto table = rule.find(NFTA_RULE_TABLE);
    if (!table || table->text() != kTable) return;
    std::string comment = read_rule_comment(rule);
    comment.resize(std::min(comment.size(), comment.find(' ')));
    if (!comment.empty()) counts.push_back({std::move(comment), read_rule_packets(rule)});
  });
  if (!asked && asked.error().number() != ENOENT) return fail(Error(asked.error()).in("reading the rules' counters"));
  return counts;
}

Result<void> LinuxKernel::send_batch() {
  request_.ask_acknowledgement();
  request_.end_batch(NFNL_SUBSYS_NFTABLES);
  return socket_.request(request_);
}

// Asks for each client by itself: a list of all takes a third of a second when there are 100,000.
Result<LinuxKernel::Present> LinuxKernel::present(std::span<const IpPrefix> clients) {
  Present found;
  constexpr std::size_t kSets = std::size(kBlockSets);
  const auto no_such_element = [](std::uint32_t, int) {};
  while (!clients.empty()) {
    const auto part = clients.first(std::min(clients.size(), kQuestionsPerRequest / kSets));
    clients = clients.subspan(part.size());
    request_.clear();
    for (const IpPrefix& client : part) {
      for (const BlockSet set : kBlockSets) put_get_element(request_, set, client);
    }
    request_.ask_acknowledgement();
    const auto on_message = [&](const NetlinkMessage& message) {
      const std::size_t index = message.sequence - 1;  // one message per question, in order
      if (index >= part.size() * kSets) return;
      const IpPrefix& client = part[index / kSets];
      const bool v4 = client.base().is_v4();
      read_elements(message, v4, [&](const SetElement&) { found[{kBlockSets[index % kSets], v4}].push_back(client); });
    };
    const auto asked = socket_.request(request_, on_message, no_such_element);
    if (!asked) return fail(asked.error());
  }
  return found;
}

void LinuxKernel::put_deletes(const Present& present) {
  for (const auto& [set, clients] : present) {
    for (std::size_t i = 0; i < clients.size(); i += kElementsPerMessage) {
      const auto part = std::span(clients).subspan(i, std::min(kElementsPerMessage, clients.size() - i));
      put_delete_elements(request_, set.first, set.second, part);
    }
  }
}

// Kernels before 6.12 keep the old end when an element is added again: what is there is deleted in the same batch.
Result<void> LinuxKernel::add_once(std::span<const Block> blocks) {
  std::vector<IpPrefix> clients;
  clients.reserve(blocks.size());
  for (const Block& block : blocks) clients.push_back(block.client);
  const auto there = present(clients);
  if (!there) return fail(there.error());

  std::map<std::pair<BlockSet, bool>, std::vector<const Block*>> wanted;
  for (const Block& block : blocks) {
    const bool v4 = block.client.base().is_v4();
    for (const BlockSet set : sets_of(block.scope)) wanted[{set, v4}].push_back(&block);
  }
  request_.clear();
  request_.begin_batch(NFNL_SUBSYS_NFTABLES);
  put_deletes(*there);
  for (const auto& [set, list] : wanted) {
    for (std::size_t i = 0; i < list.size(); i += kElementsPerMessage) {
      const auto part = std::span(list).subspan(i, std::min(kElementsPerMessage, list.size() - i));
      put_new_elements(request_, set.first, set.second, part);
    }
  }
  return send_batch();
}

Result<void> LinuxKernel::add_blocks(std::span<const Block> blocks) {
  while (!blocks.empty()) {
    const auto part = blocks.first(std::min(blocks.size(), kBlocksPerTransaction));
    auto added = add_once(part);
    // An element that ends between question and batch is not there to be deleted; ask again.
    for (int i = 0; i < 3 && !added && added.error().number() == ENOENT; ++i) added = add_once(part);
    if (!added) {
      const int number = added.error().number();
      if (number == ENFILE) return fail(ErrorCode::Limit, "the set of blocks is full");
      if (number == ENOENT) return fail(ErrorCode::NotFound, "the table inet mailweir is not there");
      return fail(Error(added.error()).in("adding blocks"));
    }
    blocks = blocks.subspan(part.size());
  }
  return {};
}

Result<void> LinuxKernel::remove_blocks(std::span<const IpPrefix> clients) {
  while (!clients.empty()) {
    const auto part = clients.first(std::min(clients.size(), kBlocksPerTransaction));
    clients = clients.subspan(part.size());
    const auto there = present(part);
    if (!there) return fail(there.error());
    if (there->empty()) continue;
    request_.clear();
    request_.begin_batch(NFNL_SUBSYS_NFTABLES);
    put_deletes(*there);
    const auto sent = send_batch();
    if (!sent && sent.error().number() != ENOENT) return fail(Error(sent.error()).in("removing blocks"));
  }
  return {};
}

Result<std::vector<Block>> LinuxKernel::blocks() {
  std::map<IpPrefix, Block> found;
  for (const BlockSet set : kBlockSets) {
    for (const bool v4 : {true, false}) {
      request_.clear();
      put_list_elements(request_, set, v4);
      const auto on_element = [&](const SetElement& element) { note_element(found, set, element); };
      const auto asked =
          socket_.request(request_, [&](const NetlinkMessage& message) { read_elements(message, v4, on_element); });
      if (!asked && asked.error().number() == ENOENT)
        return fail(ErrorCode::NotFound, "the table inet mailweir is not there");
      if (!asked) return fail(Error(asked.error()).in("listing blocks"));
    }
  }
  std::vector<Block> blocks;
  blocks.reserve(found.size());
  for (auto& [client, block] : found) blocks.push_back(std::move(block));
  return blocks;
}

Result<std::vector<Block>> LinuxKernel::blocks_of(std::span<const IpPrefix> clients) {
  std::map<IpPrefix, Block> found;
  constexpr std::size_t kSets = std::size(kBlockSets);
  while (!clients.empty()) {
    const auto part = clients.first(std::min(clients.size(), kQuestionsPerRequest / kSets));
    clients = clients.subspan(part.size());
    request_.clear();
    for (const BlockSet set : kBlockSets) {
      for (const IpPrefix& client : part) put_get_element(request_, set, client);
    }
    request_.ask_acknowledgement();
    const auto on_message = [&](const NetlinkMessage& message) {
      const std::size_t index = message.sequence - 1;
      if (index >= part.size() * kSets) return;
      const BlockSet set = kBlockSets[index / part.size()];
      read_elements(message, part[index % part.size()].base().is_v4(),
                    [&](const SetElement& element) { note_element(found, set, element); });
    };
    const auto asked = socket_.request(request_, on_message, [](std::uint32_t, int) {});
    if (!asked) return fail(Error(asked.error()).in("reading blocks"));
  }
  std::vector<Block> blocks;
  for (auto& [client, block] : found) blocks.push_back(std::move(block));
  return blocks;
}

Result<std::uint64_t> LinuxKernel::cut_flows(std::span<const FlowTuple> flows) {
  std::uint64_t cut = flows.size();
  Error first_error(ErrorCode::Refused, "");
  bool failed = false;
  while (!flows.empty()) {
    const auto part = flows.first(std::min(flows.size(), kQuestionsPerRequest));
    flows = flows.subspan(part.size());
    request_.clear();
    for (const FlowTuple& flow : part) {
      request_.message(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, 0, family_of(flow));
      put_flow(request_, flow);
    }
    request_.ask_acknowledgement();
    const auto asked = socket_.request(request_, {}, [&](std::uint32_t, int number) {
      --cut;
      if (number == ENOENT) return;
      first_error = Error::from_errno(number, "cutting connections", ErrorCode::Refused);
      failed = true;
    });
    if (!asked) return fail(Error(asked.error()).in("cutting connections"));
  }
  if (failed) return fail(first_error);
  return cut;
}

Result<std::vector<std::optional<FlowCounters>>> LinuxKernel::flow_counters(std::span<const FlowTuple> flows) {
  std::vector<std::optional<FlowCounters>> answers(flows.size());
  const auto gone = [](std::uint32_t, int) {};
  for (std::size_t begin = 0; begin < flows.size(); begin += kQuestionsPerRequest) {
    const auto part = flows.subspan(begin, std::min(kQuestionsPerRequest, flows.size() - begin));
    request_.clear();
    for (const FlowTuple& flow : part) {
      request_.message(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, 0, family_of(flow));
      put_flow(request_, flow);
    }
    request_.ask_acknowledgement();
    const auto on_message = [&](const NetlinkMessage& message) {
      const std::size_t index = message.sequence - 1;
      const auto flow = decode_flow(message.attributes());
      if (index < part.size() && flow && flow->tuple == part[index]) answers[begin + index] = flow->counters;
    };
    const auto asked = socket_.request(request_, on_message, gone);
    if (!asked) return fail(Error(asked.error()).in("reading connection counters"));
  }
  return answers;
}

}  // namespace

Result<std::unique_ptr<Kernel>> open_linux_kernel() {
  auto socket = NetlinkSocket::open();
  if (!socket) return fail(std::move(socket).error());
  return std::make_unique<LinuxKernel>(std::move(*socket));
}

}  // namespace mailweir
