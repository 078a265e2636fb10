#include "explain/logged_packet.h"

#include <algorithm>
#include <array>

#include "ingest/journal_entry.h"
#include "ingest/log_head.h"
#include "record/packet_sighting.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::uint8_t kEce = 0x40, kCwr = 0x80;

struct FlagWord {
  std::string_view word;
  std::uint8_t bit;
};
constexpr std::array<FlagWord, 8> kFlagWords{{{"SYN", tcp_flag::kSyn},
                                              {"ACK", tcp_flag::kAck},
                                              {"RST", tcp_flag::kRst},
                                              {"FIN", tcp_flag::kFin},
                                              {"PSH", tcp_flag::kPsh},
                                              {"URG", tcp_flag::kUrg},
                                              {"ECE", kEce},
                                              {"CWR", kCwr}}};

// The words as they stand in the line; the first of each name counts, except where a name means two things.
struct RawFields {
  std::optional<std::string_view> in, out, mac, source, destination, length, tos, prec, ttl, id, protocol, source_port,
      destination_port, sequence, acknowledgement, window, type, code, echo_id, user, group, mark;
  std::uint8_t flags = 0;
  bool flags_shown = false, later_fragment = false;
  std::string_view quoted;
};

bool begins_word(std::string_view line, std::size_t at) {
  if (at == 0) return true;
  const char before = line[at - 1];
  return before == ' ' || before == ':' || before == ']' || before == '"' || before == '\t';
}

// Where the kernel's fields begin. Nothing: there is no packet.
std::optional<std::size_t> fields_begin(std::string_view line) {
  const std::size_t out = line.rfind(" OUT=");
  if (out != npos) {
    const std::size_t in = line.rfind("IN=", out);
    if (in != npos && (in == 0 || line[in - 1] != 'S') && line.find(' ', in) == out) return in;
    return out + 1;
  }
  if (line.starts_with("OUT=")) return 0;
  if (line.find("SRC=") == npos || line.find("DST=") == npos) return std::nullopt;
  // Proxmox leaves out what is empty.
  for (std::size_t in = line.rfind("IN="); in != npos; in = in == 0 ? npos : line.rfind("IN=", in - 1))
    if (begins_word(line, in)) return in;
  for (const std::string_view word : {"MAC=", "SRC="})
    if (const std::size_t at = line.find(word); at != npos && begins_word(line, at)) return at;
  return std::nullopt;
}

RawFields read_fields(std::string_view text) {
  RawFields raw;
  if (const std::size_t quoted = text.find(" [SRC="); quoted != npos) {
    raw.quoted = text.substr(quoted + 2);
    if (const std::size_t end = raw.quoted.rfind(']'); end != npos) raw.quoted = raw.quoted.substr(0, end);
    text = text.substr(0, quoted);
  }
  const auto first = [](std::optional<std::string_view>& to, std::string_view value) {
    if (!to) to = value;
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = word.find('=');
    if (equals == npos) {
      const auto flag = std::ranges::find(kFlagWords, word, &FlagWord::word);
      if (flag != kFlagWords.end() && raw.protocol) raw.flags |= flag->bit, raw.flags_shown = true;
      if (word.starts_with("FRAG:") && word != "FRAG:0") raw.later_fragment = true;
      continue;
    }
    const std::string_view name = word.substr(0, equals), value = word.substr(equals + 1);
    if (name == "IN") first(raw.in, value);
    if (name == "OUT") first(raw.out, value);
    if (name == "MAC") first(raw.mac, value);
    if (name == "SRC") first(raw.source, value);
    if (name == "DST") first(raw.destination, value);
    if (name == "LEN" && !raw.protocol) first(raw.length, value);
    if (name == "TOS" || name == "TC") first(raw.tos, value);
    if (name == "PREC") first(raw.prec, value);
    if (name == "TTL" || name == "HOPLIMIT") first(raw.ttl, value);
    if (name == "ID") first(raw.protocol ? raw.echo_id : raw.id, value);
    if (name == "PROTO") first(raw.protocol, value);
    if (name == "SPT") first(raw.source_port, value);
    if (name == "DPT") first(raw.destination_port, value);
    if (name == "SEQ") first(raw.sequence, value);
    if (name == "ACK") first(raw.acknowledgement, value);
    if (name == "WINDOW") first(raw.window, value);
    if (name == "RES" || name == "URGP") raw.flags_shown = true;
    if (name == "TYPE") first(raw.type, value);
    if (name == "CODE") first(raw.code, value);
    if (name == "UID") first(raw.user, value);
    if (name == "GID") first(raw.group, value);
    if (name == "MARK") first(raw.mark, value);
  }
  return raw;
}

