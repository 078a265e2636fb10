// The fast path against a slow reader that splits lines into words and knows nothing of marks and vectors.
#include "ingest/log_block.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/mail_ports.h"
#include "ingest/log_head.h"
#include "ingest/log_marks.h"
#include "tests/support/kernel_log_lines.h"
#include "tests/support/log_packets.h"

namespace mailweir {
namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  for (auto space = text.find(' '); space != std::string::npos; space = text.find(' ', begin)) {
    words.push_back(text.substr(begin, space - begin));
    begin = space + 1;
  }
  words.push_back(text.substr(begin));  // what no space ends
  return words;
}

std::optional<std::uint32_t> number_after(const std::string& word, const std::string& key) {
  if (word.rfind(key, 0) != 0) return std::nullopt;
  const std::string digits = word.substr(key.size());
  if (digits.empty() || digits.size() > 10 || digits.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  const std::uint64_t value = std::stoull(digits);
  return value > 0xffff'ffff ? std::nullopt : std::optional(static_cast<std::uint32_t>(value));
}

std::optional<IpAddress> address_after(const std::string& word, const std::string& key) {
  if (word.rfind(key, 0) != 0) return std::nullopt;
  const std::string text = word.substr(key.size());
  const auto address = IpAddress::parse(text);
  if (address && address->is_v4() && text.find(':') != std::string::npos) return std::nullopt;
  return address;
}

// The packet of a kernel line with a syslog head, read the slow way: nullopt unless every word is what it must be.
std::optional<PacketSighting> read_slowly(std::string line) {
  if (!line.empty() && line.back() == '\r') line.pop_back();
  const auto head = read_log_head(line);
  if (!head || head->writer == LogWriter::Program || head->may_omit_interface) return std::nullopt;
  const std::string message(head->message);
  const auto out_at = message.rfind(" OUT=");
  if (out_at == std::string::npos) return std::nullopt;
  const auto in_at = message.rfind("IN=", out_at);
  if (in_at == std::string::npos || in_at > 127) return std::nullopt;
  const std::string in = message.substr(in_at + 3, out_at - in_at - 3);
  if (in.size() > 15 || in.find(' ') != std::string::npos) return std::nullopt;
  if (in_at >= 4 && message.substr(in_at - 4, 4) == "PHYS") return std::nullopt;

  std::vector<std::string> words = split(message.substr(out_at + 1));
  words.pop_back();  // the kernel ends every word with a space
  std::size_t at = 1;
  while (at < words.size() && words[at].rfind("DST=", 0) != 0) ++at;
  if (words.empty() || words[0].size() > 4 + 15 || at >= words.size() || at < 2) return std::nullopt;
  PacketSighting packet;
  const auto source = address_after(words[at - 1], "SRC="), destination = address_after(words[at], "DST=");
  if (!source || !destination || source->is_v4() != destination->is_v4()) return std::nullopt;
  packet.source = *source;
  packet.destination = *destination;
  const bool has_out = words[0].size() > 4;
  packet.path = in.empty() ? (has_out ? Path::Output : Path::Unknown) : (has_out ? Path::Forward : Path::Input);

  const auto word = [&](std::size_t i) { return i < words.size() ? words[i] : std::string(); };
  if (!number_after(word(++at), "LEN=")) return std::nullopt;
  for (++at; word(at).rfind("PROTO=", 0) != 0; ++at) {
    if (at >= words.size() || word(at).rfind('[', 0) == 0) return std::nullopt;
    if (word(at).rfind("ID=", 0) == 0) {
      const auto id = number_after(word(at), "ID=");
      if (!id) return std::nullopt;
      packet.ip_id = static_cast<std::uint16_t>(*id);
    }
  }
  if (word(at) != "PROTO=TCP") return std::nullopt;
  const auto source_port = number_after(word(at + 1), "SPT="), destination_port = number_after(word(at + 2), "DPT=");
  if (!source_port || !destination_port || *source_port > 65535 || *destination_port > 65535) return std::nullopt;
  packet.source_port = static_cast<std::uint16_t>(*source_port);
  packet.destination_port = static_cast<std::uint16_t>(*destination_port);
  if (!is_sending_port(packet.source_port) && !is_sending_port(packet.destination_port)) return std::nullopt;
  at += 3;
  if (word(at).rfind("SEQ=", 0) == 0) {
    const auto sequence = number_after(word(at), "SEQ=");
    if (!sequence || !number_after(word(at + 1), "ACK=")) return std::nullopt;
    packet.sequence = *sequence;
    at += 2;
  }
  if (!number_after(word(at), "WINDOW=")) return std::nullopt;
  if (word(++at).rfind("RES=", 0) == 0) ++at;
  // The value of URGP= is the one word that may lack its space: some programs cut it off.
  const std::string tail = split(message.substr(out_at + 1)).back();
  for (;; ++at) {
    const std::string flag = at < words.size() ? words[at] : at == words.size() ? tail : "";
    if (flag.rfind("URGP=", 0) == 0) break;
    if (at >= words.size()) return std::nullopt;
    const std::map<std::string, std::uint8_t> kFlags{{"SYN", 2}, {"ACK", 16}, {"PSH", 8}, {"FIN", 1},
                                                     {"RST", 4}, {"URG", 32}, {"CWR", 0}, {"ECE", 0}};
    const auto found = kFlags.find(flag);
    if (found == kFlags.end()) return std::nullopt;
    packet.flags |= found->second;
  }
  return packet.flags == 0 ? std::nullopt : std::optional(packet);
}

template <typename T>
const T& any_of(std::mt19937_64& random, const std::vector<T>& values) {
  return values[random() % values.size()];
}

test::LoggedPacket any_packet(std::mt19937_64& random) {
  test::LoggedPacket packet;
  packet.prefix = any_of<std::string>(
      random,
      {"", "MAIL: ", "[UFW AUDIT] ", "Shorewall:loc2net:ACCEPT:", "IN=x OUT= SRC=1.2.3.4 ", "[x-A]", "DPT=25 "});
  packet.in = any_of<std::string>(random, {"", "eth1", "br-lan", "vlan10", "ppp0"});
  packet.out = any_of<std::string>(random, {"", "eth0", "ppp0"});
  if (random() % 4 == 0) {
    packet.source = any_of<std::string>(
        random, {"2001:0db8:0000:f101:0000:0000:0000:0002", "fe80:0000:0000:0000:0213:46ff:fe3a:4136"});
    packet.destination = "2001:0db8:0001:0000:0000:0000:0000:0019";
  } else {
    packet.source = fmt::format("172.16.{}.{}", random() % 256, random() % 256);
    packet.destination = fmt::format("{}.{}.{}.{}", random() % 224, random() % 256, random() % 256, random() % 256);
  }
  packet.source_port = any_of<int>(random, {40001, 25, 587, 1});
  packet.destination_port = any_of<int>(random, {25, 465, 587, 25, 25, 443, 2525, 53});
  packet.length = any_of<int>(random, {40, 52, 60, 576, 1500});
  packet.id = static_cast<int>(random() % 65536);
  packet.flags =
      any_of<std::string>(random, {"SYN ", "ACK ", "ACK PSH ", "ACK SYN ", "ACK FIN ", "RST ", "", "CWR ECE SYN "});
  packet.sequence = any_of<std::string>(random, {"", "SEQ=1 ACK=0 ", "SEQ=4294967295 ACK=4294967295 "});
  packet.options =
      any_of<std::string>(random, {"", "OPT (020405B4) ", "OPT (020405B40402080A12A016080000000001030307) "});
  packet.tail = any_of<std::string>(random, {"", "UID=0 GID=0 ", "MARK=0x1 "});
  return packet;
}

// Damage as disks, relays and people do it.
void damage(std::mt19937_64& random, std::string& line) {
  if (line.empty()) return;
  const std::size_t at = random() % line.size();
  switch (random() % 7) {
    case 0:
      line.resize(at);
      break;
    case 1:
      line[at] = static_cast<char>(random());
      break;
    case 2:
      line.erase(at, 1 + random() % 8);
      break;
    case 3:
      line.insert(at, line.substr(random() % line.size(), random() % 60));
      break;
    case 4:
      line.insert(at, any_of<std::string>(random, {" OUT=", "IN=", " DST=", "SPT=25 ", " ", "=", "T=", "25 ", "\r"}));
      break;
    case 5:
      line[at] = ' ';
      break;
    default:
      line.insert(0, line.substr(0, at));
      break;
  }
  for (char& c : line) {
    if (c == '\n') c = ' ';
  }
}

std::string any_line(std::mt19937_64& random) {
  if (random() % 16 == 0)
    return any_of<std::string>(random,
                               {"", "\r", "Jun 13 23:29:15 gw kernel: usb 1-1: T= OUT= x", "junk", "{\"a\":1}"});
  std::string line = std::string(test::kDialects[random() % test::kDialects.size()].head) + any_packet(random).text();
  for (auto times = random() % 3; times > 0; --times) damage(random, line);
  if (random() % 8 == 0) line += '\r';
  return line;
}

bool same(const PacketSighting& a, const PacketSighting& b) {
  return a.source == b.source && a.destination == b.destination && a.source_port == b.source_port &&
         a.destination_port == b.destination_port && a.sequence == b.sequence && a.ip_id == b.ip_id &&
         a.flags == b.flags && a.path == b.path;
}

TEST(LogBlockProperty, TheFastReaderAgreesWithTheSlowOne) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937_64 random(seed);
  LogLineReader reader;
  int packets = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string line = any_line(random);
    LogLine read;
    const bool found = reader.read(line, find_line_marks(line), read) == LineKind::MailPacket;
    if (const auto head = read_log_head(line); head && head->may_omit_interface) continue;  // Proxmox: log_line_test
    const auto slow = read_slowly(line);
    ASSERT_EQ(found, slow.has_value()) << line;
    if (!found) continue;
    ++packets;
    ASSERT_TRUE(same(read.packet, *slow)) << line;
  }
  EXPECT_GT(packets, 4'000) << "the generator makes too little that can be read";
}

