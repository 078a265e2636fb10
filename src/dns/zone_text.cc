#include "dns/zone_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "dns/message.h"
#include "dns/name.h"

namespace mailweir {
namespace {

constexpr std::uint16_t kSoa = static_cast<std::uint16_t>(RecordType::Soa);
constexpr std::uint16_t kNs = static_cast<std::uint16_t>(RecordType::Ns);
constexpr std::uint16_t kPtr = static_cast<std::uint16_t>(RecordType::Ptr);
constexpr std::uint16_t kCname = static_cast<std::uint16_t>(RecordType::Cname);
constexpr std::size_t kSoaSerial = 2, kSoaParts = 7;

ZoneFileRecord pointer(const std::string& owner, const std::string& name, std::uint32_t ttl_s) {
  return {owner, ttl_s, kPtr, "PTR", {name + "."}};
}

ZoneFileRecord start_of(const std::string& zone, const ZoneFacts& facts, std::uint32_t serial) {
  // Refresh and retry in hours, two weeks until a secondary gives up (RFC 1912 section 2.2); "there is none" holds an
  // hour, so that a forgotten record is not missed for a day once it is there.
  return {zone,
          facts.ttl_s,
          kSoa,
          "SOA",
          {facts.name_servers.front() + ".", facts.contact + ".", std::to_string(serial), "21600", "3600", "1209600",
           "3600"}};
}

bool comes_first(const ZoneFileRecord& a, const ZoneFileRecord& b) {
  if (a.owner != b.owner) return comes_before(a.owner, b.owner);
  const auto rank = [](const ZoneFileRecord& record) { return record.type_number == kSoa ? 0 : record.type_number; };
  return std::tuple(rank(a), a.data) < std::tuple(rank(b), b.data);
}

// "@" or the part before the zone's name.
std::string relative(const std::string& owner, const std::string& zone) {
  if (owner == zone) return "@";
  return is_under(owner, zone) ? owner.substr(0, owner.size() - zone.size() - 1) : owner + ".";
}

std::string line_of(const ZoneFileRecord& record, const std::string& zone, std::uint32_t ttl_s) {
  const std::string ttl = record.ttl_s == ttl_s ? "" : fmt::format("{} ", record.ttl_s);
  return fmt::format("{:<23} {}IN {:<5} {}\n", relative(record.owner, zone), ttl, record.type,
                     fmt::join(record.data, " "));
}

std::optional<std::uint32_t> serial_of(const ZoneFileRecord& soa) {
  if (soa.data.size() != kSoaParts) return std::nullopt;
  const std::string& text = soa.data[kSoaSerial];
  std::uint32_t serial = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), serial);
  return read.ec == std::errc{} ? std::optional(serial) : std::nullopt;
}

// RFC 1982: a serial is later when it is up to half the circle ahead.
bool is_later(std::uint32_t a, std::uint32_t b) { return a != b && a - b < 0x8000'0000U; }

}  // namespace

std::uint32_t next_serial(std::optional<std::uint32_t> old, Time now) {
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(now)};
  const auto date = static_cast<std::uint32_t>(static_cast<int>(day.year()) * 10000) +
                    static_cast<unsigned>(day.month()) * 100 + static_cast<unsigned>(day.day());
  const std::uint32_t today = date * 100 + 1;
  return !old || is_later(today, *old) ? today : *old + 1;
}

Result<ZoneText> zone_text(const std::string& zone, const std::vector<NamedAddress>& names, const ZoneFacts& facts,
                           const std::vector<ZoneFileRecord>* old, Time now) {
  ZoneText result;
  std::vector<ZoneFileRecord> records;
  std::set<std::string> ours;
  for (const NamedAddress& one : names) {
    const auto owner = owner_in(zone, one.address);
    if (!owner)
      return fail(ErrorCode::BadInput, fmt::format("{} has no place in the zone {}", one.address.text(), zone));
    records.push_back(pointer(*owner, one.name, facts.ttl_s));
    ours.insert(*owner);
    ++result.pointers;
  }
  std::optional<ZoneFileRecord> soa;
  bool has_servers = false;
  for (const ZoneFileRecord& record : old == nullptr ? std::vector<ZoneFileRecord>{} : *old) {
    if (!is_under(record.owner, zone))
      return fail(ErrorCode::BadInput, fmt::format("{} does not belong into the zone {}", record.owner, zone));
    if (record.type_number == kSoa) {
      soa = record;
      continue;
    }
    const bool server = record.type_number == kNs && record.owner == zone;
    if (server && facts.servers_said) continue;
    if (ours.contains(record.owner) && record.type_number == kCname)
      return fail(ErrorCode::BadInput, fmt::format("{} is an alias in this file: its name is given elsewhere (RFC "
                                                   "2317)",
                                                   record.owner));
    if (ours.contains(record.owner) && record.type_number == kPtr) {
      ++result.replaced;
      continue;
    }
    has_servers = has_servers || server;
    result.foreign_wildcard = result.foreign_wildcard || record.owner.starts_with("*.");
    ++result.kept;
    records.push_back(record);
  }
  result.serial = next_serial(soa ? serial_of(*soa) : std::nullopt, now);
  if (soa && soa->data.size() == kSoaParts) {
    soa->data[kSoaSerial] = std::to_string(result.serial);
    records.push_back(std::move(*soa));
  } else {
    records.push_back(start_of(zone, facts, result.serial));
  }
  if (!has_servers)
    for (const std::string& server : facts.name_servers)
      records.push_back({zone, facts.ttl_s, kNs, "NS", {server + "."}});
  std::sort(records.begin(), records.end(), comes_first);
  result.text = fmt::format(
      "; Reverse zone {}, by `mailweir dns zone`; further records stay with --update.\n"
      "$ORIGIN {}.\n$TTL {}\n",
      zone, zone, facts.ttl_s);
  for (const ZoneFileRecord& record : records) result.text += line_of(record, zone, facts.ttl_s);
  return result;
}

std::string forward_text(const std::vector<NamedAddress>& names, std::uint32_t ttl_s) {
  std::vector<const NamedAddress*> sorted;
  for (const NamedAddress& one : names) sorted.push_back(&one);
  std::sort(sorted.begin(), sorted.end(), [](const NamedAddress* a, const NamedAddress* b) {
    return a->name != b->name ? comes_before(a->name, b->name) : a->address < b->address;
  });
  std::string text;
  for (const NamedAddress* one : sorted)
    text += fmt::format("{:<31} {} IN {:<5} {}\n", one->name + ".", ttl_s, one->address.is_v4() ? "A" : "AAAA",
                        one->address.text());
  return text;
}

std::string aliases_text(const ReverseZone& zone, const std::vector<NamedAddress>& names, const ZoneFacts& facts) {
  std::string text;
  for (const std::string& server : facts.name_servers)
    text += fmt::format("{:<31} {} IN {:<5} {}.\n", zone.zone + ".", facts.ttl_s, "NS", server);
  for (const NamedAddress& one : names)
    text += fmt::format("{:<31} {} IN {:<5} {}.\n", reverse_name(one.address) + ".", facts.ttl_s, "CNAME",
                        owner_in(zone.zone, one.address).value_or(""));
  return text;
}

std::string bind_config(const std::string& zone, const std::string& file) {
  return fmt::format("zone \"{}\" {{\n  type primary;\n  file \"{}\";\n}};\n", zone, file);
}

std::string knot_config(const std::string& zone, const std::string& file) {
  return fmt::format("zone:\n  - domain: \"{}\"\n    file: \"{}\"\n", zone, file);
}

}  // namespace mailweir
