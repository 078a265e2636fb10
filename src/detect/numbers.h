// Every number of the two tests, in one place. All from docs/detection.md, section named at each; [A] there means
// "starting value, to be re-estimated from data".
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "base/time.h"

namespace mailweir::numbers {

// Section 3.3, hazard tables: P(an ordinary client that has d groups in the window contacts one more). [A]
inline constexpr double kSpammerHazard = 0.97;  // q1
inline constexpr std::array<double, 8> kUserHazard25{.02, .15, .25, .30, .35, .40, .45, .50};
// Beyond the 12 places of the longest honest row of accounts (F2) the hazard falls: a table that ended there would give
// everybody behind one address, and who tries stolen passwords at a hundred providers, the same 0.4 nats for ever.
inline constexpr std::array<double, 31> kUserHazardSubmission{.5,  .4,  .45, .45, .5, .5, .55, .6, .65, .65,
                                                              .65, .65,  // one person's accounts, one household's
                                                              .6,  .6,  .6,  .6,  .6, .6, .6,  .6,           // from 12
                                                              .5,  .5,  .5,  .5,  .5, .5, .5,  .5, .5,  .5,  // from 20
                                                              .4};
// The port is a constant of a client, not news at every connection: the first group on 25 is worth this, no more.
inline constexpr double kFirstGroup25 = 2.0;
inline constexpr unsigned kFreeSubmissionGroups = 2;  // a person's own accounts

// Section 3.3, learning on site, and section 5 for its bounds: the leash is a factor of two either way.
inline constexpr double kLearnConfidence = 0.95, kLeash = 2.0;
inline constexpr std::uint64_t kLearnClientsMin = 200;  // that came so far on one day

// Section 3.3, how a first contact ended: nats to L, and to M.
inline constexpr double kRepeatL = -0.25;
inline constexpr double kFailedL = 1.2, kShortL = 0.8, kDeliveredL = -0.4;
inline constexpr double kFailedM = 2.1, kShortM = 1.55, kDeliveredM = -0.8;
inline constexpr double kSubmissionWeightM = 0.7;
// Bad ends come together: everything fails while a client's line is down, so failures are capped, decayed; a short end
// took a server that answered, of which a line that is down has none: both together have room for it (decision 0022).
inline constexpr double kFailedCapL = 6.0, kOutcomeCapL = 8.0;
inline constexpr double kFloorL = -6.0;
// Repeats weigh no more than the floor, and this for each new group: without a limit whoever connects to one
// accommodating server often enough could contact any number of others. The bound of 3.4 stands on new groups alone.
inline constexpr double kRepeatsPerGroupL = -0.2;
inline constexpr double kFloorM = -12.0, kCeilingM = 20.0;

// Section 3.3, retries; section 5 for the cap: a bot that mimics a mail server gains at most 6 nats a day by it.
inline constexpr double kRetryM = -1.5;
// A retry that is accepted takes back the failure, without a limit: the servers decide about it, not the client.
inline constexpr double kAcceptedRetryM = -2.1;
inline constexpr unsigned kRetriesPerDay = 4;
inline constexpr std::chrono::seconds kRetryAfter{240};
inline constexpr std::chrono::hours kRetryBefore{24};

// Section 3.3, questions for mail servers (MX): the first of a window, each other, and all of them at most; and what it
// speaks for a client that it asks none where they are seen (section 3.4: else the term alone is no supermartingale).
inline constexpr double kMxFirst = 3.0, kMxMore = 0.5, kMxMost = 5.0, kNoMx = -0.02;

// Section 3.3, sizes: what the variance of log2(bytes) of an honest client's deliveries is, and the least and the most
// that a campaign's differing from it weighs. Asked of port 25 only: a person's mail program sends what the person
// writes.
inline constexpr unsigned kSizesMin = 8;
inline constexpr double kHonestVariance = 4.0, kSizeLeast = -1.0, kSizeMost = 1.5, kVarianceMin = 0.01;

// The same against mail servers (decision 0019): what people and lists write differs from message to message. Only the
// difference counts, and so much at most, for a bot can pad its messages; likeness says nothing, newsletters are alike.
inline constexpr double kCampaignVariance = 0.5;  // F9: deviations of 0.2 to 0.8
// So much more M has to show of a client whose deliveries are not yet known to be alike.
inline constexpr double kSizesUnknownM = 1.0;
// And so much more with every first contact on port 25 after those in which a verdict is due, up to so much: M of a
// spammer rises by 0.75 nats with each, that of a mail server with a dirty list drifts about, and drifts up at times.
inline constexpr double kContactsDue = 10, kLateContactM = 0.25, kLateMostM = 10.0;
inline constexpr double kSizeLeastM = -1.5, kSizesMostM = -5.0;

// Section 3.3 and section 5, inbound mail: a network that is let in to the client's port 25, once there were three of
// them on two days; before that so much at most, which a bot with three accomplices can have.
inline constexpr double kInboundM = -1.0, kInboundMostM = -6.0, kInboundEarlyM = -3.0;
inline constexpr unsigned kInboundNets = 3, kInboundDays = 2;

// Section 3.5, a learned mail server: its age, its days, what M says, and how it takes failures.
inline constexpr unsigned kServerAgeDays = 7, kServerActiveDays = 5, kServerIdleDays = 30;
inline constexpr double kServerM = -6.0, kServerRetryShare = 0.4;
inline constexpr unsigned kServerFailuresMin = 5;  // a share of fewer says nothing

// Section 3.6, the slow test: networks new in a week, with a hazard table of its own. [A]: the text gives its half-life
// and its threshold, and a bound of about five a day; the last hazard makes that bound 5.6 a day.
inline constexpr std::array<double, 8> kUserHazardWeek{.04, .20, .30, .35, .40, .42, .44, .45};
inline constexpr std::chrono::hours kHalfLifeSlow{72};
inline constexpr double kSlowThreshold = 18.0;
inline constexpr std::chrono::hours kSlowAge{48};  // before, the fast test is the one to ask
inline constexpr unsigned kSlowFrom = 3;           // groups on port 25 in the window: from there on it is kept

// Section 3.5, registered mail servers compared with their own fortnight. A change is a doubled share of bad ends, or
// 20 points more. An alarm of 12 nats comes by chance once in e^12 outcomes, if those were independent.
inline constexpr std::chrono::hours kHistoryHalfLife{7 * 24}, kHistoryMin{3 * 24}, kNoticeEvery{24};
inline constexpr double kHistoryOutcomesMin = 100, kPriorBad = 1, kPriorAll = 20;
inline constexpr double kChangedBy = 0.2, kChangedMax = 0.95, kChangeAlarm = 12.0;
inline constexpr double kSpreadFactor = 8, kSpreadMin = 5;

// Section 3.3, memory. Weights are kept in steps of 1/512 nat and decayed every ten minutes: up to 2 % more than the
// text's continuous decay would leave, which its bound allows (decayed is at most undecayed).
inline constexpr std::chrono::minutes kDecayStep{10};
// 6 h in the first version of that section. Ordinary users do not notice the longer memory (what speaks for them is
// kept as long), bots at 2 to 6 connections an hour do: decision 0007.
inline constexpr std::chrono::hours kHalfLifeL{18};
inline constexpr std::chrono::hours kHalfLifeSuspectM{24}, kHalfLifeServerM{96};
inline constexpr std::chrono::hours kEpoch{12};

// Section 3.6: who changes the hardware address changes hands, but not for ever: a spammer can change it too. In half a
// day to a day.
inline constexpr unsigned kHoldersMost = 3;

// Section 3.4, the guard.
inline constexpr unsigned kGroups25Min = 5, kGroupsSubmissionMin = 10;
inline constexpr double kEvidenceGroupMin = 1.0;  // nats a kind of evidence must weigh to count as one of two
inline constexpr unsigned kEstablishedLive = 3, kEstablishedBound = 1, kEstablishedRecorded = 1;
inline constexpr unsigned kAnsweredRecorded = 3;
// Section 2, "First packets only": novelty may convict alone above this.
inline constexpr unsigned kFirstPacketsGroups = 20;
inline constexpr double kFirstPacketsExtra = 2.0;

// Section 5: no slot before a reply or the third SYN; an answer to a SYN that was turned away comes within the two
// minutes for which the kernel waits for one.
inline constexpr unsigned kStrangersSyns = 3;
inline constexpr std::chrono::minutes kStrangersWait{2};

// Section 2, the outage guard: a destination that fails more than half of at least so many others within ten minutes is
// down; so is port 25 of the whole site where more than 80 % of at least five others fail. The day is our choice: few
// clients of a site use port 25 at all, and a closed port stays closed.
inline constexpr std::chrono::minutes kOutageWindow{10};
inline constexpr unsigned kOutageClientsMin = 3;
inline constexpr double kOutageFailShare = 0.5;
inline constexpr std::chrono::hours kUplinkWindow{24};
inline constexpr unsigned kUplinkClientsMin = 5;
inline constexpr double kUplinkFailShare = 0.8;
// Section 2, thresholds per destination group: what a registered server's 10th percentile there is worth. Below three
// quarters of it a connection was cut short, up to it nobody can tell (decision 0006 says why not 1.3 times it). No
// threshold beyond 4 kB: then a registered server's habit is its own, not the destination's.
inline constexpr unsigned kSizesLearnedMin = 20;
inline constexpr float kShortOfSmall = 0.75F;
inline constexpr float kShortMax = 4'000;
inline constexpr float kSizeFirstStep = 0.2F, kSizeStep = 0.05F;

// A client with more than this is under suspicion: it has no say in what everybody knows. Section 3.1 asks for as much
// before the networks of an IPv6 site are looked at as one.
inline constexpr double kSuspicionL = 6.0;
// Section 3.1: so many networks of a /56 under suspicion within a day, and they are looked at together; or, for who
// takes a new one at every connection, so many that use port 25 at all (our choice: 3 % of ordinary users do). To be
// called a hopper takes as many networks that took part in it.
inline constexpr int kHopperSuspicious = 4, kHopperContacting = 8;
inline constexpr unsigned kHopperNetworks = 4;
inline constexpr std::chrono::hours kHopperWindow{24};

// Section 3.4, B = ln(beta / (1 - alpha)): "like an ordinary user" is said when at most one spammer in twenty (beta,
// our choice: display only, the test goes on) would look so harmless after as many connections.
inline constexpr double kLegitimateL = -3.0;
inline constexpr unsigned kLegitimateConnectionsMin = 5;

}  // namespace mailweir::numbers
