#include "dns/check_zone.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "dns/check_address.h"
#include "dns/name.h"

namespace mailweir {
namespace {

constexpr std::uint16_t kDnsPort = 53;

using Names = std::set<std::string>;

IpPrefix network_of(IpAddress address) { return IpPrefix::of(address, address.is_v4() ? 24 : 48); }

std::string missing(const Names& from, const Names& in) {
  std::vector<std::string> names;
  std::set_difference(from.begin(), from.end(), in.begin(), in.end(), std::back_inserter(names));
  return fmt::format("{}", fmt::join(names, ", "));
}

class ZoneCheck {
 public:
  ZoneCheck(Lookup& lookup, std::string zone, ZoneWay way, const std::vector<NamedServer>& named)
      : lookup_(lookup), way_(way), named_(named) {
    report_.zone = std::move(zone);
    report_.servers_asked = way != ZoneWay::AskResolver;
  }

  Task<ZoneReport> run() {
    if (way_ == ZoneWay::AskServers) {
      auto asked = ask_parent();
      co_await asked;
    }
    auto found = find_servers();
    co_await found;
    if (way_ == ZoneWay::AskResolver) {
      auto asked = ask_resolver();
      co_await asked;
    } else {
      for (NameServerReport& server : report_.servers) {
        if (!server.address) continue;
        auto asked = ask_server(server);
        co_await asked;
      }
    }
    judge_servers();
    compare("the delegation", delegated_, of_servers_);
    if (way_ == ZoneWay::AskNamed && !of_servers_.empty()) compare("your list", named_names(), of_servers_);
    co_return std::move(report_);
  }

 private:
  void problem(ProblemKind kind, std::string name = {}, std::string detail = {}) {
    for (const Problem& known : report_.problems)  // NS and SOA fail alike
      if (known.kind == kind && known.name == name && known.detail == detail) return;
    report_.problems.push_back({kind, std::move(name), std::move(detail)});
  }

  Names named_names() const {
    Names names;
    for (const NamedServer& server : named_)
      if (!IpAddress::parse(server.name)) names.insert(server.name);
    return names;
  }

  Task<void> find_servers() {
    std::vector<NamedServer> servers = named_;
    if (way_ != ZoneWay::AskNamed) {
      Names names = delegated_;
      auto asked = lookup_.find_by_resolver(report_.zone, RecordType::Ns);
      const Found found = co_await asked;
      resolver_failure_ = failure_of(found);
      resolver_ = found.server.text();
      for (const Record& record : found.records) names.insert(record.target);
      for (const std::string& name : names) servers.push_back({name, {}});
    }
    for (const NamedServer& server : servers) {
      std::vector<Endpoint> endpoints = server.endpoints;
      if (endpoints.empty()) {
        auto asked = lookup_.addresses_of(server.name);
        const std::vector<IpAddress> addresses = co_await asked;
        for (const IpAddress& address : addresses) endpoints.push_back({address, kDnsPort});
      }
      // Where the servers' own zone does not answer either, the delegation may hold their addresses.
      if (endpoints.empty())
        for (const Record& record : glue_)
          if (record.owner == server.name) endpoints.push_back({record.address, kDnsPort});
      if (endpoints.empty()) {
        problem(ProblemKind::NoServerAddress, server.name);
        report_.servers.push_back({.name = server.name});
      }
      for (const Endpoint& endpoint : endpoints)
        report_.servers.push_back({.name = server.name, .address = endpoint.address, .port = endpoint.port});
    }
  }

  // Notes what the answer to "SOA of the zone?" says of the server.
  void hear(NameServerReport& server, const DnsAnswer& answer, bool must_be_its_own) {
    const std::string who = fmt::format("{} ({})", server.name, Endpoint{*server.address, server.port}.text());
    Found as_found;
    as_found.outcome = answer.outcome;
    if (const auto failure = failure_of(as_found)) return problem(*failure, report_.zone, who);
    for (const Record& record : answer.message.answers)
      if (record.type == RecordType::Soa && record.owner == report_.zone) server.serial = record.serial;
    const bool own = answer.message.authoritative || (!must_be_its_own && answer.message.recursion_available);
    server.answers = server.serial.has_value() && own;
    if (!server.answers) problem(ProblemKind::Lame, report_.zone, who);
  }

  Task<void> ask_server(NameServerReport& server) {
    const auto group = lookup_.resolver().group({{*server.address, server.port}}, false);
    Question soa{report_.zone, RecordType::Soa};
    auto asked = lookup_.resolver().ask(group, soa);
    const auto answer = co_await asked;
    hear(server, *answer, true);
    if (!server.answers) co_return;
    Question ns{report_.zone, RecordType::Ns};
    auto asked_names = lookup_.resolver().ask(group, ns);
    const auto names = co_await asked_names;
    for (const Record& record : names->message.answers)
      if (record.type == RecordType::Ns && record.owner == report_.zone) of_servers_.insert(record.target);
  }

