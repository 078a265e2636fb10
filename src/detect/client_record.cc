#include "detect/client_record.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "detect/numbers.h"

namespace mailweir {
namespace {

using namespace numbers;

// 65,536 of these are 91 h, more than the age of any group that is still remembered: 24 h when an epoch turned, an
// epoch more until the last event, and less than three epochs of silence (turn_epochs).
constexpr std::chrono::seconds kFailedUnit{5};

template <std::size_t N>
std::array<double, N> gains(const std::array<double, N>& hazard) {
  std::array<double, N> gain;
  std::transform(hazard.begin(), hazard.end(), gain.begin(), [](double q0) { return std::log(kSpammerHazard / q0); });
  return gain;
}

double novelty(MailRole role, unsigned groups_before) {
  static const auto gain_25 = gains(kUserHazard25);
  static const auto gain_submission = gains(kUserHazardSubmission);
  if (role == MailRole::Transfer) {
    return groups_before == 0 ? kFirstGroup25 : gain_25[std::min<std::size_t>(groups_before, gain_25.size() - 1)];
  }
  if (groups_before < kFreeSubmissionGroups) return 0;
  return gain_submission[std::min<std::size_t>(groups_before, gain_submission.size() - 1)];
}

double half_lives(double seconds, std::chrono::seconds half_life) {
  return std::exp2(-seconds / static_cast<double>(half_life.count()));
}

// What a weight of L keeps after so many seconds; of those that a busy client pauses for it is remembered.
float kept_of_weight(std::uint32_t seconds) {
  static const auto remembered = [] {
    std::array<float, 1024> kept;
    for (std::size_t i = 0; i < kept.size(); ++i)
      kept[i] = static_cast<float>(half_lives(static_cast<double>(i), kHalfLifeL));
    return kept;
  }();
  return seconds < remembered.size() ? remembered[seconds] : static_cast<float>(half_lives(seconds, kHalfLifeL));
}

std::size_t port_index(std::uint16_t port) { return port == 25 ? 0 : port == 465 ? 1 : 2; }

}  // namespace

double ClientRecord::score_user() const { return std::accumulate(weights_.begin(), weights_.end(), 0.0); }

double ClientRecord::score_user(Time now) const {
  const double silent = seconds(now - first_seen_) - updated_s_;
  return score_user() * (silent > 0 ? half_lives(silent, kHalfLifeL) : 1.0);
}

std::uint64_t ClientRecord::connections() const {
  return std::accumulate(counts_.opened.begin(), counts_.opened.end(), std::uint64_t{0});
}

void ClientRecord::decay(std::uint32_t seconds) {
  const float k = kept_of_weight(seconds);
  for (float& weight : weights_) weight *= k;
  if (score_server_ == 0) return;
  score_server_ *= static_cast<float>(half_lives(seconds, score_server_ > 0 ? kHalfLifeSuspectM : kHalfLifeServerM));
}

void ClientRecord::turn_epochs(std::uint32_t epochs) {
  window_ = {Bitmap128{}, epochs == 1 ? window_[0] : Bitmap128{}};
  open_ = open_ & window_[1];
  retries_before_ = epochs == 1 ? retries_ : 0;
  retries_ = 0;
  for (Contacts& contacts : contacts_) {
    for (std::uint32_t i = 0; i < std::min(epochs, 8U); ++i) {
      contacts.groups /= 2;
      contacts.established = contacts.established >> 1 & 1;
      contacts.refused = contacts.refused >> 1 & 1;
    }
  }
  constexpr std::uint16_t kUnitsMax = kRetryBefore / kFailedUnit;
  for (std::size_t i = 0; i < kFailedKept; ++i) {
    const auto age = static_cast<std::uint16_t>(failed_clock() - failed_[i].at);
    if (epochs > 2 || age > kUnitsMax) failed_used_ &= static_cast<std::uint8_t>(~(1U << i));
  }
}

void ClientRecord::advance(const ConnectionEvent& event) {
  first_packets_only_ = first_packets_only_ && event.view == View::FirstPackets;
  last_seen_ = std::max(last_seen_, event.time);
  advance(event.time);
}

// Decay goes by whole seconds: six hours do not notice, and a burst of events costs no exponential.
void ClientRecord::advance(Time now) {
  const auto elapsed = (now - first_seen_) / std::chrono::seconds(1);
  if (elapsed <= updated_s_ || elapsed > UINT32_MAX) return;
  const auto now_s = static_cast<std::uint32_t>(elapsed);
  decay(now_s - updated_s_);
  // Epochs are the client's own, from its first event: no hour of the day is special, and a short recording has one.
  constexpr auto kEpochSeconds = static_cast<std::uint32_t>(std::chrono::seconds(kEpoch).count());
  const std::uint32_t epochs = now_s / kEpochSeconds - updated_s_ / kEpochSeconds;
  updated_s_ = now_s;
  if (epochs != 0) turn_epochs(epochs);
}

void ClientRecord::add(Weight kind, double nats) {
  const double allowed = std::max(nats, kFloorL - score_user());
  weights_[static_cast<std::size_t>(kind)] += static_cast<float>(nats < 0 ? std::min(allowed, 0.0) : nats);
}

void ClientRecord::add_outcome_capped(Weight kind, double nats) {
  add(kind, std::clamp(kOutcomeCapL - weight(Weight::Failed) - weight(Weight::Short), 0.0, nats));
}

void ClientRecord::add_server(double nats) {
  score_server_ = static_cast<float>(std::clamp(score_server_ + nats, kFloorM, kCeilingM));
}

void ClientRecord::contacted_new(MailRole role, unsigned bit) {
  if (contacts_[0].groups == 0 && contacts_[1].groups == 0) {
    run_start_s_ = updated_s_;
    contacts_[0].in_run = contacts_[1].in_run = 0;
  }
  Contacts& contacts = contacts_of(role);
  add(role == MailRole::Transfer ? Weight::New25 : Weight::NewSubmission, novelty(role, contacts.groups));
  if (contacts.groups < UINT8_MAX) ++contacts.groups;
  if (contacts.in_run < UINT16_MAX) ++contacts.in_run;
  open_.set(bit);
}

void ClientRecord::contacted_again(MailRole role, GroupMark mark) {
  const double most = kFloorL + kRepeatsPerGroupL * (contacts_[0].groups + contacts_[1].groups);
  add(Weight::Repeat, std::max(kRepeatL, std::min(0.0, most - weight(Weight::Repeat))));
  const int failed = find_failed(mark.fingerprint());
  if (failed < 0 || (failed_retried_ >> failed & 1) != 0) return;
  const auto age = static_cast<std::uint16_t>(failed_clock() - failed_[static_cast<std::size_t>(failed)].at);
  if (age < kRetryAfter / kFailedUnit || age > kRetryBefore / kFailedUnit) return;
  failed_retried_ |= static_cast<std::uint8_t>(1U << failed);
  if (role == MailRole::Transfer && retries() < kRetriesPerDay) {
    add_server(kRetryM);
    retries_ = (retries_ + 1) & 15;
  }
}

void ClientRecord::opened(const ConnectionEvent& event, MailRole role, GroupMark mark) {
  advance(event);
  ++counts_.opened[port_index(event.server_port)];
  const bool known = window_[0].test(mark.bit()) || window_[1].test(mark.bit());
  window_[0].set(mark.bit());
  if (known) {
    contacted_again(role, mark);
  } else {
    contacted_new(role, mark.bit());
  }
}

void ClientRecord::note_established(Contacts& contacts, unsigned bit) {
  const auto known = contacts.established_bits.begin() + contacts.established;
  if (contacts.established >= kAnswersKept || std::find(contacts.established_bits.begin(), known, bit) != known) {
    return;
  }
  *known = static_cast<std::uint8_t>(bit);
  contacts.established = (contacts.established + 1) & kAnswersKept;
}

void ClientRecord::established(const ConnectionEvent& event, MailRole role, GroupMark mark) {
  advance(event);
  ++counts_.established;
  if (open_.test(mark.bit())) note_established(contacts_of(role), mark.bit());
}

void ClientRecord::judged(const ConnectionEvent& event, MailRole role, GroupMark mark, Failure failure) {
  advance(event);
  const double server_weight = role == MailRole::Transfer ? 1.0 : kSubmissionWeightM;
  const bool first = open_.test(mark.bit());
  Contacts& contacts = contacts_of(role);
  switch (event.outcome) {
    case Outcome::Unknown:
      return;
    case Outcome::NoAnswer:
    case Outcome::Refused:
      ++counts_.failed;
      if (!first) return;
      if (event.outcome == Outcome::Refused && contacts.refused < kAnswersKept) {
        contacts.refused = (contacts.refused + 1) & kAnswersKept;
      }
      if (failure == Failure::IsNoEvidence) break;
      add_outcome_capped(Weight::Failed, kFailedL);
      add_server(server_weight * kFailedM);
      remember_failed(mark.fingerprint());
      break;
    case Outcome::Short:
      ++counts_.shorts;
      if (!first) return;
      note_established(contacts, mark.bit());
      add_outcome_capped(Weight::Short, kShortL);
      add_server(server_weight * kShortM);
      remember_failed(mark.fingerprint());
      break;
    case Outcome::Grey:
      if (first) note_established(contacts, mark.bit());
      break;
    case Outcome::Delivered: {
      ++counts_.delivered;
      // A retry that is accepted counts as the end of the first contact: greylisting then weighs about nothing.
      const int failed = first ? -1 : find_failed(mark.fingerprint());
      const bool accepted_retry = failed >= 0 && (failed_retried_ >> failed & 1) != 0;
      if (!first && !accepted_retry) return;
      if (accepted_retry) {
        failed_used_ &= static_cast<std::uint8_t>(~(1U << failed));
        if (role == MailRole::Transfer) add_server(kAcceptedRetryM);
      }
      if (first) note_established(contacts, mark.bit());
      add(Weight::Delivered, kDeliveredL);
      add_server(server_weight * kDeliveredM);
      break;
    }
  }
  open_.clear(mark.bit());
}

void ClientRecord::keep_only(double nats, Time now) {
  advance(now);
  weights_ = {};
  weights_[static_cast<std::size_t>(Weight::EarlierBlock)] = static_cast<float>(nats);
  told_ = Told::Nothing;
}

std::uint16_t ClientRecord::failed_clock() const {
  return static_cast<std::uint16_t>(updated_s_ / kFailedUnit.count());
}

int ClientRecord::find_failed(std::uint16_t fingerprint) const {
  for (int i = 0; i < static_cast<int>(kFailedKept); ++i) {
    if ((failed_used_ >> i & 1) != 0 && failed_[static_cast<std::size_t>(i)].fingerprint == fingerprint) return i;
  }
  return -1;
}

// In a free place, else in that of the group that failed longest ago.
void ClientRecord::remember_failed(std::uint16_t fingerprint) {
  std::size_t place = 0;
  std::uint16_t oldest = 0;
  for (std::size_t i = 0; i < kFailedKept; ++i) {
    if ((failed_used_ >> i & 1) == 0) {
      place = i;
      break;
    }
    const auto age = static_cast<std::uint16_t>(failed_clock() - failed_[i].at);
    if (age >= oldest) {
      oldest = age;
      place = i;
    }
  }
  failed_[place] = {fingerprint, failed_clock()};
  failed_used_ |= static_cast<std::uint8_t>(1U << place);
  failed_retried_ &= static_cast<std::uint8_t>(~(1U << place));
}

}  // namespace mailweir
