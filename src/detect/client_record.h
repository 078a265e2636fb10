// What is remembered of one client, and how an event changes it (docs/detection.md, sections 3.2 and 3.3).
//
// Invariants
//   (1) score_user() is the sum of the weights; decay, floor and cap are applied to the weight that caused them. So the
//       evidence adds up by construction.
//   (2) An ordinary client, of up to four destination groups, costs sizeof(ClientRecord). One of more, or one with
//       signs that ordinary clients do not show, is wide: it allocates a WideMemory once, and loses nothing by it.
//   (3) Errors favour the client: two groups that share a bit of the window count as one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/mail_ports.h"
#include "base/time.h"
#include "detect/group_memory.h"
#include "detect/hazard_table.h"
#include "detect/server_history.h"
#include "detect/server_life.h"
#include "record/connection_event.h"

namespace mailweir {

// The kinds of evidence for L, in the order they are shown. From Mx on only wide records have them.
enum class Weight : std::uint8_t { New25, NewSubmission, Failed, Short, Delivered, Repeat, Mx, Size, EarlierBlock };
inline constexpr std::size_t kWeights = 9;

// Whole cache lines: a record shares none with its neighbours.
class ClientRecord {
 public:
  ClientRecord() = default;
  // `base`: an IPv4 address, or an IPv6 prefix of at most 64 bits.
  ClientRecord(IpAddress base, Time first);

  // The three things that happen to connections. `role` is Transfer or Submission. Times may not go back by more than
  // they do in a source; an earlier time counts as the latest one.
  void opened(const ConnectionEvent& event, MailRole role, GroupMark mark, const HazardGains& gains = shipped_gains());
  void established(const ConnectionEvent& event, MailRole role, GroupMark mark);
  // A failure that is no evidence (detect/outage_guard.h) is counted and ends the first contact; it weighs nothing.
  enum class Failure : bool { Counts, IsNoEvidence };
  void judged(const ConnectionEvent& event, MailRole role, GroupMark mark, Failure failure = Failure::Counts);
  // A first contact with this group is waiting for its end.
  [[nodiscard]] bool awaits(GroupMark mark) const { return groups_.awaits(mark); }
  [[nodiscard]] bool knows(GroupMark mark) const { return groups_.knows(mark); }

  // One of its epochs has ended by then, of which it does not know yet.
  [[nodiscard]] bool epoch_ended_by(Time now) const;

  // Signs around connections. It asked for the mail servers of a domain; it is seen not to, though questions are seen
  // here; it let in a mail server of that network.
  void asked_mx(std::uint32_t name, Time now);
  void asks_no_mx();
  void let_in(std::uint32_t network, Time now);

  // After a block: all evidence is replaced by one weight.
  void keep_only(double nats, Time now);

  [[nodiscard]] IpAddress base() const { return is_v4_ ? IpAddress{0, base_} : IpAddress{base_, 0}; }
  [[nodiscard]] Time first_seen() const { return first_seen_; }
  // Or when its last block ended, if that is later.
  [[nodiscard]] Time last_seen() const {
    return first_seen_ + std::chrono::seconds(updated_s_) + std::chrono::microseconds(last_us_);
  }
  [[nodiscard]] double weight(Weight kind) const;
  [[nodiscard]] double score_user() const;
  [[nodiscard]] double score_user(Time now) const;  // decayed until then
  [[nodiscard]] double score_server() const;
  // How far beyond the threshold M has to be: more until what it delivers is known to be alike, and more the longer the
  // client goes on without having reached it.
  [[nodiscard]] double server_margin() const;
  [[nodiscard]] double score_slow() const;  // of the slow test, as of the last event

  struct Counts {
    std::array<std::uint64_t, 3> opened{};  // on ports 25, 465, 587
    std::uint64_t failed = 0, established = 0, shorts = 0, delivered = 0;
  };
  [[nodiscard]] Counts counts() const;
  [[nodiscard]] std::uint64_t connections() const;

  // First contacts of one role, in the window of 12 to 24 h; each halves when an epoch ends.
  struct Contacts {
    std::uint8_t groups = 0;       // n25, nS
    std::uint8_t in_run = 0;       // new groups since run_start(), up to 255
    std::uint8_t established = 0;  // distinct new groups with a completed handshake, up to kAnswersKept
    std::uint8_t refused = 0;      // new groups that answered with a reset, up to kAnswersKept
  };
  static constexpr std::uint8_t kAnswersKept = 3;  // the guard asks for no more
  [[nodiscard]] Contacts contacts(MailRole role) const;
  // Since when new groups were contacted without a pause of a day.
  [[nodiscard]] Time run_start() const { return first_seen_ + std::chrono::seconds(run_start_s_); }
  [[nodiscard]] double groups_estimate() const { return groups_.estimate(); }
  [[nodiscard]] unsigned retries() const { return unsigned{retries_} + unsigned{retries_before_}; }
  // No source has shown more of this client than packets that open connections.
  [[nodiscard]] bool first_packets_only() const { return first_packets_only_; }
  [[nodiscard]] bool is_wide() const { return groups_.is_wide(); }
  // Asks for the memory outside the record that the next event will look at.
  void prefetch() const { groups_.prefetch(); }
  // Learned to be a mail server (section 3.5): age, days, M, and patience with failures or mail that it receives.
  [[nodiscard]] bool learned_server() const;
  [[nodiscard]] unsigned mx_names() const;          // distinct ones in the window, up to 16
  [[nodiscard]] unsigned inbound_networks() const;  // up to 16
  [[nodiscard]] unsigned active_days() const;       // of the last 32

