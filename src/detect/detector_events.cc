#include <utility>

#include "base/must.h"
#include "detect/destination_group.h"
#include "detect/detector_state.h"
#include "detect/numbers.h"

namespace mailweir {
namespace {

// A block cuts off the whole client, so a client that holds one registered address is registered as a whole.
std::vector<IpPrefix> widened_to_clients(std::vector<IpPrefix> prefixes, int v6_length) {
  for (IpPrefix& prefix : prefixes) {
    if (!prefix.base().is_v4() && prefix.length() > v6_length) prefix = client_of(prefix.base(), v6_length);
  }
  return prefixes;
}

// What tells the hash of a group apart from every other hash of an address: provider and role.
std::uint32_t group_tag(const DestinationGroup& group, MailRole role) {
  return 0x8000'0000U | std::uint32_t{group.provider} << 1 | (role == MailRole::Transfer ? 0U : 1U);
}

}  // namespace

Detector::State::State(DetectSettings wanted, const KeyedHash& key)
    : settings(std::move(wanted)),
      hash(key),
      mail_servers(widened_to_clients(settings.mail_servers, settings.v6_client_length)),
      table(key, {settings.clients_max, settings.wide_clients_max, settings.clients_per_v6_network}),
      forget([this](ClientTable::Index forgotten) { forget_what_hangs_on(forgotten); }),
      sites(key) {
  MUST(settings.v6_client_length <= 64);
}

Detector::State::Contact Detector::State::contact_of(const ConnectionEvent& event) const {
  const MailRole role = event.server_port == 25 ? MailRole::Transfer : MailRole::Submission;
  const DestinationGroup group = destination_group(event.server);
  return {role, {hash(group.base, group_tag(group, role))}};
}

ClientTable::Index Detector::State::admit(IpAddress base, Time now) {
  const ClientTable::Index index = table.insert(base, now, forget);
  ClientRecord& client = table.at(index);
  client.set_registered(mail_servers.contains(base));
  if (settings.exact_destinations && destinations.size() <= index) destinations.resize(index + std::size_t{1});
  // What it asked before it sent mail.
  const PendingMx::Asked asked = questions.take(hash(base), now);
  for (std::uint32_t name = 0; name < 16; ++name) {
    if ((asked >> name & 1) != 0) client.asked_mx(name, now);
  }
  if (client.is_wide()) table.widened(now, forget);
  return table.find(base);
}

// The first packet of a stranger is not worth a record: anybody can write it in anybody's name. An answer to it is, and
// so is a third one, for some bots meet silence only.
bool Detector::State::may_enter(const ConnectionEvent& event, IpAddress base) {
  if (!settings.doorkeeper) return event.kind == ConnectionEvent::Kind::Opened;  // else of a client that was forgotten
  const bool answered = event.kind == ConnectionEvent::Kind::Established ||
                        (event.outcome != Outcome::Unknown && event.outcome != Outcome::NoAnswer);
  if (answered || strangers.add(hash(base)) >= numbers::kStrangersSyns) return true;
  ++turned_away;
  return false;
}

void Detector::State::sign(const ConnectionEvent& event, IpAddress base) {
  const ClientTable::Index index = table.find(base);
  if (event.kind == ConnectionEvent::Kind::AskedMx) {
    ++mx_queries;
    if (AddressSites::Site* const site = base.is_v4() ? nullptr : sites.watched(base))
      site->record.asked_mx(event.payload, event.time);
    if (index == ClientTable::kNone) return questions.keep(hash(base), event.payload, event.time);
  } else if (index == ClientTable::kNone) {
    return;  // who sends no mail may receive as much as it likes
  }
  ClientRecord& client = table.at(index);
  const bool wide = client.is_wide();
  if (event.kind == ConnectionEvent::Kind::AskedMx) {
    client.asked_mx(event.payload, event.time);
  } else {
    client.let_in(static_cast<std::uint32_t>(hash(destination_group(event.server).base)), event.time);
  }
  if (!wide) {
    table.widened(event.time, forget);
    if (table.find(base) != index) return;
  }
  decide(index, event.time);
}

// How far an ordinary client went in an epoch.
void Detector::State::learn_from(const ClientRecord& client, Time now) {
  const auto transfer = client.contacts(MailRole::Transfer);
  const auto submission = client.contacts(MailRole::Submission);
  const bool ordinary = !client.registered() && !client.learned_server() &&
                        client.told() == ClientRecord::Told::Nothing && client.score_user() < numbers::kSuspicionL &&
                        transfer.established + submission.established > 0;
  if (ordinary) learning.epoch_ended(transfer.groups, submission.groups);
  if (const auto table_now = learning.learn(now)) {
    gains = HazardGains(*table_now);
    learned = table_now;
  }
}

void Detector::State::open(ClientRecord& client, const ConnectionEvent& event, const Contact& contact) {
  const bool none_before = client.contacts(MailRole::Transfer).groups == 0;
  client.opened(event, contact.role, contact.mark, gains);
  // Once a window: of what is absent there is nothing to see at other times.
  if (settings.mx_seen && none_before && client.contacts(MailRole::Transfer).groups == 1 && client.mx_names() == 0) {
    client.asks_no_mx();
  }
}

// Whose evidence is it? An operator's word on a registered server goes with the address. An IPv6 network has many
// machines, whose addresses say nothing of a change.
void Detector::State::meet_holder(ClientTable::Index index, const ConnectionEvent& event) {
  ClientRecord& client = table.at(index);
  if (client.registered()) return;
  if (event.time - client.last_seen() > settings.lease) {
    client.lay_idle();
    ++idle_leases;
  }
  if (event.hardware == 0 || !client.base().is_v4()) return;
  if (client.has_new_holder(event.hardware)) {
    table.renew(index, event.time);
    forget_what_hangs_on(index);
    ++new_holders;
  }
  client.uses(event.hardware);
}

void Detector::State::apply(ClientRecord& client, const Happening& what) {
  const auto& [event, contact, opens, failure] = what;
  if (opens) open(client, event, contact);
  if (event.kind == ConnectionEvent::Kind::Established) client.established(event, contact.role, contact.mark);
  if (event.kind == ConnectionEvent::Kind::Judged) client.judged(event, contact.role, contact.mark, failure);
}

void Detector::State::connection(ClientTable::Index index, const ConnectionEvent& event) {
  const Contact contact = contact_of(event);
  ClientRecord& client = table.at(index);
  if (settings.learning && client.epoch_ended_by(event.time)) learn_from(client, event.time);
  // It was turned away when it opened this connection: it did, all the same.
  const bool opened_before = settings.doorkeeper && event.kind != ConnectionEvent::Kind::Opened &&
                             event.outcome != Outcome::NoAnswer && !client.knows(contact.mark) &&
                             event.time - client.first_seen() < numbers::kStrangersWait;
  const bool opens = opened_before || event.kind == ConnectionEvent::Kind::Opened;
  if (opens && settings.exact_destinations) destinations[index].add(event.server, hash);
  if (event.kind == ConnectionEvent::Kind::Judged) {
    const ConnectionEvent ended = by_destination(client, event, contact.role, contact.mark);
    const Happening what{ended, contact, opens, weigh_failure(client, ended, contact.role, contact.mark)};
    apply(client, what);
    at_site(client, what);
  } else {
    const Happening what{event, contact, opens, ClientRecord::Failure::Counts};
    apply(client, what);
    at_site(client, what);
  }
}

// Who is known to spam, or known to be a mail server, takes no turns with others. A client that is a /56 itself is its
// own site; in recordings clients are dealt out, and nobody sees a whole one.
void Detector::State::at_site(const ClientRecord& client, const Happening& what) {
  const IpAddress network = client.base();
  if (network.is_v4() || settings.v6_client_length <= kSiteLength || !settings.clients_compared) return;
  if (client.registered() || client.told() == ClientRecord::Told::Decided) return;
  if (AddressSites::Site* const site = sites.watched(network)) {
    const bool news = what.opens && !site->record.knows(what.contact.mark);
    apply(site->record, what);
    if (news) sites.contacted(*site, network);
    decide_site(*site);
  }
  if (what.contact.role == MailRole::Transfer)
    sites.noticed(network, AddressSites::Sign::UsesTransfer, what.event.time);
  if (client.score_user() > numbers::kSuspicionL)
    sites.noticed(network, AddressSites::Sign::Suspicious, what.event.time);
}

// The outcome as the destination's own sizes say it is. Off in recordings, like the outage guard and for its reason.
ConnectionEvent Detector::State::by_destination(const ClientRecord& client, ConnectionEvent event, MailRole role,
                                                GroupMark mark) {
  if (role != MailRole::Transfer || event.payload == 0 || !settings.clients_compared) return event;
  if (client.registered()) {
    sizes.learn(mark.hash, event.payload);
  } else {
    event.outcome = sizes.judge(mark.hash, event.outcome, event.payload);
  }
  return event;
}

ClientRecord::Failure Detector::State::weigh_failure(const ClientRecord& client, const ConnectionEvent& event,
                                                     MailRole role, GroupMark mark) {
  if (event.outcome == Outcome::Unknown) return ClientRecord::Failure::Counts;
  const OutageGuard::Contact contact{.time = event.time,
                                     .client = hash(client.base()),
                                     .group = mark.hash,
                                     .transfer = role == MailRole::Transfer,
                                     .failed = event.outcome == Outcome::NoAnswer || event.outcome == Outcome::Refused,
                                     .suspect = client.score_user() > numbers::kSuspicionL,
                                     .first = client.awaits(mark)};
  const bool counts = outages.counts(contact);
  return counts || !settings.clients_compared ? ClientRecord::Failure::Counts : ClientRecord::Failure::IsNoEvidence;
}

void Detector::State::observe(const ConnectionEvent& event, ClientTable::Index guess) {
  const IpAddress base = client_base(event.client, settings.v6_client_length);
  if (event.kind == ConnectionEvent::Kind::AskedMx || event.kind == ConnectionEvent::Kind::LetIn)
    return sign(event, base);
  if (!is_sending_port(event.server_port)) return;
  ++events;
  ClientTable::Index index = table.find(base, guess);
  if (index == ClientTable::kNone) {
    if (!may_enter(event, base)) return;
    index = admit(base, event.time);
    if (index == ClientTable::kNone) return;
  }
  meet_holder(index, event);
  const bool wide = table.at(index).is_wide();
  connection(index, event);
  decide(index, event.time);
  if (!wide && table.at(index).is_wide()) table.widened(event.time, forget);
}

}  // namespace mailweir
