#include "dns/lookup.h"

#include <algorithm>

#include "dns/name.h"

namespace mailweir {
namespace {

constexpr std::uint16_t kDnsPort = 53;

std::vector<Record> records_of(const std::vector<Record>& records, const std::string& owner, RecordType type) {
  std::vector<Record> matching;
  for (const Record& record : records)
    if (record.type == type && record.owner == owner) matching.push_back(record);
  return matching;
}

}  // namespace

bool follow_aliases(const std::vector<Record>& records, std::vector<std::string>& names) {
  for (;;) {
    const auto alias = std::find_if(records.begin(), records.end(), [&](const Record& record) {
      return record.type == RecordType::Cname && record.owner == names.back();
    });
    if (alias == records.end()) return true;
    if (std::find(names.begin(), names.end(), alias->target) != names.end() ||
        names.size() > static_cast<std::size_t>(Lookup::kAliasesMax))
      return false;
    names.push_back(alias->target);
  }
}

Lookup::Lookup(Resolver& resolver, const std::vector<Endpoint>& servers, Mode mode)
    : resolver_(resolver), resolver_group_(resolver.group(servers, true)), mode_(mode) {}

void Lookup::ask_for_reverse_names(const std::vector<Endpoint>& servers) {
  reverse_group_ = resolver_.group(servers, false);
}

Resolver::Group Lookup::group_for(const std::string& name) const {
  const bool reverse = is_under(name, "in-addr.arpa") || is_under(name, "ip6.arpa");
  return reverse && reverse_group_ ? *reverse_group_ : resolver_group_;
}

Task<Found> Lookup::find(std::string name, RecordType type) {
  Found found;
  found.names.push_back(std::move(name));
  for (;;) {
    const std::string current = found.names.back();
    auto asked = ask_once({current, type}, found.lame);
    const std::shared_ptr<const DnsAnswer> answer = co_await asked;
    found.outcome = answer->outcome;
    found.server = answer->server;
    // Servers that follow aliases themselves say SERVFAIL to a circle.
    if (found.outcome == DnsOutcome::ServFail) {
      auto walked = walk_aliases(current);
      std::vector<std::string> way = co_await walked;
      found.loop = !way.empty();
      if (found.loop) found.names = std::move(way);
    }
    if (found.lame || (found.outcome != DnsOutcome::Answered && found.outcome != DnsOutcome::NoName)) co_return found;
    if (!follow_aliases(answer->message.answers, found.names)) {
      found.loop = true;
      co_return found;
    }
    found.records = records_of(answer->message.answers, found.names.back(), type);
    // The end of the way was reached, or the server said nothing about where it leads.
    if (!found.records.empty() || found.names.back() == current || found.outcome == DnsOutcome::NoName) co_return found;
  }
}

Task<std::shared_ptr<const DnsAnswer>> Lookup::ask_once(Question question, bool& lame) {
  if (mode_ == Mode::Authoritative) {
    auto asked = ask_authority(question, lame);
    co_return co_await asked;
  }
  auto asked = resolver_.ask(group_for(question.name), question);
  co_return co_await asked;
}

Task<std::vector<std::string>> Lookup::walk_aliases(std::string name) {
  std::vector<std::string> names{std::move(name)};
  for (;;) {
    bool lame = false;
    auto asked = ask_once({names.back(), RecordType::Cname}, lame);
    const std::shared_ptr<const DnsAnswer> answer = co_await asked;
    const std::size_t before = names.size();
    if (!follow_aliases(answer->message.answers, names)) co_return names;
    if (names.size() == before) co_return std::vector<std::string>{};
  }
}

Task<Found> Lookup::find_by_resolver(std::string name, RecordType type) {
  if (mode_ == Mode::Resolver) {
    auto same = find(std::move(name), type);
    co_return co_await same;
  }
  Found found;
  Question question{name, type};
  auto asked = resolver_.ask(group_for(question.name), question);
  const auto answer = co_await asked;
  found.names.push_back(std::move(name));
  found.outcome = answer->outcome;
  found.server = answer->server;
  found.loop = !follow_aliases(answer->message.answers, found.names);
  if (!found.loop) found.records = records_of(answer->message.answers, found.names.back(), type);
  co_return found;
}

Task<Lookup::ZoneFound> Lookup::zone_of(std::string name) {
  for (;;) {
    ZoneFound found;
    Question question{name, RecordType::Soa};
    auto asked = resolver_.ask(group_for(question.name), question);
    const auto answer = co_await asked;
    found.outcome = answer->outcome;
    found.server = answer->server;
    found.authoritative = answer->message.authoritative;
    found.recursive = answer->message.recursion_available;
    for (const auto* section : {&answer->message.answers, &answer->message.authority}) {
      for (const Record& record : *section) {
        if (record.type != RecordType::Soa || !is_under(name, record.owner)) continue;
        found.zone = record.owner;
        found.serial = record.serial;
        co_return found;
      }
    }
    // Of an alias the answer is about the zone it leads to; the alias itself lies in its parent's.
    if (!name.empty() && !records_of(answer->message.answers, name, RecordType::Cname).empty()) {
      name = std::string(parent_name(name));
      continue;
    }
    if (found.outcome == DnsOutcome::Answered || found.outcome == DnsOutcome::NoName)
      found.outcome = DnsOutcome::OtherCode;
    co_return found;
  }
}

Task<std::vector<IpAddress>> Lookup::addresses_of(std::string name) {
  std::vector<IpAddress> addresses;
  for (const RecordType type : {RecordType::A, RecordType::Aaaa}) {
    auto asked = find_by_resolver(name, type);
    const Found found = co_await asked;
    for (const Record& record : found.records) addresses.push_back(record.address);
  }
  co_return addresses;
}

const Lookup::Cut* Lookup::nearest(const std::string& name) const {
  std::string_view zone = name;
  for (;;) {
    if (const auto known = cuts_.find(std::string(zone)); known != cuts_.end()) return &known->second;
    if (zone.empty()) return nullptr;
    zone = parent_name(zone);
  }
}

Task<Lookup::Cut> Lookup::cut_for(std::string name) {
  if (const Cut* known = nearest(name)) co_return *known;
  auto asked = cut_of_zone(std::move(name));
  co_return co_await asked;
}

Task<Lookup::Cut> Lookup::cut_of_zone(std::string name) {
  auto asked = zone_of(name);
  const ZoneFound zone = co_await asked;
  if (!zone.zone) co_return Cut{std::move(name), 0, false};
  if (const auto known = cuts_.find(*zone.zone); known != cuts_.end()) co_return known->second;
  auto servers = find_by_resolver(*zone.zone, RecordType::Ns);
  const Found found = co_await servers;
  std::vector<std::string> names;
  for (const Record& record : found.records) names.push_back(record.target);
  std::vector<Record> glue;
  auto learned = learn(*zone.zone, std::move(names), std::move(glue));
  co_return co_await learned;
}

Task<Lookup::Cut> Lookup::learn(std::string zone, std::vector<std::string> name_servers, std::vector<Record> glue) {
  std::vector<Endpoint> servers;
  for (const std::string& name : name_servers) {
    std::vector<IpAddress> addresses;
    for (const Record& record : glue)
      if ((record.type == RecordType::A || record.type == RecordType::Aaaa) && record.owner == name)
        addresses.push_back(record.address);
    if (addresses.empty()) {
      auto asked = addresses_of(name);
      addresses = co_await asked;
    }
    for (const IpAddress& address : addresses) servers.push_back({address, kDnsPort});
  }
  Cut cut{zone, 0, !servers.empty()};
  if (cut.usable) cut.group = resolver_.group(servers, false);
  cuts_[zone] = cut;
  co_return cut;
}

Task<std::shared_ptr<const DnsAnswer>> Lookup::ask_authority(const Question& question, bool& lame) {
  const Question asked_for = question;
  auto first = cut_for(asked_for.name);
  Cut cut = co_await first;
  bool looked_up = false;
  for (int referrals = 0; referrals < kReferralsMax && cut.usable; ++referrals) {
    auto asked = resolver_.ask(cut.group, asked_for);
    auto answer = co_await asked;
    if (answer->outcome != DnsOutcome::Answered && answer->outcome != DnsOutcome::NoName) co_return answer;
    if (answer->message.authoritative) co_return answer;
    // A referral names the servers of a zone further down.
    std::string below;
    std::vector<std::string> names;
    for (const Record& record : answer->message.authority) {
      if (record.type != RecordType::Ns || record.owner == cut.zone) continue;
      if (!is_under(record.owner, cut.zone) || !is_under(asked_for.name, record.owner)) continue;
      if (!below.empty() && record.owner != below) continue;
      below = record.owner;
      names.push_back(record.target);
    }
    if (names.empty() && !looked_up) {
      // A server that is a resolver too answers from its memory where it should refer: the resolver is asked whose the
      // name is.
      looked_up = true;
      auto own_zone = cut_of_zone(asked_for.name);
      const Cut own = co_await own_zone;
      if (own.zone != cut.zone) {
        cut = own;
        continue;
      }
    }
    if (names.empty()) {
      lame = true;
      co_return answer;
    }
    if (const auto known = cuts_.find(below); known != cuts_.end()) {
      cut = known->second;
      continue;
    }
    auto learned = learn(below, std::move(names), answer->message.additional);
    cut = co_await learned;
  }
  DnsAnswer nobody;
  nobody.outcome = cut.usable ? DnsOutcome::OtherCode : DnsOutcome::TimedOut;
  lame = lame || !cut.usable;
  co_return std::make_shared<const DnsAnswer>(std::move(nobody));
}

}  // namespace mailweir
