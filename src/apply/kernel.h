// The door to the kernel: our table, the blocks in it, and the connections of blocked clients.
//
// One real (apply/linux_kernel.h) and one fake (tests/support/fake_kernel.h), held to the same contract tests
// (tests/contract). Everything concerns the network namespace of the calling thread when the door was opened.
// Invariants
//   (1) Only the table `inet mailweir` is ever touched.
//   (2) The kernel holds every block's end: it ends whether we live or not.
//   (3) What returns without an error is in force: every change is acknowledged.
// Threads: one at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "base/time.h"
#include "record/compiled_table.h"
#include "sys/conntrack_flow.h"

namespace mailweir {

// Which sending ports a block cuts. SlowedDown is no block: its client is in sets of its own, and only what exceeds the
// rate of new servers on port 25 is stopped. A client has one scope at a time.
enum class BlockScope : std::uint8_t { AllSending, TransferOnly, SubmissionOnly, SlowedDown };

struct Block {
  IpPrefix client = IpPrefix::host({});  // an IPv4 /32 or an IPv6 /64
  BlockScope scope = BlockScope::AllSending;
  std::string case_id;      // at most 128 bytes
  Duration length{};        // as it was asked for, in milliseconds
  Duration left{};          // of blocks(): until it ends
  std::uint64_t stopped{};  // of blocks(): packets
};

[[nodiscard]] inline std::size_t count_slowed(std::span<const Block> blocks) {
  return static_cast<std::size_t>(std::count_if(
      blocks.begin(), blocks.end(), [](const Block& block) { return block.scope == BlockScope::SlowedDown; }));
}

// The case of what `verify` puts there to prove a rule: it is about nobody, and gone at once.
inline constexpr std::string_view kProbeCase = "probe-of-verify";

struct TableState {
  std::string marker;  // CompiledTable::marker of what is installed; empty: no table, or not one we understand
  std::uint64_t fingerprint = 0;  // changes when any rule is replaced, added or taken away; 0: no rule of ours
  friend bool operator==(const TableState&, const TableState&) = default;
};

// What a rule of ours counted; several rules may serve one id.
struct RulePackets {
  std::string id;  // the first word of its comment
  std::uint64_t packets = 0;
};

class Kernel {
 public:
  virtual ~Kernel() = default;

  // Would install() work? Changes nothing.
  [[nodiscard]] virtual Result<void> check(const CompiledTable& wanted) = 0;
  // In one transaction. Blocks that are there stay.
  [[nodiscard]] virtual Result<void> install(const CompiledTable& wanted) = 0;
  // Takes the table away, blocks and all; false: there was none.
  [[nodiscard]] virtual Result<bool> remove() = 0;
  [[nodiscard]] virtual Result<TableState> table() = 0;

  // Statements for nft, about our table only: would load() work, and do it, in one transaction; all or nothing.
  [[nodiscard]] virtual Result<void> check_statements(const std::string& statements) = 0;
  [[nodiscard]] virtual Result<void> load_statements(const std::string& statements) = 0;
  // Our table with all contents, as nft prints it; empty: there is none.
  [[nodiscard]] virtual Result<std::string> listing() = 0;
  // The same without the elements of sets, so that many blocks cost nothing: rules and their counters.
  [[nodiscard]] virtual Result<std::string> rules() = 0;
  // A text that stays the same while nobody touches the table's rules and lasting sets, whoever is blocked; empty:
  // there is no table. Costs milliseconds; listing() takes a second when 100,000 clients are blocked.
  [[nodiscard]] virtual Result<std::string> fingerprint() = 0;
  // Of rules with a comment, in order; as cheap.
  [[nodiscard]] virtual Result<std::vector<RulePackets>> rule_packets() = 0;
  // What listing() would answer where there was nothing and `statements` were loaded. Changes nothing. Unsupported:
  // this machine lets us have no place to try it.
  [[nodiscard]] virtual Result<std::string> listing_of(const std::string& statements) = 0;

  // A client that is blocked gets the new block instead. Up to kBlocksPerTransaction are all or nothing; more go in
  // several transactions. Limit: a set is full. NotFound: no table.
  [[nodiscard]] virtual Result<void> add_blocks(std::span<const Block> blocks) = 0;
  // Clients that are not blocked are passed over.
  [[nodiscard]] virtual Result<void> remove_blocks(std::span<const IpPrefix> clients) = 0;
  [[nodiscard]] virtual Result<std::vector<Block>> blocks() = 0;  // by client
  // Those of the clients that are blocked, by client. A look at a few costs microseconds, a list of all a third of a
  // second when there are 100,000.
  [[nodiscard]] virtual Result<std::vector<Block>> blocks_of(std::span<const IpPrefix> clients) = 0;

  // Ends connections: deletes their conntrack entries, so that they are new to the kernel, and translated no more.
  // Those that are gone are passed over. Answers how many there were.
  [[nodiscard]] virtual Result<std::uint64_t> cut_flows(std::span<const FlowTuple> flows) = 0;
  // One answer per flow; nothing: it is gone, or the kernel does not count.
  [[nodiscard]] virtual Result<std::vector<std::optional<FlowCounters>>> flow_counters(
      std::span<const FlowTuple> flows) = 0;
};

inline constexpr std::size_t kBlocksPerTransaction = 1000;

}  // namespace mailweir
