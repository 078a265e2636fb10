// What is remembered of one client, and how an event changes it (docs/detection.md, sections 3.2 and 3.3).
//
// Invariants
//   (1) score_user() is the sum of the weights; decay, floor and cap are applied to the weight that caused them. So the
//       evidence adds up by construction.
//   (2) Nothing here allocates: the size of a record is what a client costs.
//   (3) Errors favour the client: two groups that share a bit of the window count as one.
#pragma once

#include <array>
#include <cstdint>

#include "base/mail_ports.h"
#include "base/time.h"
#include "record/connection_event.h"
#include "sketch/bitmap128.h"

namespace mailweir {

// The kinds of evidence for L, in the order they are shown.
enum class Weight : std::uint8_t { New25, NewSubmission, Failed, Short, Delivered, Repeat, EarlierBlock };
inline constexpr std::size_t kWeights = 7;

// Hash of a destination group and a role: 7 bits choose the bit in the window, 16 others are the fingerprint by which a
// failed group is known again.
struct GroupMark {
  std::uint64_t hash;
  [[nodiscard]] unsigned bit() const { return hash & (Bitmap128::kBits - 1); }
  [[nodiscard]] std::uint16_t fingerprint() const { return static_cast<std::uint16_t>(hash >> 16); }
};

// Whole cache lines: a record shares none with its neighbours.
class alignas(64) ClientRecord {
 public:
  ClientRecord() = default;
  ClientRecord(IpAddress base, Time first) : base_(base), first_seen_(first), last_seen_(first) {}

  // The three things that happen. `role` is Transfer or Submission. Times may not go back by more than they do in a
  // source; an earlier time counts as the latest one.
  void opened(const ConnectionEvent& event, MailRole role, GroupMark mark);
  void established(const ConnectionEvent& event, MailRole role, GroupMark mark);
  // A failure that is no evidence (detect/outage_guard.h) is counted and ends the first contact; it weighs nothing.
  enum class Failure : bool { Counts, IsNoEvidence };
  void judged(const ConnectionEvent& event, MailRole role, GroupMark mark, Failure failure = Failure::Counts);
  // A first contact with this group is waiting for its end.
  [[nodiscard]] bool awaits(GroupMark mark) const { return open_.test(mark.bit()); }

  // After a block: all evidence is replaced by one weight.
  void keep_only(double nats, Time now);

  [[nodiscard]] IpAddress base() const { return base_; }
  [[nodiscard]] Time first_seen() const { return first_seen_; }
  [[nodiscard]] Time last_seen() const { return last_seen_; }
  [[nodiscard]] double weight(Weight kind) const { return weights_[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] double score_user() const;
  [[nodiscard]] double score_user(Time now) const;  // decayed until then
  [[nodiscard]] double score_server() const { return score_server_; }

  struct Counts {
    std::array<std::uint32_t, 3> opened{};  // on ports 25, 465, 587
    std::uint32_t failed = 0, established = 0, shorts = 0, delivered = 0;
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] std::uint64_t connections() const;

  // First contacts of one role, in the window of 12 to 24 h; each halves when an epoch ends.
  struct Contacts {
    std::uint8_t groups = 0;           // n25, nS
    std::uint8_t established : 2 = 0;  // distinct new groups with a completed handshake, up to kAnswersKept
    std::uint8_t refused : 2 = 0;      // new groups that answered with a reset, up to kAnswersKept
    std::array<std::uint8_t, 3> established_bits{};
    std::uint16_t in_run = 0;  // new groups since run_start()
  };
  static constexpr unsigned kAnswersKept = 3;  // the guard asks for no more
  [[nodiscard]] const Contacts& contacts(MailRole role) const { return contacts_[role == MailRole::Transfer ? 0 : 1]; }
  // Since when new groups were contacted without a pause of a day.
  [[nodiscard]] Time run_start() const { return first_seen_ + std::chrono::seconds(run_start_s_); }
  [[nodiscard]] double groups_estimate() const { return (window_[0] | window_[1]).estimate(); }
  [[nodiscard]] unsigned retries() const { return std::uint8_t{retries_} + std::uint8_t{retries_before_}; }
  // No source has shown more of this client than packets that open connections.
  [[nodiscard]] bool first_packets_only() const { return first_packets_only_; }

  // Kept here for the detector, which sets them.
  enum class Told : std::uint8_t { Nothing, Candidate, Decided };
  [[nodiscard]] Told told() const { return told_; }  // which finding was made of this client
  void tell(Told told) { told_ = told; }
  [[nodiscard]] bool registered() const { return registered_; }  // in the operator's list of mail servers
  void set_registered(bool registered) { registered_ = registered; }

 private:
  struct FailedGroup {
    std::uint16_t fingerprint;
    std::uint16_t at;  // in units of kFailedUnit since first_seen_, modulo 2^16
  };
  static constexpr std::size_t kFailedKept = 6;

  Contacts& contacts_of(MailRole role) { return contacts_[role == MailRole::Transfer ? 0 : 1]; }
  void advance(const ConnectionEvent& event);
  void advance(Time now);
  void decay(std::uint32_t seconds);
  void turn_epochs(std::uint32_t epochs);
  void add(Weight kind, double nats);
  void add_outcome_capped(Weight kind, double nats);
  void add_server(double nats);
  void note_established(Contacts& contacts, unsigned bit);
  void contacted_new(MailRole role, unsigned bit);
  void contacted_again(MailRole role, GroupMark mark);
  [[nodiscard]] std::uint16_t failed_clock() const;
  void remember_failed(std::uint16_t fingerprint);
  [[nodiscard]] int find_failed(std::uint16_t fingerprint) const;  // -1: not remembered

  IpAddress base_;
  Time first_seen_, last_seen_;
  std::array<float, kWeights> weights_{};
  float score_server_ = 0;
  std::array<Bitmap128, 2> window_{};  // groups of this epoch and of the one before
  Bitmap128 open_;                     // groups whose first contact has not ended
  Counts counts_;
  std::array<Contacts, 2> contacts_{};
  std::array<FailedGroup, kFailedKept> failed_{};
  std::uint32_t updated_s_ = 0;  // weights and epochs are those of so many seconds after first_seen_
  std::uint32_t run_start_s_ = 0;
  std::uint8_t failed_used_ = 0;     // bit i: failed_[i] holds a group
  std::uint8_t failed_retried_ = 0;  // bit i: it was retried, and its delivery is awaited
  std::uint8_t retries_ : 4 = 0;     // credited in this epoch, up to kRetriesPerDay
  std::uint8_t retries_before_ : 4 = 0;
  Told told_ : 2 = Told::Nothing;
  bool registered_ : 1 = false;
  bool first_packets_only_ : 1 = true;
};

// docs/detection.md plans 32 bytes for an ordinary client and 128 for a suspicious one; one record serves both until a
// measurement asks for two.
static_assert(sizeof(ClientRecord) <= 192, "a client costs more than three cache lines");

}  // namespace mailweir
