#include "detect/client_record.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "detect/numbers.h"
#include "detect/wide_memory.h"

namespace mailweir {
namespace {

using namespace numbers;

// 65,536 of these are 91 h, more than the age of any group that is still remembered: 24 h when an epoch turned, an
// epoch more until the last event, and less than three epochs of silence (turn_epochs).
constexpr std::chrono::seconds kFailedUnit{5};
constexpr std::uint16_t kFailedUnitsMax = kRetryBefore / kFailedUnit;

constexpr double kStepsPerNat = 512;
constexpr auto kDay = static_cast<std::uint32_t>(std::chrono::seconds(std::chrono::days(1)).count());
constexpr auto kWeek = 7 * kDay;

double half_lives(double seconds, std::chrono::seconds half_life) {
  return std::exp2(-seconds / static_cast<double>(half_life.count()));
}

double nats_in(std::int16_t steps) { return static_cast<double>(steps) / kStepsPerNat; }

// To the nearest, halves away from zero: std::lround() is a call. REQUIRES: it fits.
std::int16_t rounded(double value) {
  const int whole = static_cast<int>(value);
  const double rest = value - whole;
  return static_cast<std::int16_t>(whole + (rest >= 0.5 ? 1 : 0) - (rest <= -0.5 ? 1 : 0));
}

std::int16_t steps_in(double nats) {
  constexpr double kMost = std::numeric_limits<std::int16_t>::max();
  return rounded(std::clamp(nats * kStepsPerNat, -kMost, kMost));
}

std::int16_t decayed(std::int16_t steps, double kept) { return rounded(static_cast<double>(steps) * kept); }

// What is left after so many steps of decay. Most clients come again within hours, and then it is in a table.
class Decay {
 public:
  explicit Decay(std::chrono::seconds half_life) : half_life_(half_life) {
    for (std::uint32_t steps = 0; steps < table_.size(); ++steps) table_[steps] = after(steps);
  }
  [[nodiscard]] double kept_after(std::uint32_t steps) const {
    return steps < table_.size() ? table_[steps] : after(steps);
  }

