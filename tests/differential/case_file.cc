#include "tests/differential/case_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "simulate/packet_notation.h"

namespace mailweir::rules::differential {
namespace {

constexpr std::array<std::string_view, 3> kOrigins{"left", "right", "here"};

std::string end_text(const IpAddress& address, std::optional<std::uint16_t> port) {
  const std::string host = address.is_v4() ? address.text() : "[" + address.text() + "]";
  return port ? fmt::format("{}:{}", host, *port) : host;
}

std::string packet_line(const TestPacket& test) {
  const SimulatedPacket& packet = test.packet;
  const PacketValues& values = packet.values;
  const auto number = [&](Field field) { return values.number<std::uint32_t>(field); };
  const bool icmp = packet.protocol() == kIcmp || packet.protocol() == kIcmp6;
  const auto port = [&](Field field) {
    return icmp ? std::nullopt : std::optional(values.number<std::uint16_t>(field));
  };
  std::string text = fmt::format("{} {} {} > {}", kOrigins[static_cast<std::size_t>(test.origin)],
                                 packet.protocol() == kTcp   ? "tcp"
                                 : packet.protocol() == kUdp ? "udp"
                                 : packet.is_v4()            ? "icmp"
                                                             : "icmpv6",
                                 end_text(values.address(Field::SourceAddress), port(Field::SourcePort)),
                                 end_text(values.address(Field::DestinationAddress), port(Field::DestinationPort)));
  if (icmp) {
    text += fmt::format(" type {}/{}", number(Field::IcmpTypeCode) >> 8, number(Field::IcmpTypeCode) & 0xff);
  } else if (packet.protocol() == kTcp) {
    text += fmt::format(" {} seq {} ack-number {} window {} payload {}",
                        flags_text(values.number<std::uint8_t>(Field::TcpFlags)), number(Field::TcpSequence),
                        number(Field::TcpAcknowledgement), number(Field::TcpWindow), packet.payload);
  }
  text += fmt::format(" length {}", number(Field::Length));
  std::string more;
  if (packet.icmp_id != 0) more += fmt::format(" id {}", packet.icmp_id);
  if (packet.options.window_scale) more += fmt::format(" scale {}", *packet.options.window_scale);
  if (packet.options.selective_ack) more += " sack";
  if (packet.bad_checksum) more += " bad-checksum";
  return more.empty() ? text : text + " |" + more;
}

Result<TestPacket> read_packet_line(const std::string& line) {
  const auto bar = line.find(" |");
  const auto blank = line.find(' ');
  TestPacket test;
  const auto origin = std::ranges::find(kOrigins, line.substr(0, blank));
  if (origin == kOrigins.end()) return fail(ErrorCode::BadInput, "no origin: " + line);
  test.origin = static_cast<Origin>(origin - kOrigins.begin());
  auto written = read_packet(line.substr(blank + 1, bar == std::string::npos ? bar : bar - blank - 1));
  if (!written) return fail(std::move(written).error().in(line));
  test.packet = std::move(written->packet);
  std::istringstream words(bar == std::string::npos ? std::string() : line.substr(bar + 2));
  for (std::string word; words >> word;) {
    unsigned number = 0;
    if (word == "id" && words >> number)
      test.packet.icmp_id = static_cast<std::uint16_t>(number);
    else if (word == "scale" && words >> number)
      test.packet.options.window_scale = static_cast<std::uint8_t>(number);
    else if (word == "sack")
      test.packet.options.selective_ack = true;
    else if (word == "bad-checksum")
      test.packet.bad_checksum = true;
    else
      return fail(ErrorCode::BadInput, "not a word of a case: " + word);
  }
  return test;
}

}  // namespace

std::string write_case(const Trial& trial, std::string_view why) {
  std::string text = fmt::format("# {}\nlayer {}\nfamily {}\nloose {}\nrules\n{}packets\n", why, name_of(trial.layer),
                                 trial.v4 ? 4 : 6, trial.loose ? 1 : 0, trial.ruleset);
  for (const TestPacket& test : trial.packets) text += packet_line(test) + "\n";
  return text;
}

Result<Trial> read_case(std::string_view text) {
  Trial trial;
  std::istringstream in{std::string(text)};
  enum class Part { Head, Rules, Packets } part = Part::Head;
  for (std::string line; std::getline(in, line);) {
    if (part == Part::Packets) {
      auto packet = read_packet_line(line);
      if (!packet) return fail(packet.error());
      trial.packets.push_back(std::move(*packet));
    } else if (line == "packets") {
      part = Part::Packets;
    } else if (part == Part::Rules) {
      trial.ruleset += line + "\n";
    } else if (line == "rules") {
      part = Part::Rules;
    } else if (line.starts_with("layer ")) {
      for (const Layer layer : {Layer::IptablesNft, Layer::IptablesLegacy, Layer::Nft})
        if (line.substr(6) == name_of(layer)) trial.layer = layer;
    } else if (line == "family 6" || line == "family 4") {
      trial.v4 = line.back() == '4';
    } else if (line == "loose 0" || line == "loose 1") {
      trial.loose = line.back() == '1';
    } else if (!line.starts_with('#')) {
      return fail(ErrorCode::BadInput, "not a line of a case: " + line);
    }
  }
  return trial;
}

}  // namespace mailweir::rules::differential
