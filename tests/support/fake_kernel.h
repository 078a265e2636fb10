// A kernel made of maps: what the real door's contract says, without a kernel. Time passes by advance().
#pragma once

#include <functional>
#include <map>
#include <set>

#include "apply/kernel.h"
#include "tests/support/fake_nft.h"

namespace mailweir {

class FakeKernel final : public Kernel {
 public:
  Result<void> check(const CompiledTable& wanted) override;
  Result<void> install(const CompiledTable& wanted) override;
  Result<bool> remove() override;
  Result<TableState> table() override;
  Result<void> check_statements(const std::string& statements) override;
  Result<void> load_statements(const std::string& statements) override;
  Result<std::string> listing() override;
  Result<std::string> rules() override { return listing(); }
  Result<std::string> fingerprint() override;
  Result<std::vector<RulePackets>> rule_packets() override { return std::vector<RulePackets>{}; }
  Result<std::string> listing_of(const std::string& statements) override;
  Result<void> add_blocks(std::span<const Block> blocks) override;
  Result<void> remove_blocks(std::span<const IpPrefix> clients) override;
  Result<std::vector<Block>> blocks() override;
  Result<std::vector<Block>> blocks_of(std::span<const IpPrefix> clients) override;
  Result<std::uint64_t> cut_flows(std::span<const FlowTuple> flows) override;
  Result<std::vector<std::optional<FlowCounters>>> flow_counters(std::span<const FlowTuple> flows) override;

  // What the world does.
  void advance(Duration passed);
  void stop_packets(IpPrefix client, std::uint64_t packets) { blocks_.at(client).stopped += packets; }
  void add_flow(const FlowTuple& flow, FlowCounters counters) { flows_[flow] = counters; }
  void flush_ruleset() { wanted_.reset(), blocks_.clear(), nft_.flush(); }  // as `nft flush ruleset` by somebody else
  // From now on every call fails, until it is told otherwise.
  void fail_with(std::optional<ErrorCode> code) { failure_ = code; }
  [[nodiscard]] int installs() const { return installs_; }

 private:
  [[nodiscard]] Result<void> healthy() const;
  std::optional<CompiledTable> wanted_;
  FakeNft nft_;  // what statements made of it
  std::map<IpPrefix, Block> blocks_;
  std::map<FlowTuple, FlowCounters> flows_;
  std::optional<ErrorCode> failure_;
  std::uint64_t generation_ = 0;
  int installs_ = 0;
};

}  // namespace mailweir
