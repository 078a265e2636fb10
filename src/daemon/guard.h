// The hall where both corridors meet: what clients do comes in, blocks in the kernel come out, and a line for each.
//
// In:  first packets and state changes of mail connections, in the order they were read; what people did to blocks.
// Out: EventLines; blocks; entries for the ledger.
// Invariants
//   (1) A block is told when the kernel acknowledged it, never before; one the kernel refuses is told as refused, and
//       tried again.
//   (2) What a client does while it is blocked is no evidence.
//   (3) Nothing waits here: a step handles all it is given.
//   (4) A block that a person set or lifted is believed: it is neither undone nor set again.
// Threads: one at a time.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "apply/kernel.h"
#include "apply/table_watch.h"
#include "base/keyed_hash.h"
#include "base/prefix_set.h"
#include "daemon/event_line.h"
#include "decide/decider.h"
#include "detect/detector.h"
#include "enforce/enforcer.h"
#include "ingest/conntrack.h"
#include "ingest/live_connections.h"
#include "ingest/nflog.h"
#include "policy/policy.h"
#include "record/case_record.h"
#include "sys/clock.h"

namespace mailweir {

using OnLine = std::function<void(const EventLine&)>;
using OnEntry = std::function<void(LedgerEntry)>;

// REQUIRES: policy.gateway.
[[nodiscard]] DetectSettings detect_settings(const Policy& policy);
// Of the gateway and its groups.
[[nodiscard]] std::vector<IpPrefix> clients_of(const GatewayPolicy& gateway);

class Guard {
 public:
  Guard(const Policy& policy, Mode mode, const KeyedHash& hash, Kernel& kernel, const Clock& clock, OnLine on_line,
        OnEntry on_entry);

  // Whether the kernel counts the bytes of connections; until it is said, it does.
  void bytes_counted(bool counted) { detector_.bytes_counted(counted); }

  // Takes over the blocks the kernel holds, and what the ledger remembers: `blocks` in time order. Running blocks the
  // kernel does not hold are set again when the table is new (the machine was restarted), otherwise somebody lifted
  // them. The table is REQUIRED to be installed.
  Result<void> resume(std::span<const CaseRecord> blocks, bool table_is_new);

  // One step: what was read since the last one. Packets are handled before state changes.
  void step(const std::vector<LoggedPacket>& packets, const std::vector<ConntrackEvent>& changes);
  // State changes were lost; then the list of all flows.
  void lost_changes() { connections_.lost(); }
  void relisted(const std::vector<ConntrackFlow>& flows);
  // The table was taken away and is installed again.
  void table_restored();
  // Blocks were put in or taken out, by us or by others; `all`: more than `touched` tells.
  void blocks_touched(std::span<const BlockTouched> touched, bool all);

  // When step() is due though nothing was read.
  [[nodiscard]] std::optional<Time> next_due() const;

  struct Counters {
    LiveCounters connections;
    DetectCounters detect;
    EnforceCounters enforce;
    std::uint64_t blocks = 0;       // in force
    std::uint64_t slowed = 0;       // clients that are slowed down
    std::uint64_t waiting = 0;      // decided, not in force
    std::uint64_t after_block = 0;  // packets of blocked clients that were on their way
    std::uint64_t forgotten_cases = 0;
    UplinkVotes uplink;
  };
  [[nodiscard]] Counters counters() const;
  [[nodiscard]] const Detector& detector() const { return detector_; }
  // What an earlier guard learned. REQUIRES: before the first step.
  void recall(const LearnedModel& model) { detector_.recall(model, clock_.now()); }

 private:
  void observe(const std::vector<ConnectionEvent>& events);
  void judge_ended();
  void decide_findings();
  void enforce();
  void tell(const Decision& decision, std::optional<Time> acknowledged);
  void cut(IpPrefix client, const std::vector<std::uint16_t>& ports);
  void end_blocks(Time now);
  void look_at_uplink(Time now);
  void note_let_in(const ConntrackEvent& change);
  void resume_from_ledger(const CaseRecord& record, bool table_is_new, Time now);
  void recall_running(const EnforcedBlock& enforced, Time now);
  // Answers their case ids.
  std::set<std::string> free_protected(std::vector<EnforcedBlock>& resumed, Time now);
  void lifted_by_others(const Block& block, Time now);
  void added_by_others(const EnforcedBlock& enforced, Time now);

  Mode mode_;
  std::string policy_file_;
  std::vector<IpPrefix> exempt_, mail_servers_;
  PrefixSet clients_;
  int v6_client_length_;
  Kernel& kernel_;
  const Clock& clock_;
  OnLine on_line_;
  OnEntry on_entry_;
  LiveConnections connections_;
  Detector detector_;
  Decider decider_;
  Enforcer enforcer_;
  std::map<std::string, Decision> unconfirmed_;  // by case id; as many as the enforcer keeps waiting
  std::optional<Time> retry_;                    // the kernel refused: not before then again
  std::vector<ConnectionEvent> events_;          // of this step
  std::uint64_t after_block_ = 0;
  Time look_at_uplink_;
  bool uplink_closed_ = false;
};

}  // namespace mailweir
