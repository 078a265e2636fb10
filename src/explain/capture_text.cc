#include "explain/capture_text.h"

#include <algorithm>
#include <cctype>

#include "explain/packet_bytes.h"
#include "record/packet_sighting.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

constexpr std::size_t npos = std::string_view::npos;

void drop_blanks(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

std::string_view take_word(std::string_view& text) {
  drop_blanks(text);
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// "11:48:37.860337" or "1623626955.123456".
std::optional<double> read_clock(std::string_view word) {
  double seconds = 0;
  int colons = 0;
  double number = 0, scale = 0;
  for (const char c : word) {
    if (c >= '0' && c <= '9') {
      number = number * 10 + (c - '0');
      scale *= 10;
    } else if (c == ':' && scale == 0) {
      ++colons;
      seconds = (seconds + number) * 60;
      number = 0;
    } else if (c == '.' && scale == 0) {
      seconds += number;
      number = 0;
      scale = 1;
    } else {
      return std::nullopt;
    }
  }
  if (word.empty() || scale < 10 || scale > 1e12 || (colons != 0 && colons != 2)) return std::nullopt;
  return seconds + number / scale;
}

struct End {
  PartialAddress address;
  std::optional<std::uint16_t> port;
};

// "108.162.[edited].80", "2001:db8::1.80", "192.0.2.1" of ICMP.
End read_end(std::string_view text) {
  End end;
  const std::size_t dot = text.rfind('.');
  const bool v6 = text.find(':') != npos;
  const bool with_port = dot != npos && (v6 || std::ranges::count(text, '.') >= 4 ||
                                         (!IpAddress::parse(text) && read_whole_number(text.substr(dot + 1), 65535)));
  if (with_port) {
    const std::string_view port = text.substr(dot + 1);
    end.port = port_number(port, "tcp");
    if (!end.port) end.port = port_number(port, "udp");
  }
  end.address = read_partial_address(with_port ? text.substr(0, dot) : text);
  return end;
}

// "[S.]": RFC 9293's flags in tcpdump's letters.
std::optional<std::uint8_t> read_flags(std::string_view rest) {
  const std::size_t at = rest.find("Flags [");
  if (at == npos) return std::nullopt;
  std::uint8_t flags = 0;
  for (const char c : rest.substr(at + 7)) {
    if (c == ']') return flags;
    switch (c) {
      case 'S':
        flags |= tcp_flag::kSyn;
        break;
      case 'F':
        flags |= tcp_flag::kFin;
        break;
      case 'R':
        flags |= tcp_flag::kRst;
        break;
      case 'P':
        flags |= tcp_flag::kPsh;
        break;
      case '.':
        flags |= tcp_flag::kAck;
        break;
      case 'U':
        flags |= tcp_flag::kUrg;
        break;
      case 'E':
        flags |= 0x40;
        break;
      case 'W':
        flags |= 0x80;
        break;
      case 'n':  // "none"
      case 'o':
      case 'e':
        break;
      default:
        return std::nullopt;
    }
  }
  return std::nullopt;
}

void take_number(std::string_view rest, std::string_view word, Field field, PacketValues& values) {
  const std::size_t at = rest.find(word);
  if (at == npos) return values.set_unknown(field);
  std::string_view text = rest.substr(at + word.size());
  text = text.substr(0, text.find_first_not_of("0123456789"));
  if (const auto number = read_whole_number(text, UINT32_MAX))
    values.set(field, *number);
  else
    values.set_unknown(field);
}

std::optional<unsigned> icmp_type_of(std::string_view rest) {
  struct Words {
    std::string_view text;
    unsigned type_code;
  };
  static constexpr Words kWords[] = {{"echo request", 8 << 8},   {"echo reply", 0},
                                     {"udp port", 3 << 8 | 3},   {"tcp port", 3 << 8 | 3},
                                     {"host unreachable", 769},  {" unreachable - need to frag", 772},
                                     {"time exceeded", 11 << 8}, {"unreachable - admin prohibited", 781},
                                     {"protocol", 3 << 8 | 2}};
  for (const Words& words : kWords)
    if (rest.find(words.text) != npos) return words.type_code;
  return std::nullopt;
}

SimulatedPacket start(std::uint8_t protocol, const End& source, const End& destination) {
  const bool v4 = source.address.v4.value_or(destination.address.v4.value_or(true));
  const IpAddress nobody = v4 ? IpAddress::v4(0) : IpAddress{};
  const auto address = [&](const End& end) {
    return end.address.whole && end.address.v4 == v4 ? *end.address.whole : nobody;
  };
  return packet_of(protocol, address(source), address(destination));
}

void take_end(PartialPacket& packet, Field address, Field port, const End& end) {
  PacketValues& values = packet.packet.values;
  if (!end.address.whole || end.address.whole->is_v4() != packet.packet.is_v4()) {
    values.set_unknown(address);
    if (end.address.possible) packet.possible.emplace_back(address, *end.address.possible);
  }
  if (values.knowledge_of(port) == Knowledge::Absent) return;
  if (end.port)
    values.set(port, *end.port);
  else
    values.set_unknown(port);
}

}  // namespace

bool CaptureText::take(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  return take_hex(line) || take_packet(line);
}

// "0x0010:  59ee 417b 0050 …  Y.A{.P.."
bool CaptureText::take_hex(std::string_view line) {
  drop_blanks(line);
  if (!line.starts_with("0x")) return false;
  const std::size_t colon = line.find(':');
  if (colon == npos || colon > 10) return false;
  const auto offset = read_whole_number(line.substr(2, colon - 2), UINT16_MAX, 16);
  if (!offset) return false;
  if (*offset == 0) {
    if (!open_ || !bytes_.empty()) {
      close();
      if (packets_.size() >= kPacketsMax) return ++left_out_, true;
      packets_.emplace_back().time_s = time_;
      open_ = true;
    }
  }
  line.remove_prefix(colon + 1);
  constexpr int kGroups = 8;  // two bytes each; what follows is the same as text
  for (int group = 0; group < kGroups && bytes_.size() < kBytesMax; ++group) {
    const std::string_view word = take_word(line);
    if (word.size() != 4 && word.size() != 2) break;
    if (!std::ranges::all_of(word, [](char c) { return hex_digit(c) >= 0; })) break;
    for (std::size_t i = 0; i < word.size(); i += 2)
      bytes_.push_back(static_cast<std::uint8_t>(hex_digit(word[i]) << 4 | hex_digit(word[i + 1])));
    if (word.size() == 2) break;
  }
  return true;
}

bool CaptureText::take_packet(std::string_view line) {
  std::string_view text = line;
  if (text.size() > 11 && text[4] == '-' && text[7] == '-' && text[10] == ' ') text.remove_prefix(11);  // -tttt
  std::string_view rest = text;
  std::optional<double> time = read_clock(take_word(rest));
  if (time) text = rest;
  drop_blanks(text);
  std::string_view after = text;
  const std::string_view family = take_word(after);
  const bool named = family == "IP" || family == "IP6";
  if (named) text = after;
  drop_blanks(text);
  if (named && text.starts_with("(")) {  // -v: the packet's ends are on the next line
    close();
    time_ = time;
    return true;
  }
  const std::size_t arrow = text.find(" > ");
  if (arrow == npos || arrow == 0 || text.substr(0, arrow).find(' ') != npos) return false;
  const std::string_view behind = text.substr(arrow + 3);
  const std::size_t end = behind.find(": ");
  if (end == npos || behind.substr(0, end).find(' ') != npos) return false;
  const End source = read_end(text.substr(0, arrow)), destination = read_end(behind.substr(0, end));
  rest = behind.substr(end + 2);
  const auto flags = read_flags(rest);
  if (!flags && !named && !time_) return false;
  close();
  if (packets_.size() >= kPacketsMax) return ++left_out_, true;
  CapturedPacket& packet = packets_.emplace_back();
  packet.time_s = time ? time : time_;
  time_.reset();
  const bool icmp = rest.starts_with("ICMP");
  const bool v6 = source.address.v4 == false;
  packet.seen.packet = start(flags ? kTcp : icmp ? (v6 ? kIcmp6 : kIcmp) : kUdp, source, destination);
  PacketValues& values = packet.seen.packet.values;
  take_end(packet.seen, Field::SourceAddress, Field::SourcePort, source);
  take_end(packet.seen, Field::DestinationAddress, Field::DestinationPort, destination);
  if (flags) {
    values.set(Field::TcpFlags, *flags);
    take_number(rest, "seq ", Field::TcpSequence, values);
    take_number(rest, "ack ", Field::TcpAcknowledgement, values);
    take_number(rest, "win ", Field::TcpWindow, values);
  } else if (icmp) {
    if (const auto type = icmp_type_of(rest))
      values.set(Field::IcmpTypeCode, *type);
    else
      values.set_unknown(Field::IcmpTypeCode);
  }
  open_ = true;
  return true;
}

// The dump knows more than the text, except for addresses somebody blacked out in one of them.
void CaptureText::close() {
  if (!open_) return;
  open_ = false;
  CapturedPacket& packet = packets_.back();
  const bool alone = !packet.seen.packet.values.is_known(Field::Protocol);
  const auto dump = read_packet_bytes(bytes_);
  bytes_.clear();
  if (!dump) {
    if (alone) packets_.pop_back();  // a dump that is no packet
    return;
  }
  packet.hex = true;
  packet.altered = dump->altered;
  if (alone) {
    packet.seen = dump->packet;
    return;
  }
  PartialPacket text = std::move(packet.seen);
  packet.seen = dump->packet;
  for (const Field end : {Field::SourceAddress, Field::DestinationAddress}) {
    packet.seen.packet.values.copy(end, text.packet.values, end);
    for (auto& part : text.possible)
      if (part.first == end) packet.seen.possible.push_back(std::move(part));
  }
}

std::vector<CapturedPacket> CaptureText::finish() {
  close();
  return std::move(packets_);
}

}  // namespace mailweir::rules