// Turns raw words into a packet; what is not readable is unknown and remembered as blacked out.
class Builder {
 public:
  Builder(const RawFields& raw, LoggedPacket& out) : raw_(raw), out_(out) {}

  void build() {
    const PartialAddress source = address("SRC", raw_.source), destination = address("DST", raw_.destination);
    const bool v4 = source.v4.value_or(destination.v4.value_or(!is_v6_dialect()));
    const IpAddress nobody = v4 ? IpAddress::v4(0) : IpAddress{};
    const auto end = [&](const PartialAddress& of) { return of.whole && of.v4 == v4 ? *of.whole : nobody; };
    const std::optional<std::uint8_t> protocol = protocol_of();
    out_.seen.packet = packet_of(protocol.value_or(kUdp), end(source), end(destination));
    take_end(Field::SourceAddress, source, v4);
    take_end(Field::DestinationAddress, destination, v4);
    if (!protocol) forget_protocol();
    take_header();
    take_transport(protocol.value_or(0));
  }

 private:
  PacketValues& values() { return out_.seen.packet.values; }
  [[nodiscard]] bool is_v6_dialect() const { return raw_.protocol && *raw_.protocol == "ICMPv6"; }

  PartialAddress address(std::string_view name, const std::optional<std::string_view>& text) {
    const PartialAddress read = text ? read_partial_address(*text) : PartialAddress{};
    if (text && !read.whole) black_out(name, *text);
    return read;
  }
  void black_out(std::string_view name, std::string_view text) {
    out_.blacked_out.push_back(std::string(name) + "=" + std::string(text));
  }
  void take_end(Field field, const PartialAddress& read, bool v4) {
    if (read.whole && read.v4 == v4) return;
    values().set_unknown(field);
    if (read.possible && v4) out_.seen.possible.emplace_back(field, *read.possible);
  }
  std::optional<std::uint8_t> protocol_of() {
    if (!raw_.protocol) return raw_.type ? std::nullopt : guess();
    if (*raw_.protocol == "ICMPv6") return kIcmp6;
    std::string lower(*raw_.protocol);
    std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
    const auto number = protocol_number(lower);
    if (!number) black_out("PROTO", *raw_.protocol);
    return number;
  }
  // Lines that people shortened: only TCP has flags.
  [[nodiscard]] std::optional<std::uint8_t> guess() const {
    return raw_.flags_shown ? std::optional(kTcp) : std::nullopt;
  }
  void forget_protocol() {
    for (const Field field : {Field::Protocol, Field::IpProtocol, Field::SourcePort, Field::DestinationPort})
      values().set_unknown(field);
  }
  void number(Field field, std::string_view name, const std::optional<std::string_view>& text, std::uint32_t max,
              int base = 10) {
    if (!text) return values().set_unknown(field);
    const auto read = read_whole_number(*text, max, base);
    if (read) return values().set(field, *read);
    values().set_unknown(field);
    black_out(name, *text);
  }

  void take_header() {
    number(Field::Length, "LEN", raw_.length, UINT16_MAX);
    number(Field::Ttl, out_.seen.packet.is_v4() ? "TTL" : "HOPLIMIT", raw_.ttl, UINT8_MAX);
    if (out_.seen.packet.is_v4()) number(Field::IpId, "ID", raw_.id, UINT16_MAX);
    const auto tos = raw_.tos ? read_whole_number(*raw_.tos, UINT8_MAX, 16) : std::nullopt;
    const auto prec = raw_.prec ? read_whole_number(*raw_.prec, UINT8_MAX, 16) : std::nullopt;
    if (tos)
      values().set(Field::Dscp, (*tos | prec.value_or(0)) >> 2);
    else
      values().set_unknown(Field::Dscp);
    values().set(Field::Fragment, raw_.later_fragment ? 1 : 0);
    if (raw_.mark) number(Field::PacketMark, "MARK", raw_.mark, UINT32_MAX, 16);
    if (out_.user) values().set(Field::SocketUser, *out_.user);
    values().set(Field::InputInterface, interface_value(out_.in));
    values().set(Field::OutputInterface, interface_value(out_.out));
  }

