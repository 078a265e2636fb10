// What a detector holds, and what an event changes in it. For the detector's own sources only: detector_events.cc (what
// happened to whom), detector_verdicts.cc (what follows from it), detector.cc (what others ask).
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "base/mail_ports.h"
#include "base/prefix_set.h"
#include "detect/address_sites.h"
#include "detect/client_table.h"
#include "detect/destination_count.h"
#include "detect/destination_sizes.h"
#include "detect/detector.h"
#include "detect/hazard_learning.h"
#include "detect/pending_mx.h"
#include "sketch/count_min.h"

namespace mailweir {

struct Detector::State {
  State(DetectSettings wanted, const KeyedHash& key);

  struct Contact {
    MailRole role;
    GroupMark mark;
  };
  [[nodiscard]] Contact contact_of(const ConnectionEvent& event) const;
  // `guess`: see ClientTable::find().
  void observe(const ConnectionEvent& event, ClientTable::Index guess);
  void forget_what_hangs_on(ClientTable::Index index) {
    decided.erase(index);
    if (settings.exact_destinations) destinations[index] = {};
  }
  ClientTable::Index admit(IpAddress base, Time now);
  void learn_from(const ClientRecord& client, Time now);
  [[nodiscard]] bool may_enter(const ConnectionEvent& event, IpAddress base);
  void sign(const ConnectionEvent& event, IpAddress base);
  void open(ClientRecord& client, const ConnectionEvent& event, const Contact& contact);
  // The same happens to a client and to the site it belongs to.
  struct Happening {
    const ConnectionEvent& event;
    const Contact& contact;
    bool opens;
    ClientRecord::Failure failure;
  };
  void meet_holder(ClientTable::Index index, const ConnectionEvent& event);
  void apply(ClientRecord& client, const Happening& what);
  void at_site(const ClientRecord& client, const Happening& what);
  void decide_site(AddressSites::Site& site);
  void connection(ClientTable::Index index, const ConnectionEvent& event);
  ConnectionEvent by_destination(const ClientRecord& client, ConnectionEvent event, MailRole role, GroupMark mark);
  ClientRecord::Failure weigh_failure(const ClientRecord& client, const ConnectionEvent& event, MailRole role,
                                      GroupMark mark);
  void decide(ClientTable::Index index, Time now);
  void find(ClientTable::Index index, Doubt doubt);
  [[nodiscard]] ClientReport report(ClientTable::Index index) const;

  // A spammer as it was when that was decided.
  struct Decided {
    ClientRecord record;
    Time at;
  };

  DetectSettings settings;
  KeyedHash hash;
  PrefixSet mail_servers;
  ClientTable table;
  ClientTable::Forgotten forget;
  OutageGuard outages;
  DestinationSizes sizes;
  CountMin strangers;  // first packets of clients nobody answered yet
  PendingMx questions;
  AddressSites sites;
  HazardLearning learning;
  HazardLearning::Kept frozen;  // learned before that was switched off
  HazardGains gains;
  std::optional<HazardTable> learned;          // and not yet told
  std::vector<DestinationCount> destinations;  // by index; empty unless exact_destinations
  std::unordered_map<ClientTable::Index, Decided> decided;
  std::vector<ClientReport> findings;
  std::uint64_t events = 0, turned_away = 0, mx_queries = 0, new_holders = 0, idle_leases = 0;
};

}  // namespace mailweir
