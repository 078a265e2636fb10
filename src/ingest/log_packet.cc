#include "ingest/log_packet.h"

#include <cstring>
#include <optional>

#include "base/mail_ports.h"

namespace mailweir {
namespace {

constexpr std::size_t kInterfaceMax = 15;  // IFNAMSIZ - 1, include/uapi/linux/if.h
constexpr std::size_t kPrefixMax = 127;    // NF_LOG_PREFIXLEN - 1, include/uapi/linux/netfilter/nf_log.h
constexpr std::size_t kAddressMax = 39;    // eight groups of four digits and their colons

// Reads the kernel's "KEY=VALUE " words one after the other.
class Words {
 public:
  Words(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool next_is(std::string_view word) const { return text_.substr(at_, word.size()) == word; }
  bool take(std::string_view word) {
    if (!next_is(word)) return false;
    at_ += word.size();
    return true;
  }
  // Up to the next space, which must be there: the kernel ends every word with one.
  std::optional<std::string_view> value() {
    const auto end = text_.find(' ', at_);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view value = text_.substr(at_, end - at_);
    at_ = end + 1;
    return value;
  }
  // Decimal, ended by a space.
  std::optional<std::uint32_t> number() {
    std::uint64_t value = 0;
    std::size_t i = at_;
    for (; i < text_.size() && text_[i] >= '0' && text_[i] <= '9' && i - at_ < 11; ++i) {
      value = value * 10 + static_cast<std::uint64_t>(text_[i] - '0');
    }
    if (i == at_ || i == text_.size() || text_[i] != ' ' || value > 0xffff'ffff) return std::nullopt;
    at_ = i + 1;
    return static_cast<std::uint32_t>(value);
  }
  [[nodiscard]] std::string_view peek() const { return text_.substr(at_, text_.find(' ', at_) - at_); }
  void skip_word() {
    const auto end = text_.find(' ', at_);
    at_ = end == std::string_view::npos ? text_.size() : end + 1;
  }

 private:
  std::string_view text_;
  std::size_t at_;
};

std::optional<IpAddress> read_v4(std::string_view text) {
  std::uint32_t bits = 0, part = 0;
  int digits = 0, dots = 0;
  for (const char c : text) {
    if (c == '.') {
      if (digits == 0 || part > 255) return std::nullopt;
      bits = bits << 8 | part;
      part = 0;
      digits = 0;
      ++dots;
    } else {
      if (c < '0' || c > '9' || ++digits > 3) return std::nullopt;
      part = part * 10 + static_cast<std::uint32_t>(c - '0');
    }
  }
  if (dots != 3 || digits == 0 || part > 255) return std::nullopt;
  return IpAddress::v4(bits << 8 | part);
}

std::optional<IpAddress> read_address(std::string_view text) {
  if (text.size() > kAddressMax) return std::nullopt;
  if (text.find(':') == std::string_view::npos) return read_v4(text);
  const auto address = IpAddress::parse(text);
  if (!address || address->is_v4()) return std::nullopt;  // ::ffff:a.b.c.d is not valid on the wire
  return address;
}

// "IN=eth0" before " OUT=": where its interface begins. The prefix may be glued to it.
std::optional<std::size_t> find_interface_in(std::string_view message, std::size_t out) {
  const std::size_t end = out - 1;  // the space
  for (std::size_t i = end; i >= 3 && end - i <= kInterfaceMax; --i) {
    if (message.substr(i - 3, 3) == "IN=") {
      const bool bridge_port = i >= 7 && message.substr(i - 7, 7) == "PHYSIN=";
      return bridge_port ? std::nullopt : std::optional(i);
    }
    if (message[i - 1] == ' ') break;
  }
  return std::nullopt;
}

std::uint8_t flag_of(std::string_view word) {
  if (word == "SYN") return tcp_flag::kSyn;
  if (word == "ACK") return tcp_flag::kAck;
  if (word == "PSH") return tcp_flag::kPsh;
  if (word == "FIN") return tcp_flag::kFin;
  if (word == "RST") return tcp_flag::kRst;
  if (word == "URG") return tcp_flag::kUrg;
  return 0;
}

// What --log-tcp-options adds: "OPT (020405B4) ", two digits a byte.
std::uint32_t option_bytes(Words words) {
  if (!words.take("OPT (")) return 0;
  const auto digits = words.value();
  return digits && digits->ends_with(')') ? static_cast<std::uint32_t>((digits->size() - 1) / 2) : 0;
}

// The flags, each ended by a space, up to URGP=; nullopt when the line ends before. Proxmox writes no URGP=.
std::optional<std::uint8_t> read_flags(Words& words, bool may_lack_end) {
  std::uint8_t flags = 0;
  while (!words.take("URGP=")) {
    if (words.at_end()) return may_lack_end ? std::optional(flags) : std::nullopt;
    const std::string_view word = words.peek();
    const std::uint8_t flag = flag_of(word);
    if (flag == 0 && word != "CWR" && word != "ECE") return std::nullopt;
    flags |= flag;
    words.skip_word();
  }
  words.skip_word();
  return flags;
}

// Without the options the length of the TCP header is not known; then at most the 12 bytes of a time stamp are counted
// as payload in packets that carry some, and none in those that only acknowledge.
std::uint32_t payload_of(std::uint32_t ip_payload, std::uint8_t flags, std::uint32_t options) {
  constexpr std::uint32_t kHeader = 20, kTimeStamp = 12;  // RFC 9293 section 3.1; RFC 7323, padded
  if ((flags & tcp_flag::kSyn) != 0) return 0;
  const std::uint32_t headers = kHeader + options;
  if (ip_payload <= headers) return 0;
  const std::uint32_t payload = ip_payload - headers;
  return options == 0 && payload <= kTimeStamp ? 0 : payload;
}

// From "SPT=" on: ports, sequence, flags, options.
LineKind read_tcp(Words words, std::uint32_t ip_payload, bool may_lack_end, PacketSighting& packet) {
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
  if (words.next_is("RES=")) words.skip_word();
  const auto flags = read_flags(words, may_lack_end);
  if (!flags) return LineKind::Torn;
  packet.flags = *flags;
  packet.payload = payload_of(ip_payload, *flags, option_bytes(words));
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
    if (words.at_end() || words.next_is("[")) return std::nullopt;
    if (words.take("ID=")) {
      const auto id = words.number();
      if (!id) return std::nullopt;
      fields.id = static_cast<std::uint16_t>(*id);
    } else {
      if (v4) header += option_bytes(words);
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

}  // namespace

LineKind read_log_packet(std::string_view message, const LineMarks& marks, bool may_omit_interface, LogLine& line) {
  const auto after = read_interfaces(message, marks, may_omit_interface, line);
  if (!after) return LineKind::NotNetfilter;
  if (line.rule.size() > kPrefixMax) return LineKind::Torn;  // the end of another line stands before this one

  // SRC= and DST= stand side by side; between the interfaces and them is a MAC= we do not need.
  if (marks.dst == LineMarks::kNone || marks.dst < *after + 6) return LineKind::Torn;
  const std::string_view before = message.substr(0, marks.dst - 1);
  const auto space = before.rfind(' ');
  const std::size_t source_at = space == std::string_view::npos ? 0 : space + 1;
  if (source_at < *after || !before.substr(source_at).starts_with("SRC=")) return LineKind::Torn;
  const auto source = read_address(before.substr(source_at + 4));
  Words words(message, marks.dst + 4);
  const auto destination_text = words.value();
  const auto destination = destination_text ? read_address(*destination_text) : std::nullopt;
  if (!source || !destination || source->is_v4() != destination->is_v4()) return LineKind::Torn;
  line.packet.source = *source;
  line.packet.destination = *destination;

  const auto ip = read_ip_fields(words, source->is_v4());
  if (!ip) return LineKind::Torn;
  line.packet.ip_id = ip->id;
  if (!words.take("PROTO=TCP ")) return LineKind::NotTcp;
  if (words.next_is("INCOMPLETE")) return LineKind::NoMailPort;
  return read_tcp(words, ip->payload, may_omit_interface, line.packet);
}

}  // namespace mailweir