TEST(LogBlockProperty, ABlockIsTheSumOfItsLines) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 40; ++round) {
    std::string text;
    LogBlock expected;
    for (auto lines = random() % 200; lines > 0; --lines) {
      const std::string line = any_line(random);
      text += line + '\n';
      LogLine read;
      LogLineReader reader;
      const LineKind kind = reader.read(line, find_line_marks(line), read);
      ++expected.lines;
      ++expected.kinds[static_cast<std::size_t>(kind)];
      if (kind == LineKind::MailPacket) expected.sightings.push_back({.packet = read.packet});
    }
    if (text.ends_with(" \n") && random() % 2 == 0) text.pop_back();  // the last line end may be missing
    LogBlock block;
    read_log_block(text, block);
    ASSERT_EQ(block.kinds, expected.kinds);
    ASSERT_EQ(block.lines, expected.lines);
    const auto packets = test::packets_of(block);
    ASSERT_EQ(packets.size(), expected.sightings.size());
    for (std::size_t i = 0; i < packets.size(); ++i) {
      ASSERT_TRUE(same(packets[i].packet, expected.sightings[i].packet));
    }
  }
}

TEST(LogMarks, AreThoseOfASlowSearchAtEveryOffset) {
  std::mt19937_64 random(7);
  std::string text(5000, ' ');
  for (char& c : text) c = "T=\nOUPD1 "[random() % 9];
  std::vector<std::uint32_t> marks(text.size() + 64);
  for (std::size_t begin = 0; begin < 200; ++begin) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{31}, std::size_t{64}, std::size_t{65}, std::size_t{777}}) {
      std::vector<std::uint32_t> expected;
      for (std::size_t i = begin; i < begin + size; ++i) {
        if (text[i] == '\n' || (i > 0 && text[i] == '=' && text[i - 1] == 'T'))
          expected.push_back(static_cast<std::uint32_t>(i));
      }
      const std::string exact = text.substr(0, begin + size);  // its own memory: reading past it is found
      const std::size_t count = find_log_marks(exact.data(), begin, begin + size, marks.data());
      ASSERT_EQ(std::vector<std::uint32_t>(marks.begin(), marks.begin() + static_cast<std::ptrdiff_t>(count)),
                expected);
    }
  }
}

