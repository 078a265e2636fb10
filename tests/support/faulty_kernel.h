// A door to the kernel that goes wrong at one of its calls: the n-th one about statements and listings.
#pragma once

#include <functional>

#include "apply/kernel.h"

namespace mailweir {

class FaultyKernel final : public Kernel {
 public:
  enum class When { Before, After };  // After: the kernel has done it, the answer is lost
  // `fault` is what happens at call number `at` (from 1); it may end the process, or answer an error.
  FaultyKernel(Kernel& kernel, int at, When when, std::function<Error()> fault)
      : kernel_(kernel), at_(at), when_(when), fault_(std::move(fault)) {}
  [[nodiscard]] int calls() const { return calls_; }

  Result<void> check(const CompiledTable& wanted) override { return kernel_.check(wanted); }
  Result<void> install(const CompiledTable& wanted) override { return kernel_.install(wanted); }
  Result<bool> remove() override { return kernel_.remove(); }
  Result<TableState> table() override { return kernel_.table(); }
  Result<void> check_statements(const std::string& statements) override {
    return call<void>([&] { return kernel_.check_statements(statements); });
  }
  Result<void> load_statements(const std::string& statements) override {
    return call<void>([&] { return kernel_.load_statements(statements); });
  }
  Result<std::string> listing() override {
    return call<std::string>([&] { return kernel_.listing(); });
  }
  Result<std::string> rules() override {
    return call<std::string>([&] { return kernel_.rules(); });
  }
  Result<std::vector<RulePackets>> rule_packets() override { return kernel_.rule_packets(); }
  Result<std::string> fingerprint() override {
    return call<std::string>([&] { return kernel_.fingerprint(); });
  }
  Result<std::string> listing_of(const std::string& statements) override {
    return call<std::string>([&] { return kernel_.listing_of(statements); });
  }
  Result<void> add_blocks(std::span<const Block> blocks) override { return kernel_.add_blocks(blocks); }
  Result<void> remove_blocks(std::span<const IpPrefix> clients) override { return kernel_.remove_blocks(clients); }
  Result<std::vector<Block>> blocks() override { return kernel_.blocks(); }
  Result<std::vector<Block>> blocks_of(std::span<const IpPrefix> clients) override {
    return kernel_.blocks_of(clients);
  }
  Result<std::uint64_t> cut_flows(std::span<const FlowTuple> flows) override { return kernel_.cut_flows(flows); }
  Result<std::vector<std::optional<FlowCounters>>> flow_counters(std::span<const FlowTuple> flows) override {
    return kernel_.flow_counters(flows);
  }

 private:
  template <typename T>
  Result<T> call(const std::function<Result<T>()>& real) {
    const bool now = ++calls_ == at_;
    if (now && when_ == When::Before) return fail(fault_());
    auto answer = real();
    if (now) return fail(fault_());
    return answer;
  }

  Kernel& kernel_;
  int at_;
  When when_;
  std::function<Error()> fault_;
  int calls_ = 0;
};

}  // namespace mailweir
