#include "ruleset/number_names.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <span>
#include <utility>

namespace mailweir::rules {
namespace {

struct Word {
  std::string_view word;
  std::uint8_t number;
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::uint8_t> find_number(std::span<const Word> words, std::string_view word) {
  const auto found = std::find_if(words.begin(), words.end(), [&](const Word& w) { return same_word(w.word, word); });
  if (found == words.end()) return std::nullopt;
  return found->number;
}

// Of several words for a number the first.
std::string find_word(std::span<const Word> words, std::uint8_t number) {
  const auto found = std::find_if(words.begin(), words.end(), [&](const Word& w) { return w.number == number; });
  return found == words.end() ? std::to_string(number) : std::string(found->word);
}

constexpr Word kProtocols[] = {
    {"ip", 0},           {"icmp", 1},        {"igmp", 2},         {"ipencap", 4},
    {"ipv4", 4},         {"ipip", 4},        {"tcp", 6},          {"egp", 8},
    {"igp", 9},          {"udp", 17},        {"dccp", 33},        {"ipv6", 41},
    {"rsvp", 46},        {"gre", 47},        {"esp", 50},         {"ah", 51},
    {"icmpv6", 58},      {"ipv6-icmp", 58},  {"ospf", 89},        {"pim", 103},
    {"ipcomp", 108},     {"vrrp", 112},      {"l2tp", 115},       {"sctp", 132},
    {"fc", 133},         {"mh", 135},        {"ipv6-mh", 135},    {"mobility-header", 135},
    {"udplite", 136},    {"comp", 108},      {"hopopt", 0},       {"ipv6-route", 43},
    {"ipv6-frag", 44},   {"ipv6-nonxt", 59}, {"ipv6-opts", 60},   {"ipv6-auth", 51},
    {"ipv6-crypt", 50},  {"skip", 57},       {"mpls-in-ip", 137}, {"isis", 124},
    {"ipv6-nonext", 59},
};

constexpr Word kFlags[] = {{"FIN", 1},  {"SYN", 2},  {"RST", 4},  {"PSH", 8},  {"ACK", 16},
                           {"URG", 32}, {"ECE", 64}, {"ECN", 64}, {"CWR", 128}};

constexpr Word kAddressTypes[] = {{"UNSPEC", 0},   {"UNICAST", 1},   {"LOCAL", 2},     {"BROADCAST", 3},
                                  {"ANYCAST", 4},  {"MULTICAST", 5}, {"BLACKHOLE", 6}, {"UNREACHABLE", 7},
                                  {"PROHIBIT", 8}, {"THROW", 9},     {"NAT", 10},      {"XRESOLVE", 11}};

constexpr Word kPacketTypes[] = {{"unicast", 0},   {"host", 0},      {"broadcast", 1},
                                 {"multicast", 2}, {"otherhost", 3}, {"other", 3}};

constexpr Word kLogLevels[] = {{"emerg", 0}, {"alert", 1}, {"crit", 2},  {"err", 3},   {"warn", 4},   {"notice", 5},
                               {"info", 6},  {"debug", 7}, {"panic", 0}, {"error", 3}, {"warning", 4}};

constexpr Word kDscp[] = {{"cs0", 0},   {"cs1", 8},   {"cs2", 16},  {"cs3", 24},  {"cs4", 32},
                          {"cs5", 40},  {"cs6", 48},  {"cs7", 56},  {"be", 0},    {"df", 0},
                          {"lephb", 1}, {"af11", 10}, {"af12", 12}, {"af13", 14}, {"af21", 18},
                          {"af22", 20}, {"af23", 22}, {"af31", 26}, {"af32", 28}, {"af33", 30},
                          {"af41", 34}, {"af42", 36}, {"af43", 38}, {"va", 44},   {"ef", 46}};

struct IcmpWord {
  std::string_view word;
  IcmpRange range;
};

constexpr IcmpWord type(std::string_view word, std::uint8_t number) { return {word, {number, 0, 255}}; }
constexpr IcmpWord code(std::string_view word, std::uint8_t number, std::uint8_t code) {
  return {word, {number, code, code}};
}

constexpr IcmpWord kIcmp[] = {
    type("echo-reply", 0),
    type("pong", 0),
    type("destination-unreachable", 3),
    code("network-unreachable", 3, 0),
    code("host-unreachable", 3, 1),
    code("protocol-unreachable", 3, 2),
    code("port-unreachable", 3, 3),
    code("fragmentation-needed", 3, 4),
    code("source-route-failed", 3, 5),
    code("network-unknown", 3, 6),
    code("host-unknown", 3, 7),
    code("network-prohibited", 3, 9),
    code("host-prohibited", 3, 10),
    code("TOS-network-unreachable", 3, 11),
    code("TOS-host-unreachable", 3, 12),
    code("communication-prohibited", 3, 13),
    code("host-precedence-violation", 3, 14),
    code("precedence-cutoff", 3, 15),
    type("source-quench", 4),
    type("redirect", 5),
    code("network-redirect", 5, 0),
    code("host-redirect", 5, 1),
    code("TOS-network-redirect", 5, 2),
    code("TOS-host-redirect", 5, 3),
    type("echo-request", 8),
    type("ping", 8),
    type("router-advertisement", 9),
    type("router-solicitation", 10),
    type("time-exceeded", 11),
    type("ttl-exceeded", 11),
    code("ttl-zero-during-transit", 11, 0),
    code("ttl-zero-during-reassembly", 11, 1),
    type("parameter-problem", 12),
    code("ip-header-bad", 12, 0),
    code("required-option-missing", 12, 1),
    type("timestamp-request", 13),
    type("timestamp-reply", 14),
    type("info-request", 15),
    type("info-reply", 16),
    type("address-mask-request", 17),
    type("address-mask-reply", 18),
};

constexpr IcmpWord kIcmp6[] = {
    type("destination-unreachable", 1),
    code("no-route", 1, 0),
    code("communication-prohibited", 1, 1),
    code("beyond-scope", 1, 2),
    code("address-unreachable", 1, 3),
    code("port-unreachable", 1, 4),
    code("failed-policy", 1, 5),
    code("reject-route", 1, 6),
    type("packet-too-big", 2),
    type("time-exceeded", 3),
    type("ttl-exceeded", 3),
    code("ttl-zero-during-transit", 3, 0),
    code("ttl-zero-during-reassembly", 3, 1),
    type("parameter-problem", 4),
    code("bad-header", 4, 0),
    code("unknown-header-type", 4, 1),
    code("unknown-option", 4, 2),
    type("echo-request", 128),
    type("ping", 128),
    type("echo-reply", 129),
    type("pong", 129),
    type("mld-listener-query", 130),
    type("mld-listener-report", 131),
    type("mld-listener-done", 132),
    type("mld-listener-reduction", 132),
    type("router-solicitation", 133),
    type("nd-router-solicit", 133),
    type("router-advertisement", 134),
    type("nd-router-advert", 134),
    type("neighbour-solicitation", 135),
    type("neighbor-solicitation", 135),
    type("nd-neighbor-solicit", 135),
    type("neighbour-advertisement", 136),
    type("neighbor-advertisement", 136),
    type("nd-neighbor-advert", 136),
    type("redirect", 137),
    type("nd-redirect", 137),
    type("router-renumbering", 138),
    type("ind-neighbor-solicit", 141),
    type("ind-neighbor-advert", 142),
    type("mld2-listener-report", 143),
};

// Read once: a lookup in the file costs tens of microseconds, and a script may name a service in every line.
using Services = std::map<std::pair<std::string, std::string>, std::uint16_t, std::less<>>;
const Services& services() {
  static const Services all = [] {
    Services read;
    setservent(0);
    while (const servent* entry = getservent()) {
      const auto port = static_cast<std::uint16_t>(ntohs(static_cast<std::uint16_t>(entry->s_port)));
      read.emplace(std::pair(entry->s_name, entry->s_proto), port);
      for (char** alias = entry->s_aliases; *alias != nullptr; ++alias)
        read.emplace(std::pair(*alias, entry->s_proto), port);
    }
    endservent();
    return read;
  }();
  return all;
}

}  // namespace

std::optional<std::uint64_t> whole_number(std::string_view text, std::uint64_t max) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    base = 8;
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

std::optional<std::uint8_t> protocol_number(std::string_view text) {
  if (const auto number = whole_number(text, 255)) return static_cast<std::uint8_t>(*number);
  if (const auto known = find_number(kProtocols, text)) return known;
  // The machine's own words, as the programs read them.
  const protoent* entry = text.size() < 64 ? getprotobyname(std::string(text).c_str()) : nullptr;
  if (entry == nullptr || entry->p_proto < 0 || entry->p_proto > 255) return std::nullopt;
  return static_cast<std::uint8_t>(entry->p_proto);
}

std::string protocol_text(std::uint8_t number) { return number == 0 ? "0" : find_word(kProtocols, number); }

bool has_ports(std::uint8_t protocol) {
  return protocol == kProtocolTcp || protocol == kProtocolUdp || protocol == 33 || protocol == 132 || protocol == 136;
}

std::optional<std::uint16_t> port_number(std::string_view text, std::string_view protocol) {
  if (const auto number = whole_number(text, 65535)) return static_cast<std::uint16_t>(*number);
  const auto found = services().find(std::pair(std::string(text), std::string(protocol)));
  if (found == services().end()) return std::nullopt;
  return found->second;
}

std::optional<std::uint8_t> flag_number(std::string_view word) { return find_number(kFlags, word); }

std::string flags_text(std::uint8_t flags, std::string_view separator, bool upper) {
  if (flags == 0) return upper ? "none" : "0x0";
  std::string text;
  for (const auto& [word, number] : kFlags) {
    if ((flags & number) == 0 || word == "ECN") continue;
    if (!text.empty()) text += separator;
    for (const char c : word) text += upper ? c : lower(c);
  }
  return text;
}

std::optional<IcmpRange> icmp_range(std::string_view text, bool v6) {
  const std::span<const IcmpWord> words = v6 ? std::span<const IcmpWord>(kIcmp6) : std::span<const IcmpWord>(kIcmp);
  for (const auto& [word, range] : words)
    if (same_word(word, text)) return range;
  const auto slash = text.find('/');
  const auto number = whole_number(text.substr(0, slash), 255);
  if (!number) return std::nullopt;
  IcmpRange range{static_cast<std::uint8_t>(*number)};
  if (slash == std::string_view::npos) return range;
  const std::string_view codes = text.substr(slash + 1);
  const auto dash = codes.find('-');
  const auto first = whole_number(codes.substr(0, dash), 255);
  const auto last = dash == std::string_view::npos ? first : whole_number(codes.substr(dash + 1), 255);
  if (!first || !last || *first > *last) return std::nullopt;
  range.code_first = static_cast<std::uint8_t>(*first);
  range.code_last = static_cast<std::uint8_t>(*last);
  return range;
}

std::optional<std::uint8_t> address_type_number(std::string_view word) { return find_number(kAddressTypes, word); }
std::string address_type_text(std::uint8_t number) {
  std::string text = find_word(kAddressTypes, number);
  std::transform(text.begin(), text.end(), text.begin(), lower);
  return text;
}
std::optional<std::uint8_t> packet_type_number(std::string_view word) { return find_number(kPacketTypes, word); }
std::string packet_type_text(std::uint8_t number) { return find_word(kPacketTypes, number); }
std::optional<std::uint8_t> log_level_number(std::string_view word) {
  if (const auto number = whole_number(word, 7)) return static_cast<std::uint8_t>(*number);
  return find_number(kLogLevels, word);
}
std::string_view log_level_text(std::uint8_t level) { return kLogLevels[level & 7].word; }
std::optional<std::uint8_t> dscp_number(std::string_view word) {
  if (const auto number = whole_number(word, 63)) return static_cast<std::uint8_t>(*number);
  return find_number(kDscp, word);
}

}  // namespace mailweir::rules