  // One answer stands for all: nobody else may be asked.
  Task<void> ask_resolver() {
    auto asked = lookup_.zone_of(report_.zone);
    const Lookup::ZoneFound found = co_await asked;
    if (found.zone == report_.zone) {
      const bool own = found.authoritative || found.recursive;
      for (NameServerReport& server : report_.servers) {
        server.answers = own && server.address.has_value();
        server.serial = found.serial;
      }
      if (!own) problem(ProblemKind::Lame, report_.zone, found.server.text());
      co_return;
    }
    Found failed;
    failed.outcome = found.outcome;
    problem(failure_of(failed).value_or(ProblemKind::Lame), report_.zone, found.server.text());
  }

  void judge_servers() {
    // Servers that fail are why the resolver fails; where they all answer, or nobody knows any, it has reasons of its
    // own.
    const bool all_answer = std::all_of(report_.servers.begin(), report_.servers.end(),
                                        [](const NameServerReport& server) { return server.answers; });
    if (resolver_failure_ && all_answer) problem(*resolver_failure_, report_.zone, resolver_);
    Names names = of_servers_;
    std::set<IpPrefix> networks;
    std::set<std::uint32_t> serials;
    std::size_t addresses = 0;
    for (const NameServerReport& server : report_.servers) {
      if (of_servers_.empty()) names.insert(server.name);
      if (server.address) {
        ++addresses;
        networks.insert(network_of(*server.address));
      }
      if (server.serial) serials.insert(*server.serial);
    }
    if (names.size() == 1)
      problem(ProblemKind::OneNameServer, *names.begin());
    else if (addresses > 1 && networks.size() == 1)
      problem(ProblemKind::SameNetwork, {}, networks.begin()->text());
    if (serials.size() > 1) problem(ProblemKind::ServersDisagree, {}, fmt::format("{}", fmt::join(serials, ", ")));
  }

  void compare(const std::string& whose, const Names& above, const Names& own) {
    if (above.empty() || own.empty() || above == own) return;
    const std::string only_above = missing(above, own), only_own = missing(own, above);
    std::string detail;
    if (!only_above.empty()) detail = fmt::format("only in {}: {}", whose, only_above);
    if (!only_own.empty()) detail += fmt::format("{}only in the zone: {}", detail.empty() ? "" : "; ", only_own);
    problem(ProblemKind::ParentDisagrees, {}, detail);
  }

  // The names of the zone's servers as the zone above delegates them, lame ones too, which no resolver tells of.
  Task<void> ask_parent() {
    std::string above(parent_name(report_.zone));
    auto asked = lookup_.zone_of(above);
    const Lookup::ZoneFound parent = co_await asked;
    if (!parent.zone || parent.zone == report_.zone) co_return;
    auto asked_servers = lookup_.find_by_resolver(*parent.zone, RecordType::Ns);
    const Found servers = co_await asked_servers;
    std::vector<Endpoint> endpoints;
    for (const Record& record : servers.records) {
      auto asked_addresses = lookup_.addresses_of(record.target);
      const std::vector<IpAddress> addresses = co_await asked_addresses;
      for (const IpAddress& address : addresses) endpoints.push_back({address, kDnsPort});
    }
    if (endpoints.empty()) co_return;
    const auto group = lookup_.resolver().group(endpoints, false);
    Question question{report_.zone, RecordType::Ns};
    auto asked_delegation = lookup_.resolver().ask(group, question);
    const auto answer = co_await asked_delegation;
    for (const auto* section : {&answer->message.answers, &answer->message.authority})
      for (const Record& record : *section)
        if (record.type == RecordType::Ns && record.owner == report_.zone) delegated_.insert(record.target);
    for (const Record& record : answer->message.additional)
      if (record.type == RecordType::A || record.type == RecordType::Aaaa) glue_.push_back(record);
  }

  Lookup& lookup_;
  ZoneWay way_;
  const std::vector<NamedServer>& named_;
  ZoneReport report_;
  Names delegated_;                              // NS records as the zone above gives them
  std::vector<Record> glue_;                     // addresses it knows of them
  Names of_servers_;                             // NS records as the zone's own servers give them
  std::optional<ProblemKind> resolver_failure_;  // when asked for the zone's servers
  std::string resolver_;
};

}  // namespace

Task<ZoneReport> check_zone(Lookup& lookup, std::string zone, ZoneWay way, const std::vector<NamedServer>& named) {
  ZoneCheck check(lookup, std::move(zone), way, named);
  auto run = check.run();
  co_return co_await run;
}

}  // namespace mailweir
