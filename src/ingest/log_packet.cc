#include "ingest/log_packet.h"

#include <cstring>
#include <optional>
#include <string>

#include "base/mail_ports.h"
#include "ingest/log_words.h"

namespace mailweir {
namespace {

constexpr std::size_t kInterfaceMax = 15;  // IFNAMSIZ - 1, include/uapi/linux/if.h
constexpr std::size_t kPrefixMax = 127;    // NF_LOG_PREFIXLEN - 1, include/uapi/linux/netfilter/nf_log.h
constexpr std::uint64_t kSrc = five_characters(" SRC=");
constexpr std::size_t kAddressMax = 39;  // eight groups of four digits and their colons

std::optional<IpAddress> parse_address(std::string_view text) {
  if (text.size() > kAddressMax) return std::nullopt;
  const auto address = IpAddress::parse(text);
  if (address && address->is_v4() && text.find(':') != std::string_view::npos)
    return std::nullopt;  // not valid on the wire
  return address;
}

// The address that begins at `at` and is ended by a space; `at` is moved past both.
bool take_address(std::string_view text, std::size_t& at, IpAddress& address) {
  constexpr std::size_t kQuadMax = 16;  // 15 and the space
  if (at + kQuadMax <= text.size()) {
    const DottedQuad quad = read_dotted_quad(text.data() + at);
    if (quad.length > 0 && text[at + quad.length] == ' ') {
      at += quad.length + 1;
      address = IpAddress::v4(quad.bits);
      return true;
    }
  }
  const auto end = text.find(' ', at);
  if (end == std::string_view::npos) return false;
  const auto parsed = parse_address(text.substr(at, end - at));
  at = end + 1;
  if (parsed) address = *parsed;
  return parsed.has_value();
}

// "IN=eth0" before " OUT=": where its interface begins. The prefix may be glued to it.
std::optional<std::size_t> find_interface_in(std::string_view message, std::size_t out) {
  const std::size_t end = out - 1;  // the space
  for (std::size_t i = end; i >= 3 && end - i <= kInterfaceMax; --i) {
    if (message[i - 1] == '=' && message[i - 2] == 'N' && message[i - 3] == 'I') {
      if (i >= 7 && message.substr(i - 7, 4) == "PHYS") return std::nullopt;
      return i;
    }
    if (message[i - 1] == ' ') break;
  }
  return std::nullopt;
}

// "SYN " and its like off the front; kNoFlag when there is none. CWR and ECE are flags, but tell us nothing.
constexpr int kNoFlag = -1;
int take_flag(Words& words) {
  if (words.take("SYN ")) return tcp_flag::kSyn;
  if (words.take("ACK ")) return tcp_flag::kAck;
  if (words.take("PSH ")) return tcp_flag::kPsh;
  if (words.take("FIN ")) return tcp_flag::kFin;
  if (words.take("RST ")) return tcp_flag::kRst;
  if (words.take("URG ")) return tcp_flag::kUrg;
  return words.take("CWR ") || words.take("ECE ") ? 0 : kNoFlag;
}

// What --log-tcp-options adds: "OPT (020405B4) ", two digits a byte.
std::uint32_t option_bytes(Words words) {
  if (!words.take("OPT (")) return 0;
  const auto digits = words.value();
  return digits && digits->ends_with(')') ? static_cast<std::uint32_t>((digits->size() - 1) / 2) : 0;
}

// "SRC=" in the word before " DST="; 0 when it is not there.
std::size_t find_source(std::string_view message, std::size_t dst) {
  if (dst < 7) return 0;
  const std::size_t reach = std::min(dst, kAddressMax + 6);  // " SRC=", the address, a space
  const char* const begin = message.data() + dst - reach;
  const auto* equals = static_cast<const char*>(::memrchr(begin, '=', reach));
  if (equals == nullptr || equals - begin < 4 || std::memcmp(equals - 4, " SRC=", 5) != 0) return 0;
  return static_cast<std::size_t>(equals - 3 - message.data());
}

// What stands at the end of a line without URGP=: nothing, or a flag whose space was cut off.
std::optional<std::uint8_t> read_last_flag(const Words& words, std::uint8_t flags) {
  if (words.at_end()) return flags;
  const std::string last = std::string(words.rest()) + ' ';
  Words end(last, 0);
  const int flag = take_flag(end);
  if (flag == kNoFlag || !end.at_end()) return std::nullopt;
  return static_cast<std::uint8_t>(flags | flag);
}

// The flags, each ended by a space, up to URGP=; nullopt when the line ends before. Proxmox writes no URGP=, and some
// programs cut the last space off.
std::optional<std::uint8_t> read_flags(Words& words, bool may_lack_end) {
  std::uint8_t flags = 0;
  while (!words.take("URGP=")) {
    const int flag = take_flag(words);
    if (flag == kNoFlag) return may_lack_end ? read_last_flag(words, flags) : std::nullopt;
    flags |= static_cast<std::uint8_t>(flag);
  }
  if (!words.take("0 ")) words.skip_word();
  return flags;
}

// Without the options the length of the TCP header is not known; then at most the 12 bytes of a time stamp are counted
// as payload in packets that carry some, and none in those that only acknowledge.
std::uint32_t payload_of(std::uint32_t ip_payload, std::uint32_t options) {
  constexpr std::uint32_t kHeader = 20, kTimeStamp = 12;  // RFC 9293 section 3.1; RFC 7323, padded
  const std::uint32_t headers = kHeader + options;
  if (ip_payload <= headers) return 0;
  const std::uint32_t payload = ip_payload - headers;
  return options == 0 && payload <= kTimeStamp ? 0 : payload;
}

// From "SPT=" on: ports, sequence, flags, options.
LineKind read_tcp(Words& words, std::uint32_t ip_payload, bool may_lack_end, PacketSighting& packet) {
  if (!words.take("SPT=")) return LineKind::Torn;
  const auto source_port = words.number();
  if (!source_port || !words.take("DPT=")) return LineKind::Torn;
  const auto destination_port = words.number();
  if (!destination_port || *source_port > 0xffff || *destination_port > 0xffff) return LineKind::Torn;
  packet.source_port = static_cast<std::uint16_t>(*source_port);
  packet.destination_port = static_cast<std::uint16_t>(*destination_port);
  if (!is_sending_port(packet.source_port) && !is_sending_port(packet.destination_port)) return LineKind::NoMailPort;

  packet.sequence = 0;
  if (words.take("SEQ=")) {
    const auto sequence = words.number();
    if (!sequence || !words.take("ACK=") || !words.number()) return LineKind::Torn;
    packet.sequence = *sequence;
  }
  if (!words.take("WINDOW=") || !words.number()) return LineKind::Torn;
  if (!words.take("RES=0x00 ") && words.next_is("RES=")) words.skip_word();
  const auto flags = read_flags(words, may_lack_end);
  if (!flags) return LineKind::Torn;
  packet.flags = *flags;
  packet.payload = (*flags & tcp_flag::kSyn) != 0 ? 0 : payload_of(ip_payload, option_bytes(words));
  return *flags == 0 ? LineKind::NoFlags : LineKind::MailPacket;
}

// From the word after "DST=... " to PROTO=: length, identification, header length.
struct IpFields {
  std::uint32_t payload = 0;
  std::uint16_t id = 0;
};
std::optional<IpFields> read_ip_fields(Words& words, bool v4) {
  IpFields fields;
  if (!words.take("LEN=")) return std::nullopt;
  const auto length = words.number();
  if (!length) return std::nullopt;
  std::uint32_t header = v4 ? 20 : 40;  // RFC 791, RFC 8200
  while (!words.next_is("PROTO=")) {
    if (words.at_end() || words.first() == '[') return std::nullopt;
    if (words.take("ID=")) {
      const auto id = words.number();
      if (!id) return std::nullopt;
      fields.id = static_cast<std::uint16_t>(*id);
    } else if (words.take("TOS=0x00 PREC=0x00 TTL=")) {  // nearly always
      words.skip_word();
    } else if (words.take("DF ")) {
      continue;
    } else {
      if (v4 && words.first() == 'O') header += option_bytes(words);
      words.skip_word();
    }
  }
  fields.payload = *length > header ? *length - header : 0;
  return fields;
}

void read_bridge_ports(Words words, LogLine& line) {
  if (words.take("PHYSIN=")) line.in = words.value().value_or(line.in);
  if (words.take("PHYSOUT=")) line.out = words.value().value_or(line.out);
}

Path path_of(std::string_view in, std::string_view out) {
  if (in.empty()) return out.empty() ? Path::Unknown : Path::Output;
  return out.empty() ? Path::Input : Path::Forward;
}

// IN= and OUT= and where the words after them begin; the prefix ends before them.
std::optional<std::size_t> read_interfaces(std::string_view message, const LineMarks& marks, bool may_omit,
                                           LogLine& line) {
  std::size_t prefix_end = 0, after = 0;
  line.in = line.out = {};
  if (marks.out != LineMarks::kNone) {
    const auto in = marks.out > 0 ? find_interface_in(message, marks.out) : std::nullopt;
    if (!in && !may_omit) return std::nullopt;
    if (in) line.in = message.substr(*in, marks.out - 1 - *in);
    prefix_end = in ? *in - 3 : marks.out;
    Words words(message, marks.out + 4);
    const auto out = words.value();
    if (!out || out->size() > kInterfaceMax) return std::nullopt;
    line.out = *out;
    after = words.at();
  } else {
    if (!may_omit) return std::nullopt;
    const auto in = message.starts_with("IN=") ? 0 : message.find(" IN=");
    if (in == std::string_view::npos) return std::nullopt;
    prefix_end = in == 0 && message.starts_with("IN=") ? 0 : in + 1;
    Words words(message, prefix_end + 3);
    const auto name = words.value();
    if (!name || name->size() > kInterfaceMax) return std::nullopt;
    line.in = *name;
    after = words.at();
  }
  line.packet.path = path_of(line.in, line.out);
  read_bridge_ports(Words(message, after), line);
  line.rule = message.substr(0, prefix_end);
  return after;
}

// The same bytes up to the end of OUT=, and no bridge port after them, mean the same.
bool has_origin(std::string_view message, const LineMarks& marks, const LogOrigin& origin) {
  return !origin.text.empty() && marks.out != LineMarks::kNone && marks.out + 4 == origin.out_at &&
         message.size() > origin.text.size() && message[origin.text.size()] != 'P' &&
         std::memcmp(message.data(), origin.text.data(), origin.text.size()) == 0;
}

void use_origin(std::string_view message, const LogOrigin& origin, LogLine& line) {
  line.rule = message.substr(0, origin.rule_size);
  line.in = message.substr(origin.in_at, origin.in_size);
  line.out = message.substr(origin.out_at, origin.out_size);
  line.packet.path = origin.path;
}

void remember_origin(std::string_view message, std::size_t after, const LogLine& line, LogOrigin& origin) {
  const auto offset = [&](std::string_view view) { return static_cast<std::size_t>(view.data() - message.data()); };
  const bool plain = !line.out.empty() && offset(line.out) + line.out.size() + 1 == after && !line.in.empty();
  origin.text.clear();
  if (!plain) return;  // the machine's own packets and bridges are read word by word
  origin = {.text = std::string(message.substr(0, after)),
            .rule_size = line.rule.size(),
            .in_at = offset(line.in),
            .in_size = line.in.size(),
            .out_at = offset(line.out),
            .out_size = line.out.size(),
            .path = line.packet.path};
}

// Rule, interfaces and path; where the words after them begin, or why there are none.
std::optional<std::size_t> read_origin(std::string_view message, const LineMarks& marks, bool may_omit,
                                       LogOrigin& origin, LogLine& line) {
  line.same_origin = has_origin(message, marks, origin);
  if (line.same_origin) {
    use_origin(message, origin, line);
    return origin.text.size();
  }
  const auto after = read_interfaces(message, marks, may_omit, line);
  if (after) {
    remember_origin(message, *after, line, origin);
  } else {
    origin.text.clear();
  }
  return after;
}

}  // namespace

LineKind read_log_packet(std::string_view message, const LineMarks& marks, bool may_omit_interface, LogOrigin& origin,
                         LogLine& line) {
  const auto after = read_origin(message, marks, may_omit_interface, origin, line);
  if (!after) return LineKind::NotNetfilter;
  if (line.rule.size() > kPrefixMax) return LineKind::Torn;  // the end of another line stands before this one

  // SRC= and DST= stand side by side; between the interfaces and them is a MAC= we do not need.
  if (marks.dst == LineMarks::kNone) return LineKind::Torn;
  std::size_t at = find_source(message, marks.dst);
  if (at < *after) return LineKind::Torn;
  at += 4;
  IpAddress& source = line.packet.source;
  IpAddress& destination = line.packet.destination;
  if (!take_address(message, at, source) || at != marks.dst) return LineKind::Torn;
  at += 4;
  if (!take_address(message, at, destination) || source.is_v4() != destination.is_v4()) return LineKind::Torn;

  Words words(message, at);
  const auto ip = read_ip_fields(words, source.is_v4());
  if (!ip) return LineKind::Torn;
  line.packet.ip_id = ip->id;
  if (!words.take("PROTO=TCP ")) return LineKind::NotTcp;
  if (words.next_is("INCOMPLETE")) return LineKind::NoMailPort;
  return read_tcp(words, ip->payload, may_omit_interface, line.packet);
}

bool read_plain_packet(std::string_view line, std::size_t after, const LineMarks& marks, PlainSyn& packet) {
  constexpr char kTail[] = " RES=0x00 SYN URGP=0 ", kProtocol[] = " PROTO=TCP ";
  constexpr std::size_t kBefore = 20;  // what the reader of addresses looks at
  constexpr std::size_t kEndMin = sizeof "DPT=1 WINDOW=1 RES=0x00 SYN URGP=0 " - 1;
  constexpr std::size_t kTailSize = sizeof kTail - 1, kProtocolSize = sizeof kProtocol - 1;
  const char* const text = line.data();
  const char* const end = text + line.size();
  // Each word is looked for where the marks say it is, so that the processor reads them all at once.
  const std::size_t source_end = marks.dst - 1, at = marks.dst + 4;
  if (source_end < kBefore || marks.dpt < marks.spt + 6 || line.size() < marks.dpt + kEndMin) return false;
  // From " DST=" to " SPT=" there is room for all that is read in between.
  constexpr std::size_t kMiddleMin = sizeof "1.1.1.1 LEN=1 TOS=0x00 PREC=0x00 TTL=1 ID=1 PROTO=TCP " - 1;
  if (marks.spt < at + kMiddleMin) return false;
  if (!same_text(end - kTailSize, kTail) || !same_text(text + marks.spt - kProtocolSize, kProtocol)) return false;

  const DottedQuad source = read_dotted_quad_before(text + source_end);
  const std::size_t source_at = source_end - source.length;
  // SRC= is the word before DST=, and it stands after OUT=.
  if (source.length == 0 || source_at < after + 4 || source_at < 8) return false;
  if (load_eight(text + source_at - 8) >> 24 != kSrc) return false;

  const Digits source_port = read_digits(text + marks.spt + 4);
  if (marks.spt + 4 + source_port.count + 1 != marks.dpt) return false;
  const Digits destination_port = read_digits(text + marks.dpt + 4);
  const char* word = text + marks.dpt + 4 + destination_port.count;
  if (!same_text(word, " WINDOW=")) return false;
  const Digits window = read_digits(word + 8);
  if (word + 8 + window.count != end - kTailSize || window.count == 0) return false;

  const DottedQuad destination = read_dotted_quad(text + at);
  word = text + at + destination.length;
  if (destination.length == 0 || !same_text(word, " LEN=")) return false;
  const Digits length = read_digits(word + 5);
  word += 5 + length.count;
  constexpr char kLife[] = " TOS=0x00 PREC=0x00 TTL=";
  if (length.count == 0 || !same_text(word, kLife)) return false;
  word += sizeof kLife - 1;
  const Digits life = read_digits(word);
  word += life.count;
  if (life.count == 0 || !same_text(word, " ID=")) return false;
  const Digits id = read_digits(word + 4);
  word += 4 + id.count;
  const char* const protocol = text + marks.spt - kProtocolSize;
  if (id.count == 0 || (word != protocol && (word + 3 != protocol || !same_text(word, " DF")))) return false;
  if (source_port.count == 0 || destination_port.count == 0) return false;
  if ((id.value | source_port.value | destination_port.value) > 0xffff) return false;
  packet.source = source.bits;
  packet.destination = destination.bits;
  packet.source_port = static_cast<std::uint16_t>(source_port.value);
  packet.destination_port = static_cast<std::uint16_t>(destination_port.value);
  packet.ip_id = static_cast<std::uint16_t>(id.value);
  return true;
}

}  // namespace mailweir