  void take_transport(std::uint8_t protocol) {
    if (has_ports(protocol)) {
      number(Field::SourcePort, "SPT", raw_.source_port, UINT16_MAX);
      number(Field::DestinationPort, "DPT", raw_.destination_port, UINT16_MAX);
    }
    if (protocol == kTcp) {
      if (raw_.flags_shown)
        values().set(Field::TcpFlags, raw_.flags);
      else
        values().set_unknown(Field::TcpFlags);
      number(Field::TcpWindow, "WINDOW", raw_.window, UINT16_MAX);
      number(Field::TcpSequence, "SEQ", raw_.sequence, UINT32_MAX);
      number(Field::TcpAcknowledgement, "ACK", raw_.acknowledgement, UINT32_MAX);
    }
    if (protocol == kIcmp || protocol == kIcmp6) take_icmp();
  }

  void take_icmp() {
    const auto type = raw_.type ? read_whole_number(*raw_.type, UINT8_MAX) : std::nullopt;
    const auto code = raw_.code ? read_whole_number(*raw_.code, UINT8_MAX) : std::nullopt;
    if (type)
      values().set(Field::IcmpTypeCode, *type * 256 + code.value_or(0));
    else
      values().set_unknown(Field::IcmpTypeCode);
    if (raw_.echo_id)
      out_.seen.packet.icmp_id = static_cast<std::uint16_t>(read_whole_number(*raw_.echo_id, UINT16_MAX).value_or(0));
    if (raw_.quoted.empty()) return;
    out_.quoted = std::string(raw_.quoted);
    const RawFields inner = read_fields(raw_.quoted);
    LoggedPacket about;
    Builder(inner, about).build();
    const PacketValues& read = about.seen.packet.values;
    QuotedPacket quoted{.source = read.address(Field::SourceAddress),
                        .destination = read.address(Field::DestinationAddress),
                        .protocol = about.seen.packet.protocol()};
    quoted.source_port = read.number<std::uint16_t>(Field::SourcePort);
    quoted.destination_port = read.number<std::uint16_t>(Field::DestinationPort);
    if (quoted.protocol == kIcmp || quoted.protocol == kIcmp6) {
      quoted.source_port = about.seen.packet.icmp_id;
      quoted.destination_port = read.number<std::uint16_t>(Field::IcmpTypeCode);
    }
    out_.seen.packet.quoted = quoted;
  }

  const RawFields& raw_;
  LoggedPacket& out_;
};

void read_frame(std::string_view mac, LoggedPacket& out) {
  out.broadcast_frame = mac.starts_with("ff:ff:ff:ff:ff:ff");
  // IEEE 802.3: the lowest bit of the first byte.
  const auto first = mac.size() < 2 ? std::nullopt : read_whole_number(mac.substr(0, 2), UINT8_MAX, 16);
  out.multicast_frame = first && (*first & 1) != 0 && !out.broadcast_frame;
}

void trim(std::string_view& text) {
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
}

}  // namespace

bool says_table_full(std::string_view line) {
  const std::size_t at = line.find("conntrack: table full");
  return at != npos && line.find("ropping packet", at) != npos;
}

std::optional<LoggedPacket> read_logged_packet(std::string_view line) {
  trim(line);
  LoggedPacket out;
  out.line = std::string(line);
  std::string scratch;
  std::string_view text = line;
  if (line.starts_with('{')) {
    const auto entry = read_journal_entry(line, scratch);
    if (!entry) return std::nullopt;
    out.time = entry->time;
    text = entry->message;
    out.line = std::string(text);
  } else if (const auto head = read_log_head(line)) {
    out.time = head->time;
    text = head->message;
  }
  const auto begin = fields_begin(text);
  if (!begin) return std::nullopt;
  out.prefix = std::string(text.substr(0, *begin));
  const RawFields raw = read_fields(text.substr(*begin));
  if (!raw.source || !raw.destination) return std::nullopt;
  out.in = std::string(raw.in.value_or(""));
  out.out = std::string(raw.out.value_or(""));
  if (!out.in.empty() || !out.out.empty())
    out.way = out.out.empty() ? Hook::Input : out.in.empty() ? Hook::Output : Hook::Forward;
  if (raw.mac) read_frame(*raw.mac, out);
  if (raw.user) out.user = read_whole_number(*raw.user, UINT32_MAX);
  Builder(raw, out).build();
  return out;
}

}  // namespace mailweir::rules