 private:
  [[nodiscard]] double after(std::uint32_t steps) const {
    return half_lives(static_cast<double>(steps) * static_cast<double>(std::chrono::seconds(kDecayStep).count()),
                      half_life_);
  }
  std::chrono::seconds half_life_;
  std::array<double, 32> table_{};
};

std::size_t port_index(std::uint16_t port) { return port == 25 ? 0 : port == 465 ? 1 : 2; }

std::uint8_t one_more(std::uint8_t count) { return count < UINT8_MAX ? static_cast<std::uint8_t>(count + 1) : count; }

}  // namespace

ClientRecord::ClientRecord(IpAddress base, Time first)
    : base_(base.is_v4() ? base.low : base.high), first_seen_(first), is_v4_(base.is_v4()) {}

double ClientRecord::weight(Weight kind) const {
  const auto i = static_cast<std::size_t>(kind);
  if (i < kNarrowWeights) return nats_in(weights_[i]);
  return is_wide() ? nats_in(groups_.wide().weights[i - kNarrowWeights]) : 0;
}

ClientRecord::Nats& ClientRecord::nats_of(Weight kind) {
  const auto i = static_cast<std::size_t>(kind);
  return i < kNarrowWeights ? weights_[i] : groups_.widen().weights[i - kNarrowWeights];
}

double ClientRecord::score_user() const {
  int steps = 0;
  for (const Nats weight : weights_) steps += weight;
  if (is_wide()) {
    for (const Nats weight : groups_.wide().weights) steps += weight;
  }
  return steps / kStepsPerNat;
}

double ClientRecord::score_user(Time now) const {
  const double silent = seconds(now - first_seen_) - updated_s_;
  return score_user() * (silent > 0 ? half_lives(silent, kHalfLifeL) : 1.0);
}

double ClientRecord::score_server() const { return nats_in(score_server_); }
double ClientRecord::server_margin() const {
  const double unlike = is_wide() ? kSizesUnknownM - double{groups_.wide().size_alike} : kSizesUnknownM;
  const double late = kLateContactM * (static_cast<double>(new_groups_[0]) - kContactsDue);
  return unlike + std::clamp(late, 0.0, kLateMostM);
}
double ClientRecord::score_slow() const { return is_wide() ? double{groups_.wide().slow} : 0; }

ClientRecord::Counts ClientRecord::counts() const {
  std::array<std::uint64_t, kCounts> all{};
  std::copy(counts_.begin(), counts_.end(), all.begin());
  if (is_wide()) {
    for (std::size_t i = 0; i < kCounts; ++i) all[i] += std::uint64_t{groups_.wide().carry[i]} << 16;
  }
  return {.opened = {all[Opened25], all[Opened465], all[Opened587]},
          .failed = all[Failed],
          .established = all[Established],
          .shorts = all[Shorts],
          .delivered = all[Delivered]};
}

std::uint64_t ClientRecord::connections() const {
  const Counts all = counts();
  return all.opened[0] + all.opened[1] + all.opened[2];
}

void ClientRecord::count(Count what) {
  if (++counts_[what] != 0) return;
  if (std::uint16_t& carry = groups_.widen().carry[what]; carry < UINT16_MAX) ++carry;
}

ClientRecord::Contacts ClientRecord::contacts(MailRole role) const {
  const std::size_t i = side(role);
  return {.groups = new_groups_[i],
          .in_run = in_run_[i],
          .established = static_cast<std::uint8_t>(i == 0 ? established_25_ : established_submission_),
          .refused = static_cast<std::uint8_t>(i == 0 ? refused_25_ : refused_submission_)};
}

void ClientRecord::tell(Told told) {
  told_ = told;
  if (told == Told::Decided) groups_.widen().was_spammer = true;
}

void ClientRecord::decay(std::uint32_t steps) {
  if (steps == 0) return;
  static const Decay user(kHalfLifeL), slow(kHalfLifeSlow), suspect(kHalfLifeSuspectM), server(kHalfLifeServerM);
  const double kept = user.kept_after(steps);
  for (Nats& weight : weights_) weight = decayed(weight, kept);
  if (is_wide()) {
    for (Nats& weight : groups_.wide().weights) weight = decayed(weight, kept);
    groups_.wide().slow *= static_cast<float>(slow.kept_after(steps));
  }
  if (score_server_ == 0) return;
  score_server_ = decayed(score_server_, (score_server_ > 0 ? suspect : server).kept_after(steps));
}

void ClientRecord::turn_epochs(std::uint32_t epochs) {
  groups_.turn(epochs, failed_clock(), kFailedUnitsMax);
  retries_before_ = epochs == 1 ? std::uint8_t{retries_} : std::uint8_t{0};
  retries_ = 0;
  for (std::uint32_t i = 0; i < std::min(epochs, 8U); ++i) {
    holders_ = holders_ >> 1 & 1;
    for (std::uint8_t& groups : new_groups_) groups /= 2;
    established_25_ = established_25_ >> 1 & 1;
    established_submission_ = established_submission_ >> 1 & 1;
    refused_25_ = refused_25_ >> 1 & 1;
    refused_submission_ = refused_submission_ >> 1 & 1;
  }
  if (!is_wide()) return;
  WideMemory& memory = groups_.wide();
  memory.mx_before = epochs == 1 ? memory.mx : 0;
  memory.mx = 0;
  memory.sizes = 0;
  memory.size_server = 0;
  memory.size_alike = 0;
  memory.size_told = false;
}

bool ClientRecord::epoch_ended_by(Time now) const {
  return now >= first_seen_ && (now - first_seen_) / kEpoch > std::chrono::seconds(updated_s_) / kEpoch;
}

void ClientRecord::advance(const ConnectionEvent& event) {
  first_packets_only_ = first_packets_only_ && event.view == View::FirstPackets;
  advance(event.time);
}

// Decay goes by steps: six hours do not notice, and a burst of events costs no exponential.
void ClientRecord::advance(Time now) {
  const auto elapsed = (now - first_seen_) / std::chrono::seconds(1);
  if (now < last_seen() || elapsed > UINT32_MAX) return;
  const auto now_s = static_cast<std::uint32_t>(elapsed);
  last_us_ = static_cast<std::uint32_t>((now - first_seen_) / std::chrono::microseconds(1) % 1'000'000) & 0xf'ffff;
  if (now_s <= updated_s_) return;
  constexpr auto kStep = static_cast<std::uint32_t>(std::chrono::seconds(kDecayStep).count());
  decay(now_s / kStep - updated_s_ / kStep);
  // Epochs are the client's own, from its first event: no hour of the day is special, and a short recording has one.
  constexpr auto kEpochSeconds = static_cast<std::uint32_t>(std::chrono::seconds(kEpoch).count());
  const std::uint32_t epochs = now_s / kEpochSeconds - updated_s_ / kEpochSeconds;
  updated_s_ = now_s;
  if (epochs != 0) turn_epochs(epochs);
  if (!is_wide()) return;
  if (now_s / kDay != groups_.wide().latest_day && told_ == Told::Candidate) told_ = Told::Nothing;
  pass_days(now_s);
}

void ClientRecord::pass_days(std::uint32_t now_s) {
  WideMemory& memory = groups_.wide();
  const auto day = static_cast<std::uint16_t>(std::min(now_s / kDay, std::uint32_t{UINT16_MAX}));
  const auto idle = static_cast<unsigned>(day - memory.latest_day);
  memory.days_active = idle < 32 ? memory.days_active << idle | 1U : 1U;
  memory.latest_day = day;
  if (idle > kServerIdleDays) memory.learned_server = false;
}

void ClientRecord::add(Weight kind, double nats) {
  const double allowed = std::max(nats, kFloorL - score_user());
  const double given = nats < 0 ? std::min(allowed, 0.0) : nats;
  if (given == 0) return;
  Nats& weight = nats_of(kind);
  weight = steps_in(nats_in(weight) + given);
}

void ClientRecord::add_outcome_capped(Weight kind, double nats) {
  double room = kOutcomeCapL - weight(Weight::Failed) - weight(Weight::Short);
  if (kind == Weight::Failed) room = std::min(room, kFailedCapL - weight(Weight::Failed));
  add(kind, std::clamp(room, 0.0, nats));
}

void ClientRecord::add_server(double nats) {
  score_server_ = steps_in(std::clamp(nats_in(score_server_) + nats, kFloorM, kCeilingM));
}

void ClientRecord::contacted_new(MailRole role, GroupMark mark, const HazardGains& gains) {
  if (new_groups_[0] == 0 && new_groups_[1] == 0) {
    run_start_s_ = updated_s_;
    in_run_ = {};
  }
  const std::size_t i = side(role);
  add(role == MailRole::Transfer ? Weight::New25 : Weight::NewSubmission, gains.of(role, new_groups_[i]));
  new_groups_[i] = one_more(new_groups_[i]);
  in_run_[i] = one_more(in_run_[i]);
  groups_.await(mark);
  if (registered_) alarm(groups_.widen().history.made().contacted(updated_s_));
}

// Once a client looks beyond what ordinary ones do, what it contacted within a week is kept.
void ClientRecord::contacted_slowly(GroupMark mark) {
  if (!is_wide() || (new_groups_[0] < kSlowFrom && !groups_.wide().slow_memory)) return;
  WideMemory& memory = groups_.wide();
  SlowMemory& slow = memory.slow_memory.made();
  const auto week = static_cast<std::uint16_t>(updated_s_ / kWeek);
  if (week != slow.number) {
    const bool next = week == slow.number + 1;
    slow.week = {Bitmap128{}, Bitmap128{}, next ? slow.week[0] : Bitmap128{}, next ? slow.week[1] : Bitmap128{}};
    slow.groups = next ? static_cast<std::uint8_t>(slow.groups / 2) : std::uint8_t{0};
    slow.number = week;
  }
  const std::size_t half = mark.hash >> 63;
  const unsigned bit = mark.bit();
  const bool known = slow.week[half].test(bit) || slow.week[2 + half].test(bit);
  slow.week[half].set(bit);
  if (known) return;
  memory.slow += static_cast<float>(HazardGains::of_week(slow.groups));
  slow.groups = one_more(slow.groups);
}

void ClientRecord::contacted_again(MailRole role, GroupMark mark) {
  const double most = kFloorL + kRepeatsPerGroupL * (new_groups_[0] + new_groups_[1]);
  add(Weight::Repeat, std::max(kRepeatL, std::min(0.0, most - weight(Weight::Repeat))));
  const GroupMemory::Failure failure = groups_.failure(mark, failed_clock());
  if (failure.retry != GroupMemory::Retry::Waiting) return;
  if (failure.age < kRetryAfter / kFailedUnit || failure.age > kFailedUnitsMax) return;
  groups_.credit_retry(mark);
  if (role != MailRole::Transfer) return;
  if (is_wide() && groups_.wide().retried < UINT16_MAX) ++groups_.wide().retried;
  if (retries() >= kRetriesPerDay) return;
  add_server(kRetryM);
  retries_ = (retries_ + 1) & 15;
}

void ClientRecord::opened(const ConnectionEvent& event, MailRole role, GroupMark mark, const HazardGains& gains) {
  advance(event);
  count(static_cast<Count>(port_index(event.server_port)));
  const bool known = groups_.knows(mark);
  groups_.contacted(mark);
  if (known) {
    contacted_again(role, mark);
  } else {
    contacted_new(role, mark, gains);
  }
  if (role == MailRole::Transfer) contacted_slowly(mark);
}

void ClientRecord::note_established(MailRole role, GroupMark mark) {
  if (!groups_.answered(mark)) return;
  if (role == MailRole::Transfer) {
    if (established_25_ < kAnswersKept) established_25_ = (established_25_ + 1) & 3;
  } else {
    if (established_submission_ < kAnswersKept) established_submission_ = (established_submission_ + 1) & 3;
  }
}

void ClientRecord::established(const ConnectionEvent& event, MailRole role, GroupMark mark) {
  advance(event);
  count(Established);
  if (groups_.awaits(mark)) note_established(role, mark);
}

void ClientRecord::judged(const ConnectionEvent& event, MailRole role, GroupMark mark, Failure failure) {
  advance(event);
  const double server_weight = role == MailRole::Transfer ? 1.0 : kSubmissionWeightM;
  const bool first = groups_.awaits(mark);
  switch (event.outcome) {
    case Outcome::Unknown:
      return;
    case Outcome::NoAnswer:
    case Outcome::Refused:
      count(Failed);
      if (!first) return;
      if (event.outcome == Outcome::Refused) {
        if (role == MailRole::Transfer) {
          if (refused_25_ < kAnswersKept) refused_25_ = (refused_25_ + 1) & 3;
        } else {
          if (refused_submission_ < kAnswersKept) refused_submission_ = (refused_submission_ + 1) & 3;
        }
      }
      if (failure == Failure::IsNoEvidence) break;
      add_outcome_capped(Weight::Failed, kFailedL);
      add_server(server_weight * kFailedM);
      groups_.failed(mark, failed_clock());
      note_end(role, true);
      break;
    case Outcome::Short:
      count(Shorts);
      if (!first) return;
      note_established(role, mark);
      add_outcome_capped(Weight::Short, kShortL);
      add_server(server_weight * kShortM);
      groups_.failed(mark, failed_clock());
      note_end(role, true);
      break;
    case Outcome::Grey:
      if (first) note_established(role, mark);
      break;
    case Outcome::Delivered: {
      count(Delivered);
      if (role == MailRole::Transfer) note_size(event.payload);
      // A retry that is accepted counts as the end of the first contact: greylisting then weighs about nothing.
      const bool accepted_retry = !first && groups_.failure(mark, failed_clock()).retry == GroupMemory::Retry::Credited;
      if (!first && !accepted_retry) return;
      if (accepted_retry) {
        groups_.forget_failure(mark);
        if (role == MailRole::Transfer) add_server(kAcceptedRetryM);
      }
      if (first) note_established(role, mark);
      add(Weight::Delivered, kDeliveredL);
      add_server(server_weight * kDeliveredM);
      note_end(role, false);
      break;
    }
  }
  groups_.ended(mark);
  learn_server();
}

// Of a first contact.
void ClientRecord::note_end(MailRole role, bool bad) {
  if (role != MailRole::Transfer || !is_wide()) return;
  WideMemory& memory = groups_.wide();
  if (bad && memory.bad < UINT16_MAX) ++memory.bad;
  if (registered_) alarm(memory.history.made().ended(bad, updated_s_));
}

void ClientRecord::alarm(ServerHistory::Alarm alarm) {
  if (alarm != ServerHistory::Alarm::None) groups_.widen().alarm = alarm;
}

ServerHistory::Alarm ClientRecord::take_alarm() {
  return is_wide() ? std::exchange(groups_.wide().alarm, ServerHistory::Alarm::None) : ServerHistory::Alarm::None;
}

const ServerHistory* ClientRecord::history() const { return is_wide() ? groups_.wide().history.get() : nullptr; }

void ClientRecord::note_size(std::uint32_t payload) {
  if (payload == 0 || !is_wide()) return;
  WideMemory& memory = groups_.wide();
  if (memory.size_told) return;
  const float size = std::log2(static_cast<float>(payload));
  if (memory.sizes > 0) {
    // How much likelier that difference is from a campaign than from a mail server, the mean being known from so many.
    const double spread = 1 + 1.0 / memory.sizes;
    const double difference = std::pow(double{size - memory.size_mean}, 2) / spread;
    const double nats = 0.5 * (std::log(kHonestVariance / kCampaignVariance) -
                               difference * (1 / kCampaignVariance - 1 / kHonestVariance));
    const double given = std::max({nats, kSizeLeastM, kSizesMostM - double{memory.size_server}});
    if (given < 0) {
      add_server(given);
      memory.size_server += static_cast<float>(given);
    }
    memory.size_alike = static_cast<float>(std::clamp(memory.size_alike + nats, 0.0, kSizesUnknownM));
  }
  ++memory.sizes;
  if (memory.sizes == 1) memory.size_mean = size, memory.size_deviation = 0;
  const float from_old = size - memory.size_mean;
  memory.size_mean += from_old / static_cast<float>(memory.sizes);
  memory.size_deviation += from_old * (size - memory.size_mean);
  if (memory.sizes < kSizesMin) return;
  const double variance = std::max(double{memory.size_deviation} / (memory.sizes - 1), kVarianceMin);
  memory.size_told = true;
  add(Weight::Size, std::clamp(0.5 * std::log(kHonestVariance / variance), kSizeLeast, kSizeMost));
}

void ClientRecord::asked_mx(std::uint32_t name, Time now) {
  WideMemory& memory = groups_.widen();
  advance(now);
  const auto bit = static_cast<std::uint16_t>(1U << (name & 15));
  const std::uint16_t known = memory.mx | memory.mx_before;
  if ((known & bit) == 0)
    add(Weight::Mx, std::clamp(kMxMost - weight(Weight::Mx), 0.0, known == 0 ? kMxFirst : kMxMore));
  memory.mx |= bit;
}

void ClientRecord::asks_no_mx() { add(Weight::New25, kNoMx); }

unsigned ClientRecord::mx_names() const {
  return is_wide() ? static_cast<unsigned>(
                         std::popcount(static_cast<std::uint16_t>(groups_.wide().mx | groups_.wide().mx_before)))
                   : 0;
}

bool ClientRecord::receives_mail() const {
  return is_wide() && inbound_networks() >= kInboundNets && groups_.wide().inbound_days >= kInboundDays;
}

unsigned ClientRecord::inbound_networks() const {
  return is_wide() ? static_cast<unsigned>(std::popcount(groups_.wide().inbound_nets)) : 0;
}

void ClientRecord::let_in(std::uint32_t network, Time now) {
  WideMemory& memory = groups_.widen();
  advance(now);
  const bool counted_before = receives_mail();
  const double early = std::max(kInboundM * inbound_networks(), kInboundEarlyM);
  const auto day = static_cast<std::uint16_t>(updated_s_ / kDay);
  if (memory.inbound_day != day && memory.inbound_days < UINT8_MAX) ++memory.inbound_days;
  memory.inbound_day = day;
  const auto bit = static_cast<std::uint16_t>(1U << (network & 15));
  const bool known = (memory.inbound_nets & bit) != 0;
  memory.inbound_nets |= bit;
  if (known && (counted_before || !receives_mail())) return;
  // What was let in before it counted in full counts now.
  const double credit = counted_before    ? kInboundM
                        : receives_mail() ? kInboundM * inbound_networks() - early
                                          : std::max(kInboundM * inbound_networks(), kInboundEarlyM) - early;
  const double allowed = std::min(0.0, kInboundMostM - score_server());
  add_server(std::max(credit, allowed));
}

void ClientRecord::learn_server() {
  if (score_server() > kServerM || !is_wide() || updated_s_ < kServerAgeDays * kDay) return;
  WideMemory& memory = groups_.wide();
  if (memory.learned_server || memory.was_spammer || active_days() < kServerActiveDays) return;
  const bool patient = memory.bad >= kServerFailuresMin && memory.retried >= kServerRetryShare * memory.bad;
  memory.learned_server = patient || receives_mail();
}

bool ClientRecord::learned_server() const { return is_wide() && groups_.wide().learned_server; }

unsigned ClientRecord::active_days() const {
  return is_wide() ? static_cast<unsigned>(std::popcount(groups_.wide().days_active)) : 0;
}

void ClientRecord::keep_only(double nats, Time now) {
  advance(now);
  weights_ = {};
  groups_.widen().weights = {};
  nats_of(Weight::EarlierBlock) = steps_in(nats);
  told_ = Told::Nothing;
}

bool ClientRecord::has_new_holder(std::uint16_t hardware) const {
  return hardware != 0 && hardware_ != 0 && hardware != hardware_ && holders_ < kHoldersMost;
}

void ClientRecord::begin_anew(Time now) {
  ClientRecord next(base(), now);
  next.registered_ = registered_;
  next.holders_ = (holders_ + 1U) & 3;
  *this = std::move(next);
}

void ClientRecord::lay_idle() {
  for (Nats& weight : weights_) weight = decayed(weight, 0.5);
  score_server_ = decayed(score_server_, 0.5);
  if (told_ == Told::Candidate) told_ = Told::Nothing;
  if (!is_wide()) return;
  for (Nats& weight : groups_.wide().weights) weight = decayed(weight, 0.5);
  groups_.wide().slow /= 2;
}

std::uint16_t ClientRecord::failed_clock() const {
  return static_cast<std::uint16_t>(updated_s_ / kFailedUnit.count());
}

}  // namespace mailweir
