#include "cli/dns_zone.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/escape.h"
#include "base/read_prefix.h"
#include "cli/dns_wishes.h"
#include "cli/write_file.h"
#include "dns/name.h"
#include "dns/zone_text.h"
#include "report/json.h"
#include "report/words.h"
#include "sys/clock.h"
#include "sys/state_file.h"

namespace mailweir {
namespace {

// Where Debian's servers look for zones when nobody says otherwise.
constexpr std::string_view kBindFolder = "/etc/bind/", kKnotFolder = "/var/lib/knot/";

struct WrittenZone {
  ReverseZone plan;
  std::vector<NamedAddress> names;
  ZoneText text;
  std::string file;  // its name, without a folder
};

struct Written {
  std::vector<WrittenZone> zones;
  std::vector<NamedAddress> names;
  ZoneFacts facts;
  std::vector<std::string> remarks;
};

Result<std::string> input_text(const std::string& file) {
  if (file != "-") return read_state_file(file);
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

Result<std::vector<NamedAddress>> names_for(const DnsZoneOptions& options, const std::vector<AddressRange>& ranges) {
  if (options.pattern.empty() == options.table.empty())
    return fail(ErrorCode::Usage,
                "names come from --name PATTERN or from --table FILE; example: --name "
                "'out{n}.example.net'");
  if (!options.pattern.empty()) return names_by_pattern(options.pattern, options.first, ranges);
  const auto table = input_text(options.table);
  if (!table) return fail(table.error());
  auto names = names_by_table(*table, ranges);
  if (!names) return fail(std::move(names).error().in(escape(options.table)));
  if (names->empty()) return fail(ErrorCode::BadInput, escape(options.table) + " names no address");
  return names;
}

// "hostmaster@example.net" as an SOA record writes it.
Result<std::string> contact_of(const std::string& mail) {
  const auto at = mail.find('@');
  const std::string domain = at == std::string::npos ? "" : canonical_name(mail.substr(at + 1));
  const std::string local = mail.substr(0, at);
  const bool plain =
      !local.empty() && local.size() < 64 && std::all_of(local.begin(), local.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '+';
      });
  if (!plain || host_name_mistake(domain))
    return fail(ErrorCode::Usage, fmt::format("--contact: '{}' is no mail address", escape(mail, 64)));
  std::string escaped;
  for (const char c : local) escaped += c == '.' ? "\\." : std::string(1, c);
  return escaped + "." + domain;
}

Result<ZoneFacts> facts_for(const DnsZoneOptions& options, const std::vector<NamedAddress>& names, Written& written) {
  ZoneFacts facts;
  facts.ttl_s = options.ttl_s;
  const std::string domain =
      options.pattern.empty() ? std::string(parent_name(names.front().name)) : domain_of(options.pattern);
  for (const std::string& text : options.name_servers) {
    const std::string name = canonical_name(text);
    if (const auto mistake = host_name_mistake(name))
      return fail(ErrorCode::Usage, fmt::format("--name-servers: '{}' {}", escape(text, 64), *mistake));
    facts.name_servers.push_back(name);
  }
  if (facts.name_servers.size() == 1)
    written.remarks.push_back("one name server only: registries want two, in different networks");
  if (facts.name_servers.empty()) {
    if (host_name_mistake(domain))
      return fail(ErrorCode::Usage, "who serves the zone? --name-servers ns1.example.net,ns2.example.net");
    facts.name_servers = {"ns1." + domain, "ns2." + domain};
    facts.servers_said = false;
    if (options.update.empty())
      written.remarks.push_back(fmt::format("the name servers are taken to be {} and {}; --name-servers says otherwise",
                                            facts.name_servers[0], facts.name_servers[1]));
  }
  const std::string of_domain = host_name_mistake(domain) ? std::string(parent_name(facts.name_servers[0])) : domain;
  auto contact = contact_of(options.contact.empty() ? "hostmaster@" + of_domain : options.contact);
  if (!contact) return fail(std::move(contact).error());
  facts.contact = *contact;
  return facts;
}

std::string file_of(const std::string& zone) {
  std::string name = zone + ".zone";
  std::replace(name.begin(), name.end(), '/', '-');
  return name;
}

bool is_within(const ReverseZone& zone, IpAddress address) {
  return std::any_of(zone.ranges.begin(), zone.ranges.end(),
                     [&](const AddressRange& range) { return range.first <= address && address <= range.last; });
}

// The file to be updated: its records, and the zone its SOA record says it is.
struct OldFile {
  std::vector<ZoneFileRecord> records;
  std::string zone;
};
Result<std::optional<OldFile>> read_old(const std::string& path, const ReverseZone& guess) {
  const auto text = read_state_file(path);
  if (!text && text.error().code() == ErrorCode::NotFound) return std::optional<OldFile>();
  if (!text) return fail(text.error());
  // A file says "@" and leaves it to the configuration of the server which zone that is.
  auto records = read_zone_file(*text, guess.aliases_in.empty() ? guess.zone : guess.aliases_in);
  if (!records) return fail(std::move(records).error().in(escape(path)));
  OldFile old{std::move(*records), {}};
  for (const ZoneFileRecord& record : old.records)
    if (record.type == "SOA") old.zone = record.owner;
  if (old.zone.empty()) return fail(ErrorCode::BadInput, escape(path) + " has no SOA record: it is no zone file");
  return std::optional(std::move(old));
}

Result<Written> write_zones(const DnsZoneOptions& options, Time now) {
  Written written;
  if (options.what.empty())
    return fail(ErrorCode::Usage,
                "which addresses? example: mailweir dns zone 198.51.100.0/24 --name "
                "'out{n}.example.net'");
  auto named = range_arguments(options.what);
  if (!named) return fail(std::move(named).error());
  const auto ranges = merged(std::move(*named));
  std::uint64_t total = 0;
  for (const AddressRange& range : ranges) total += std::min(range.size(), kDnsAddressesMax + 1);
  if (total > kDnsAddressesMax)
    return fail(ErrorCode::Usage, fmt::format("more than {} addresses: write PTR records for those mail leaves from "
                                              "only",
                                              kDnsAddressesMax));
  std::optional<IpPrefix> delegated;
  if (!options.delegated.empty()) {
    const auto prefix = read_prefix(options.delegated);
    if (!prefix) return fail(ErrorCode::Usage, "--delegated: " + prefix.error().text + "; " + prefix.error().hint);
    delegated = *prefix;
  }
  auto names = names_for(options, ranges);
  if (!names) return fail(std::move(names).error());
  written.names = std::move(*names);
  auto facts = facts_for(options, written.names, written);
  if (!facts) return fail(std::move(facts).error());
  written.facts = *facts;
  auto plan = plan_zones(ranges, delegated);
  if (!plan) return fail(std::move(plan).error());

  std::optional<OldFile> old;
  if (!options.update.empty()) {
    ReverseZone guess = plan->front();
    if (delegated) guess.aliases_in.clear();
    auto read = read_old(options.update, guess);
    if (!read) return fail(std::move(read).error());
    old = std::move(*read);
    if (old) plan = std::vector{ReverseZone{old->zone, ranges, {}}};
    if (plan->size() > 1)
      return fail(ErrorCode::Usage, fmt::format("--update is for one zone, and these addresses are in {}: {}, {}...",
                                                plan->size(), (*plan)[0].zone, (*plan)[1].zone));
  }
  for (ReverseZone& zone : *plan) {
    WrittenZone one;
    for (const NamedAddress& name : written.names)
      if (is_within(zone, name.address)) one.names.push_back(name);
    auto text = zone_text(zone.zone, one.names, written.facts, old ? &old->records : nullptr, now);
    if (!text) return fail(std::move(text).error());
    one.text = std::move(*text);
    one.file = options.update.empty() ? file_of(zone.zone) : std::filesystem::path(options.update).filename().string();
    one.plan = std::move(zone);
    if (one.text.foreign_wildcard)
      written.remarks.push_back("the file holds a wildcard, which answers for addresses nobody named: take it out");
    written.zones.push_back(std::move(one));
  }
  if (const GenericNames generic = generic_names(written.names); generic.count > 0)
    written.remarks.push_back(
        fmt::format("{} {}: `mailweir dns check` will call {} generic, and receivers distrust "
                    "that",
                    generic.name, generic.reason, generic.count == 1 ? "it" : count_of(generic.count, "such name")));
  return written;
}

std::string commented(const std::string& text) {
  std::string out = "; ";
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    out += text[i] == '\n' ? std::string("\n; ") : std::string(1, text[i]);
  return out + "\n";
}

// Everything beside the zones: as comments, the whole is still a zone file when there is one zone.
std::string rest_text(const Written& written, bool with_config) {
  std::string text = "\n; Forward records: each name leads back to its address. For the zone of these names.\n" +
                     commented(forward_text(written.names, written.facts.ttl_s));
  for (const WrittenZone& zone : written.zones)
    if (!zone.plan.aliases_in.empty())
      text += fmt::format("\n; For the holder of {} (RFC 2317).\n", zone.plan.aliases_in) +
              commented(aliases_text(zone.plan, zone.names, written.facts));
  if (!with_config) return text;
  std::string bind, knot;
  for (const WrittenZone& zone : written.zones) {
    bind += bind_config(zone.plan.zone, std::string(kBindFolder) + zone.file);
    knot += knot_config(zone.plan.zone, std::string(kKnotFolder) + zone.file);
  }
  return text + "\n; For named.conf of BIND.\n" + commented(bind) + "\n; For knot.conf of Knot.\n" + commented(knot);
}

Result<std::vector<std::string>> write_folder(const Written& written, const std::string& folder) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  const std::string whole = std::filesystem::absolute(folder, problem).lexically_normal().string();
  const auto path = [&](const std::string& name) { return (std::filesystem::path(whole) / name).string(); };
  std::vector<std::pair<std::string, std::string>> files;
  std::string aliases, bind, knot;
  for (const WrittenZone& zone : written.zones) {
    files.emplace_back(path(zone.file), zone.text.text);
    bind += bind_config(zone.plan.zone, path(zone.file));
    knot += knot_config(zone.plan.zone, path(zone.file));
    if (!zone.plan.aliases_in.empty()) aliases += aliases_text(zone.plan, zone.names, written.facts);
  }
  files.emplace_back(path("forward.records"), forward_text(written.names, written.facts.ttl_s));
  if (!aliases.empty()) files.emplace_back(path("aliases.records"), aliases);
  files.emplace_back(path("named.conf.mailweir"), bind);
  files.emplace_back(path("knot.conf.mailweir"), knot);
  std::vector<std::string> paths;
  for (const auto& [file, text] : files) {
    constexpr mode_t kForServers = 0644;
    if (auto done = write_file(file, text, kForServers); !done) return fail(std::move(done).error());
    paths.push_back(file);
  }
  return paths;
}

void print_json_answer(const Written& written, const std::vector<std::string>& files) {
  auto answer = json_answer("dns-zone");
  auto& zones = answer["zones"] = nlohmann::ordered_json::array();
  for (const WrittenZone& zone : written.zones)
    zones.push_back({{"zone", zone.plan.zone},
                     {"serial", zone.text.serial},
                     {"pointers", zone.text.pointers},
                     {"kept", zone.text.kept},
                     {"replaced", zone.text.replaced},
                     {"aliases_in", zone.plan.aliases_in.empty() ? nlohmann::ordered_json()
                                                                 : nlohmann::ordered_json(zone.plan.aliases_in)},
                     {"text", zone.text.text}});
  auto& forward = answer["forward"] = nlohmann::ordered_json::array();
  for (const NamedAddress& one : written.names)
    forward.push_back({{"name", one.name}, {"address", one.address.text()}});
  answer["remarks"] = written.remarks;
  answer["files"] = files;
  std::fputs(print_json(answer).c_str(), stdout);
}

int told(const Error& error) {
  fmt::print(stderr, "mailweir: {}\n", error.text());
  return exit_status(error.code());
}

}  // namespace