  // What is kept of a mail server, or of a client that may become one, over a restart (server_life.cc); of others
  // nothing is. REQUIRES: is_possible(life).
  [[nodiscard]] std::optional<ServerLife> server_life() const;
  [[nodiscard]] static ClientRecord recalled(const ServerLife& life);
  // Is somebody else behind the address? It uses another hardware address than before, and has not changed it
  // kHoldersMost times lately. What is unknown (0) is no change.
  [[nodiscard]] bool has_new_holder(std::uint16_t hardware) const;
  void uses(std::uint16_t hardware) { hardware_ = hardware; }
  // Everything but the address begins anew, for the next holder.
  void begin_anew(Time now);
  // Nobody used the address for longer than anybody keeps one unused: all scores halve.
  void lay_idle();

  // Kept here for the detector, which sets them.
  enum class Told : std::uint8_t { Nothing, Candidate, Decided };
  [[nodiscard]] Told told() const { return told_; }  // which finding was made of this client; a doubt is for a day
  void tell(Told told);
  [[nodiscard]] bool registered() const { return registered_; }  // in the operator's list of mail servers
  void set_registered(bool registered) { registered_ = registered; }
  // Of a registered server: it changed its behaviour since this was last asked.
  [[nodiscard]] ServerHistory::Alarm take_alarm();
  [[nodiscard]] const ServerHistory* history() const;

 private:
  // Weights, in 1/512 nat: +-64 nats.
  using Nats = std::int16_t;
  enum Count : std::uint8_t { Opened25, Opened465, Opened587, Failed, Established, Shorts, Delivered, kCounts };

  static constexpr std::size_t kNarrowWeights = 6;
  Nats& nats_of(Weight kind);
  void advance(const ConnectionEvent& event);
  void advance(Time now);
  void decay(std::uint32_t steps);
  void turn_epochs(std::uint32_t epochs);
  void pass_days(std::uint32_t now_s);
  void count(Count what);
  void add(Weight kind, double nats);
  void add_outcome_capped(Weight kind, double nats);
  void add_server(double nats);
  void note_established(MailRole role, GroupMark mark);
  void contacted_new(MailRole role, GroupMark mark, const HazardGains& gains);
  void contacted_again(MailRole role, GroupMark mark);
  void contacted_slowly(GroupMark mark);
  void note_size(std::uint32_t payload);
  void note_end(MailRole role, bool bad);
  void alarm(ServerHistory::Alarm alarm);
  void learn_server();
  [[nodiscard]] bool receives_mail() const;
  [[nodiscard]] std::uint16_t failed_clock() const;
  static std::size_t side(MailRole role) { return role == MailRole::Transfer ? 0 : 1; }

  std::uint64_t base_ = 0;  // the upper half of an IPv6 address, or the lower one of an IPv4 address
  Time first_seen_;
  GroupMemory groups_;
  std::uint32_t updated_s_ = 0;  // weights and epochs are those of so many seconds after first_seen_
  std::uint32_t run_start_s_ = 0;
  std::array<Nats, kNarrowWeights> weights_{};
  Nats score_server_ = 0;
  std::array<std::uint16_t, kCounts> counts_{};
  std::array<std::uint8_t, 2> new_groups_{}, in_run_{};
  std::uint32_t last_us_ : 20 = 0;  // of last_seen(), since updated_s_
  std::uint32_t established_25_ : 2 = 0, established_submission_ : 2 = 0;
  std::uint32_t refused_25_ : 2 = 0, refused_submission_ : 2 = 0;
  std::uint32_t is_v4_ : 1 = 0;
  std::uint8_t retries_ : 4 = 0;  // credited in this epoch, up to kRetriesPerDay
  std::uint8_t retries_before_ : 4 = 0;
  Told told_ : 2 = Told::Nothing;
  bool registered_ : 1 = false;
  bool first_packets_only_ : 1 = true;
  std::uint8_t holders_ : 2 = 0;  // how often somebody else was behind the address, halved when an epoch ends
  std::uint16_t hardware_ = 0;
};

// docs/detection.md plans 32 bytes; a table of a million such clients, its index included, stays below 96 MiB
// (bench/memory).
static_assert(sizeof(ClientRecord) <= 80);

}  // namespace mailweir
