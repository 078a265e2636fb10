#include "simulate/packet_notation.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "base/escape.h"
#include "base/nearest.h"
#include "record/packet_sighting.h"

namespace mailweir::rules {

namespace {

struct Word {
  std::string_view text;
  std::size_t column;  // from 1
};

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find_first_not_of(" \t", at);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(" \t", begin), text.size());
    words.push_back({text.substr(begin, end - begin), begin + 1});
    at = end;
  }
  return words;
}

struct FlagName {
  std::string_view name;
  std::uint8_t bit;
};
constexpr FlagName kFlagNames[] = {{"syn", tcp_flag::kSyn}, {"ack", tcp_flag::kAck}, {"rst", tcp_flag::kRst},
                                   {"fin", tcp_flag::kFin}, {"psh", tcp_flag::kPsh}, {"urg", tcp_flag::kUrg},
                                   {"ece", 0x40},           {"cwr", 0x80},           {"none", 0}};

struct NumberWord {
  std::string_view name;
  Field field;
  std::uint64_t max;
};
constexpr NumberWord kNumbers[] = {
    {"seq", Field::TcpSequence, UINT32_MAX},  {"ack-number", Field::TcpAcknowledgement, UINT32_MAX},
    {"window", Field::TcpWindow, UINT16_MAX}, {"length", Field::Length, UINT16_MAX},
    {"ttl", Field::Ttl, UINT8_MAX},           {"mark", Field::PacketMark, UINT32_MAX},
    {"uid", Field::SocketUser, UINT32_MAX},   {"gid", Field::SocketGroup, UINT32_MAX}};
constexpr ConnectionState kStates[] = {ConnectionState::Invalid, ConnectionState::New, ConnectionState::Established,
                                       ConnectionState::Related, ConnectionState::Untracked};