int dns_zone(const DnsZoneOptions& options, const CommonOptions& common) {
  if (!options.update.empty() && !options.to.empty())
    return told(Error(ErrorCode::Usage, "--update writes one file, --to a folder: not both"));
  const auto written = write_zones(options, SystemClock().now());
  if (!written) return told(written.error());
  if (!common.quiet)
    for (const std::string& remark : written->remarks) fmt::print(stderr, "mailweir: {}\n", remark);
  std::vector<std::string> files;
  if (!options.update.empty()) {
    constexpr mode_t kForServers = 0644;
    const auto done = write_file(options.update, written->zones.front().text.text, kForServers);
    if (!done) return told(done.error());
    files.push_back(options.update);
  } else if (!options.to.empty()) {
    auto paths = write_folder(*written, options.to);
    if (!paths) return told(paths.error());
    files = std::move(*paths);
  }
  if (common.json) {
    print_json_answer(*written, files);
  } else if (!options.update.empty()) {
    const ZoneText& text = written->zones.front().text;
    fmt::print("; {}: {} written, {} replaced, {} of others kept, serial {}\n{}", escape(options.update),
               count_of(text.pointers, "PTR record"), count_text(text.replaced), count_of(text.kept, "record"),
               text.serial, rest_text(*written, false));
  } else if (!options.to.empty()) {
    for (const std::string& file : files) fmt::print("{}\n", escape(file));
  } else {
    for (const WrittenZone& zone : written->zones) std::fputs(zone.text.text.c_str(), stdout);
    std::fputs(rest_text(*written, true).c_str(), stdout);
  }
  return 0;
}

}  // namespace mailweir
