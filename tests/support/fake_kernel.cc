#include "tests/support/fake_kernel.h"

#include <algorithm>

namespace mailweir {

Result<void> FakeKernel::healthy() const {
  if (failure_) return fail(*failure_, "the fake kernel was told to fail");
  return {};
}

Result<void> FakeKernel::check(const CompiledTable&) { return healthy(); }

Result<void> FakeKernel::install(const CompiledTable& wanted) {
  if (auto ok = healthy(); !ok) return ok;
  wanted_ = wanted;
  if (!nft_.load(wanted.text)) return fail(ErrorCode::Refused, "the fake nft does not understand the table");
  ++generation_;
  ++installs_;
  return {};
}

Result<bool> FakeKernel::remove() {
  if (auto ok = healthy(); !ok) return fail(ok.error());
  const bool was_there = nft_.table().has_value();
  flush_ruleset();
  return was_there;
}

Result<void> FakeKernel::check_statements(const std::string& statements) {
  if (auto ok = healthy(); !ok) return ok;
  FakeNft tried = nft_;
  if (!tried.load(statements)) return fail(ErrorCode::Refused, "the fake nft refuses");
  return {};
}

Result<void> FakeKernel::load_statements(const std::string& statements) {
  if (auto ok = healthy(); !ok) return ok;
  if (!nft_.load(statements)) return fail(ErrorCode::Refused, "the fake nft refuses");
  ++generation_;
  return {};
}

Result<std::string> FakeKernel::listing() {
  if (auto ok = healthy(); !ok) return fail(ok.error());
  return nft_.listing();
}

Result<std::string> FakeKernel::fingerprint() {
  if (auto ok = healthy(); !ok) return fail(ok.error());
  const std::string listing = nft_.listing();
  return listing.empty() ? listing : std::to_string(std::hash<std::string>{}(listing));
}

Result<std::string> FakeKernel::listing_of(const std::string& statements) {
  if (auto ok = healthy(); !ok) return fail(ok.error());
  FakeNft empty;
  if (!empty.load(statements)) return fail(ErrorCode::Refused, "the fake nft refuses");
  return empty.listing();
}

Result<TableState> FakeKernel::table() {
  if (auto ok = healthy(); !ok) return fail(ok.error());
  return wanted_ ? TableState{wanted_->marker, generation_} : TableState{};
}

Result<void> FakeKernel::add_blocks(std::span<const Block> blocks) {
  if (auto ok = healthy(); !ok) return ok;
  if (!wanted_) return fail(ErrorCode::NotFound, "the table inet mailweir is not there");
  auto after = blocks_;
  for (const Block& block : blocks) {
    Block held = block;
    held.left = block.length;
    held.stopped = 0;
    after.insert_or_assign(block.client, held);
  }
  for (const bool v4 : {true, false}) {
    const auto count =
        std::count_if(after.begin(), after.end(), [&](const auto& entry) { return entry.first.base().is_v4() == v4; });
    if (static_cast<std::uint64_t>(count) > wanted_->blocks_max)
      return fail(ErrorCode::Limit, "the set of blocks is full");
  }
  blocks_ = std::move(after);
  return {};
}

Result<void> FakeKernel::remove_blocks(std::span<const IpPrefix> clients) {
  if (auto ok = healthy(); !ok) return ok;
  for (const IpPrefix& client : clients) blocks_.erase(client);
  return {};
}

Result<std::vector<Block>> FakeKernel::blocks() {
  if (auto ok = healthy(); !ok) return fail(ok.error());
  if (!wanted_) return fail(ErrorCode::NotFound, "the table inet mailweir is not there");
  std::vector<Block> list;
  for (const auto& [client, block] : blocks_) list.push_back(block);
  return list;
}

Result<std::vector<Block>> FakeKernel::blocks_of(std::span<const IpPrefix> clients) {
  if (auto ok = healthy(); !ok) return fail(ok.error());
  std::vector<Block> list;
  for (const auto& [client, block] : blocks_) {
    if (std::find(clients.begin(), clients.end(), client) != clients.end()) list.push_back(block);
  }
  return list;
}

Result<std::uint64_t> FakeKernel::cut_flows(std::span<const FlowTuple> flows) {
  if (auto ok = healthy(); !ok) return fail(ok.error());
  std::uint64_t cut = 0;
  for (const FlowTuple& flow : flows) cut += flows_.erase(flow);
  return cut;
}

Result<std::vector<std::optional<FlowCounters>>> FakeKernel::flow_counters(std::span<const FlowTuple> flows) {
  if (auto ok = healthy(); !ok) return fail(ok.error());
  std::vector<std::optional<FlowCounters>> answers;
  for (const FlowTuple& flow : flows) {
    const auto found = flows_.find(flow);
    answers.push_back(found == flows_.end() ? std::nullopt : std::optional(found->second));
  }
  return answers;
}

void FakeKernel::advance(Duration passed) {
  for (auto entry = blocks_.begin(); entry != blocks_.end();) {
    entry->second.left -= passed;
    entry = entry->second.left > Duration{0} ? std::next(entry) : blocks_.erase(entry);
  }
}

}  // namespace mailweir