std::optional<std::uint64_t> read_number(std::string_view text, std::uint64_t max) {
  const int base = text.starts_with("0x") ? 16 : 10;
  if (base == 16) text.remove_prefix(2);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size() || number > max) return std::nullopt;
  return number;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : words_(words_of(text)) {}

  Result<WrittenPacket> read() {
    if (words_.size() < 4)
      return mistake(
          0, "a packet is PROTOCOL SOURCE > DESTINATION ..., as in \"tcp 192.0.2.7:50000 > 203.0.113.9:25 syn\"");
    if (words_[2].text != ">") return mistake(2, "expected \">\" between source and destination");
    const auto source = read_end(1), destination = read_end(3);
    if (!source) return fail(source.error());
    if (!destination) return fail(destination.error());
    if (auto begun = begin(*source, *destination); !begun) return fail(begun.error());
    for (next_ = 4; next_ < words_.size();) {
      if (auto taken = take_word(); !taken) return fail(taken.error());
    }
    settle_flags();
    return std::move(written_);
  }

 private:
  struct End {
    std::optional<IpAddress> address;
    std::optional<IntervalSet> addresses;  // known in part
    std::optional<std::uint16_t> port;
    bool port_unknown = false;
  };

  [[nodiscard]] tl::unexpected<Error> mistake(std::size_t word, const std::string& what) const {
    const std::size_t column = word < words_.size() ? words_[word].column : words_.empty() ? 1 : words_.back().column;
    return fail(ErrorCode::BadInput, fmt::format("column {}: {}", column, what));
  }

  Result<End> read_end(std::size_t word) {
    std::string_view text = words_[word].text;
    End end;
    std::string_view port;
    if (text.starts_with('[')) {
      const std::size_t close = text.find(']');
      if (close == std::string_view::npos) return mistake(word, "an address in brackets needs its closing \"]\"");
      if (text.size() > close + 1 && text[close + 1] != ':') return mistake(word, "after \"]\" comes \":\" and a port");
      if (text.size() > close + 1) port = text.substr(close + 2);
      text = text.substr(1, close - 1);
    } else if (std::ranges::count(text, ':') == 1) {
      port = text.substr(text.find(':') + 1);
      text = text.substr(0, text.find(':'));
    }
    if (port == "?") {
      end.port_unknown = true;
    } else if (!port.empty()) {
      const auto number = read_number(port, UINT16_MAX);
      if (!number) return mistake(word, fmt::format("\"{}\" is no port", escape(port)));
      end.port = static_cast<std::uint16_t>(*number);
    }
    if (text == "?") return end;
    if (text.ends_with('?')) {
      end.addresses = partial_v4(text.substr(0, text.size() - 1));
      if (!end.addresses)
        return mistake(word, "of an IPv4 address whole numbers may be missing at the end: \"108.162.?\"");
      return end;
    }
    end.address = IpAddress::parse(text);
    if (!end.address) return mistake(word, fmt::format("\"{}\" is no address", escape(text)));
    return end;
  }

  // "108.162.": all addresses that begin so.
  static std::optional<IntervalSet> partial_v4(std::string_view text) {
    std::uint32_t base = 0;
    int parts = 0;
    while (!text.empty()) {
      const std::size_t dot = text.find('.');
      const auto number = dot == std::string_view::npos ? std::nullopt : read_number(text.substr(0, dot), 255);
      if (!number || parts == 3) return std::nullopt;
      base |= static_cast<std::uint32_t>(*number) << (24 - 8 * parts++);
      text.remove_prefix(dot + 1);
    }
    if (parts == 0) return std::nullopt;
    return values_of(IpPrefix::of(IpAddress::v4(base), 8 * parts));
  }

  Result<void> begin(const End& source, const End& destination) {
    const std::string_view protocol = words_[0].text;
    const IpAddress unknown =
        (source.address && !source.address->is_v4()) || (destination.address && !destination.address->is_v4())
            ? IpAddress{0, 0}
            : IpAddress::v4(0);
    const IpAddress from = source.address.value_or(unknown), to = destination.address.value_or(unknown);
    if (from.is_v4() != to.is_v4()) return mistake(3, "source and destination are of different families");
    SimulatedPacket& packet = written_.packet;
    if (protocol == "tcp")
      packet = tcp_packet(from, source.port.value_or(0), to, destination.port.value_or(0), 0);
    else if (protocol == "udp")
      packet = udp_packet(from, source.port.value_or(0), to, destination.port.value_or(0));
    else if (protocol == "icmp" || protocol == "icmpv6")
      packet = icmp_packet(from, to, from.is_v4() ? 8 : 128, 0);
    else
      return mistake(0, fmt::format("\"{}\" is no protocol known here: tcp, udp, icmp, icmpv6", escape(protocol)));
    forget(source, Field::SourceAddress, Field::SourcePort);
    forget(destination, Field::DestinationAddress, Field::DestinationPort);
    return {};
  }

  void forget(const End& end, Field address, Field port) {
    PacketValues& values = written_.packet.values;
    if (!end.address) values.set_unknown(address);
    if (end.addresses) written_.narrowings.emplace_back(address, *end.addresses);
    const bool has_ports = values.knowledge_of(port) != Knowledge::Absent;
    if (has_ports && !end.port) values.set_unknown(port);
  }

  Result<void> take_word() {
    const std::string_view word = words_[next_].text;
    const bool tcp = written_.packet.protocol() == kTcp;
    if (tcp && is_flags(word)) return take_flags(word);
    if (next_ + 1 >= words_.size()) return mistake(next_, unknown_word(word));
    const std::string_view value = words_[next_ + 1].text;
    if (word == "in" || word == "out") return take_interface(word == "in", value);
    if (word == "state") return take_state(value);
    if (word == "type") return take_type(value);
    if (word == "payload") {
      const auto number = read_number(value, 65535);
      if (!number) return mistake(next_ + 1, fmt::format("\"{}\" is no length", escape(value)));
      written_.packet.payload = static_cast<std::uint32_t>(*number);
      written_.packet.values.set(Field::Length, written_.packet.values.value(Field::Length) + *number);
      next_ += 2;
      return {};
    }
    const auto known = std::ranges::find(kNumbers, word, &NumberWord::name);
    if (known == std::end(kNumbers)) return mistake(next_, unknown_word(word));
    if (value == "?") {
      written_.packet.values.set_unknown(known->field);
    } else {
      const auto number = read_number(value, known->max);
      if (!number) return mistake(next_ + 1, fmt::format("\"{}\" is no number up to {}", escape(value), known->max));
      written_.packet.values.set(known->field, *number);
    }
    next_ += 2;
    return {};
  }

  static std::string unknown_word(std::string_view word) {
    static constexpr std::string_view kWords[] = {"in",     "out", "state", "type", "seq", "ack-number", "window",
                                                  "length", "ttl", "mark",  "uid",  "gid", "payload",    "syn",
                                                  "ack",    "rst", "fin",   "psh",  "urg"};
    const auto near = nearest(word, kWords);
    return fmt::format("\"{}\" is no word of a packet{}", escape(word),
                       near ? fmt::format("; did you mean \"{}\"?", *near) : "");
  }

  static bool is_flags(std::string_view word) {
    const std::string_view first = word.substr(0, word.find(','));
    return std::ranges::find(kFlagNames, first, &FlagName::name) != std::end(kFlagNames);
  }

  Result<void> take_flags(std::string_view word) {
    while (!word.empty()) {
      const std::string_view name = word.substr(0, word.find(','));
      const auto known = std::ranges::find(kFlagNames, name, &FlagName::name);
      if (known == std::end(kFlagNames)) return mistake(next_, fmt::format("\"{}\" is no TCP flag", escape(name)));
      flags_ = static_cast<std::uint8_t>(flags_.value_or(0) | known->bit);
      word.remove_prefix(std::min(word.size(), name.size() + 1));
    }
    ++next_;
    return {};
  }

  Result<void> take_interface(bool in, std::string_view value) {
    const bool printable = std::ranges::all_of(value, [](char c) { return c > ' ' && c <= '~'; });
    if (value.empty() || value.size() > 15 || !printable)
      return mistake(next_ + 1, "an interface's name has 1 to 15 characters, and no control characters");
    written_.packet.values.set(in ? Field::InputInterface : Field::OutputInterface, interface_value(value));
    if (in) written_.entry = Entry::Receive;
    next_ += 2;
    return {};
  }

  Result<void> take_state(std::string_view value) {
    const auto state =
        std::ranges::find_if(kStates, [&](ConnectionState candidate) { return name_of(candidate) == value; });
    if (state == std::end(kStates))
      return mistake(next_ + 1, "a state is one of new, established, related, invalid, untracked");
    written_.packet.asserted_state = *state;
    next_ += 2;
    return {};
  }

  Result<void> take_type(std::string_view value) {
    const std::size_t slash = value.find('/');
    const auto type = read_number(value.substr(0, slash), 255);
    const auto code =
        slash == std::string_view::npos ? std::optional<std::uint64_t>(0) : read_number(value.substr(slash + 1), 255);
    if (!type || !code || written_.packet.values.knowledge_of(Field::IcmpTypeCode) == Knowledge::Absent)
      return mistake(next_ + 1, "an ICMP type is TYPE or TYPE/CODE, as in 3/3");
    written_.packet.values.set(Field::IcmpTypeCode, *type * 256 + *code);
    next_ += 2;
    return {};
  }

  // Without a word about flags it opens a connection: what most questions are about.
  void settle_flags() {
    if (written_.packet.protocol() == kTcp)
      written_.packet.values.set(Field::TcpFlags, flags_.value_or(tcp_flag::kSyn));
  }

  std::vector<Word> words_;
  std::size_t next_ = 0;
  std::optional<std::uint8_t> flags_;
  WrittenPacket written_;
};

}  // namespace

Result<WrittenPacket> read_packet(std::string_view text) { return Reader(text).read(); }

std::string write_packet(const SimulatedPacket& packet) {
  std::string text = packet_text(packet);
  if (packet.asserted_state) text += fmt::format(" state {}", name_of(*packet.asserted_state));
  return text;
}

}  // namespace mailweir::rules