TEST(LogBlock, OverLongLinesAreCountedAndSkipped) {
  const std::string good = std::string(test::kDialects[0].head) + test::LoggedPacket{}.text() + '\n';
  LogBlock block;
  read_log_block(good + std::string(kLogLineMax + 1, 'x') + '\n' + good + std::string(kLogLineMax, 'x') + '\n' + good,
                 block);
  EXPECT_EQ(block.lines, 5U);
  EXPECT_EQ(block.kinds[static_cast<std::size_t>(LineKind::TooLong)], 1U);
  EXPECT_EQ(test::packets_of(block).size(), 3U);
}

// The first of a second is read, the second one remembered, all others compared with it.
TEST(LogBlock, LinesLikeTheOneBeforeLeaveOnlyWhatIsTheirOwn) {
  const std::string packet = test::LoggedPacket{}.text() + '\n';
  for (const char* head : {"Jun 13 23:29:1%d gw kernel: [1269.733882] ", "2021-06-13T23:29:1%d+00:00 gw kernel: ",
                           "<4>1 2021-06-13T23:29:1%dZ gw kernel - - - [1269.733882] "}) {
    std::string text;
    for (const char* second : {"5", "5", "5", "5", "6"}) {
      text += std::string(head).replace(std::string(head).find("%d"), 2, second) + packet;
    }
    LogBlock block;
    read_log_block(text, block);
    EXPECT_EQ(block.sightings.size(), 3U) << head;
    EXPECT_EQ(block.plain.size(), 2U) << head;
    EXPECT_EQ(test::packets_of(block).size(), 5U) << head;
  }
}

TEST(LogBlock, CountsWhatTheLogSaysItLost) {
  LogBlock block;
  read_log_block(
      "Jun 13 23:29:15 gw systemd-journald[231]: Missed 12 kernel messages\nJun 13 gw x: Missed kernel messages\n",
      block);
  EXPECT_EQ(block.lost_lines, 12U);
}

TEST(LogBlock, NamesPastTheLimitShareOne) {
  Names names(2);
  EXPECT_EQ(names.number_of("a"), 0);
  EXPECT_EQ(names.number_of("b"), 1);
  EXPECT_EQ(names.number_of("c"), Names::kOther);
  EXPECT_EQ(names.number_of("a"), 0);
}

}  // namespace
}  // namespace mailweir
