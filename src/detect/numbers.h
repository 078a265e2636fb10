// Every number of the two tests, in one place. All from docs/detection.md, section named at each; [A] there means
// "starting value, to be re-estimated from data".
#pragma once

#include <array>
#include <chrono>

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

// Section 3.3, how a first contact ended: nats to L, and to M.
inline constexpr double kRepeatL = -0.25;
inline constexpr double kFailedL = 1.2, kShortL = 0.8, kDeliveredL = -0.4;
inline constexpr double kFailedM = 2.1, kShortM = 1.6, kDeliveredM = -0.8;
inline constexpr double kSubmissionWeightM = 0.7;
inline constexpr double kOutcomeCapL = 6.0;  // of failed and short together, decayed
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

// Section 3.3, memory.
// 6 h in the first version of that section. Ordinary users do not notice the longer memory (what speaks for them is
// kept as long), bots at 2 to 6 connections an hour do: decision 0007.
inline constexpr std::chrono::hours kHalfLifeL{18};
inline constexpr std::chrono::hours kHalfLifeSuspectM{24}, kHalfLifeServerM{96};
inline constexpr std::chrono::hours kEpoch{12};

// Section 3.4, the guard.
inline constexpr unsigned kGroups25Min = 5, kGroupsSubmissionMin = 10;
inline constexpr double kEvidenceGroupMin = 1.0;  // nats a kind of evidence must weigh to count as one of two
inline constexpr unsigned kEstablishedLive = 3, kEstablishedBound = 1, kEstablishedRecorded = 1;
inline constexpr unsigned kAnsweredRecorded = 3;
// Section 2, "First packets only": novelty may convict alone above this.
inline constexpr unsigned kFirstPacketsGroups = 20;
inline constexpr double kFirstPacketsExtra = 2.0;

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

// Section 3.4, B = ln(beta / (1 - alpha)): "like an ordinary user" is said when at most one spammer in twenty (beta,
// our choice: display only, the test goes on) would look so harmless after as many connections.
inline constexpr double kLegitimateL = -3.0;
inline constexpr unsigned kLegitimateConnectionsMin = 5;

}  // namespace mailweir::numbers
