#include "ingest/log_line.h"

#include <gtest/gtest.h>

#include "tests/support/kernel_log_lines.h"

namespace mailweir {
namespace {

using test::LoggedPacket;

constexpr std::string_view kHead = "2021-06-13T23:29:15Z gw kernel: ";

struct Read {
  LineKind kind;
  LogLine line;
};

class LogLineTest : public ::testing::Test {
 protected:
  // The line must outlive the views in the answer.
  Read read(std::string text) {
    text_ = std::move(text);
    Read answer{};
    answer.kind = reader_.read(text_, find_line_marks(text_), answer.line);
    return answer;
  }
  Read read_packet(const LoggedPacket& packet) { return read(std::string(kHead) + packet.text()); }
  std::string text_;
  LogLineReader reader_;
};

TEST_F(LogLineTest, EveryDialectShowsThePacket) {
  for (const test::Dialect& dialect : test::kDialects) {
    const Read answer = read(std::string(dialect.head) + LoggedPacket{}.text());
    ASSERT_EQ(answer.kind, LineKind::MailPacket) << dialect.name;
    const PacketSighting& packet = answer.line.packet;
    EXPECT_EQ(packet.source.text(), "172.16.5.9") << dialect.name;
    EXPECT_EQ(packet.destination.text(), "198.51.100.25") << dialect.name;
    EXPECT_EQ(packet.source_port, 40001);
    EXPECT_EQ(packet.destination_port, 25);
    EXPECT_EQ(packet.ip_id, 4711);
    EXPECT_EQ(packet.flags, tcp_flag::kSyn);
    EXPECT_EQ(packet.path, Path::Forward);
    EXPECT_EQ(answer.line.in, "eth1");
    EXPECT_EQ(answer.line.out, "eth0");
    EXPECT_TRUE(answer.line.rule.ends_with("MAIL: ")) << dialect.name << answer.line.rule;
  }
}

TEST_F(LogLineTest, PathsFollowFromTheInterfaces) {
  EXPECT_EQ(read_packet({.in = ""}).line.packet.path, Path::Output);
  EXPECT_EQ(read_packet({.out = ""}).line.packet.path, Path::Input);
  EXPECT_EQ(read_packet({.in = "", .out = ""}).line.packet.path, Path::Unknown);
  EXPECT_EQ(read_packet({.in = "ppp0", .out = "vlan10.eth1.7", .mac = "MAC= "}).kind, LineKind::MailPacket);
}

TEST_F(LogLineTest, BridgesNameTheirPorts) {
  const Read answer =
      read_packet({.in = "fwbr101i0", .out = "fwbr101i0", .mac = "PHYSIN=tap101i0 PHYSOUT=fwln101i0 MAC=aa:bb "});
  ASSERT_EQ(answer.kind, LineKind::MailPacket);
  EXPECT_EQ(answer.line.in, "tap101i0");
  EXPECT_EQ(answer.line.out, "fwln101i0");
}

TEST_F(LogLineTest, DecodedMacsDoNotHideTheAddresses) {
  const Read answer = read_packet({.mac = "MACSRC=52:54:00:12:34:56 MACDST=52:54:00:ab:cd:ef MACPROTO=0800 "});
  ASSERT_EQ(answer.kind, LineKind::MailPacket);
  EXPECT_EQ(answer.line.packet.destination.text(), "198.51.100.25");
}

TEST_F(LogLineTest, Ipv6InTheKernelsLongForm) {
  const Read answer = read_packet({.source = "2001:0db8:0000:f101:0000:0000:0000:0002",
                                   .destination = "2001:0db8:0001:0000:0000:0000:0000:0019",
                                   .length = 80});
  ASSERT_EQ(answer.kind, LineKind::MailPacket);
  EXPECT_EQ(answer.line.packet.source.text(), "2001:db8:0:f101::2");
  EXPECT_EQ(answer.line.packet.ip_id, 0);
  EXPECT_EQ(read_packet({.source = "::ffff:10.0.0.1", .destination = "2001:db8::1"}).kind, LineKind::Torn);
}

TEST_F(LogLineTest, AHostilePrefixChangesNothing) {
  for (const char* prefix : {"IN= OUT=eth9 SRC=6.6.6.6 DST=7.7.7.7 LEN=60 PROTO=TCP SPT=1 DPT=25 WINDOW=1 SYN URGP=0 ",
                             "IN= foo IN=bar ININ: ", "SRC=6.6.6.6 DST=7.7.7.7 ", "[SRC=6.6.6.6 DST=7.7.7.7 PROTO=UDP ",
                             "IN=eth9 OUT= ", "OUT=x ", "PHYSIN=", "glued"}) {
    const Read answer = read_packet({.prefix = prefix});
    ASSERT_EQ(answer.kind, LineKind::MailPacket) << prefix;
    EXPECT_EQ(answer.line.packet.source.text(), "172.16.5.9") << prefix;
    EXPECT_EQ(answer.line.in, "eth1") << prefix;
    EXPECT_EQ(answer.line.rule, prefix);
  }
  EXPECT_EQ(read_packet({.prefix = "DPT=25 ", .destination_port = 443}).kind, LineKind::NoMailPort);
}

TEST_F(LogLineTest, OptionsMarksAndOwnersAreReadOver) {
  const Read answer = read_packet({.length = 1500,
                                   .flags = "ACK PSH ",
                                   .sequence = "SEQ=567002889 ACK=12 ",
                                   .options = "OPT (0101080A12A0160800000000) ",
                                   .tail = "UID=1000 GID=1000 MARK=0xd4 "});
  ASSERT_EQ(answer.kind, LineKind::MailPacket);
  EXPECT_EQ(answer.line.packet.sequence, 567002889U);
  EXPECT_EQ(answer.line.packet.payload, 1500U - 20 - 32);
  EXPECT_EQ(answer.line.packet.flags, tcp_flag::kAck | tcp_flag::kPsh);
}

TEST_F(LogLineTest, PayloadIsNotInventedWhereOptionsAreUnknown) {
  EXPECT_EQ(read_packet({.length = 60}).line.packet.payload, 0U) << "a SYN";
  EXPECT_EQ(read_packet({.length = 52, .flags = "ACK "}).line.packet.payload, 0U)
      << "an acknowledgement with a time stamp";
  EXPECT_EQ(read_packet({.length = 40, .flags = "ACK "}).line.packet.payload, 0U);
  EXPECT_EQ(read_packet({.length = 140, .flags = "ACK PSH "}).line.packet.payload, 100U);
  EXPECT_EQ(read_packet({.length = 20, .flags = "ACK "}).line.packet.payload, 0U) << "shorter than its headers";
}

TEST_F(LogLineTest, OtherProtocolsAndEmbeddedPacketsAreNotMail) {
  const std::string udp =
      "IN=eth1 OUT=eth0 SRC=10.0.0.1 DST=10.0.0.2 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=1 PROTO=UDP SPT=9 DPT=25 LEN=40 ";
  EXPECT_EQ(read(std::string(kHead) + udp).kind, LineKind::NotTcp);
  const std::string icmp =
      "IN=eth0 OUT= SRC=192.0.2.71 DST=192.0.2.83 LEN=88 TOS=0x00 PREC=0x00 TTL=118 ID=2 PROTO=ICMP TYPE=3 CODE=3 "
      "[SRC=192.0.2.83 DST=198.51.100.1 LEN=60 TOS=0x00 PREC=0x00 TTL=54 ID=0 DF PROTO=TCP SPT=2145 DPT=25 WINDOW=1 "
      "RES=0x00 SYN URGP=0 ] ";
  EXPECT_EQ(read(std::string(kHead) + icmp).kind, LineKind::NotTcp);
  const std::string gre = "IN=eth1 OUT=eth0 SRC=10.0.0.1 DST=10.0.0.2 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=1 PROTO=47 ";
  EXPECT_EQ(read(std::string(kHead) + gre).kind, LineKind::NoMailPort);
  const std::string incomplete =
      "IN=eth1 OUT=eth0 SRC=10.0.0.1 DST=10.0.0.2 LEN=28 TOS=0x00 PREC=0x00 TTL=63 ID=1 PROTO=TCP INCOMPLETE [8 "
      "bytes] ";
  EXPECT_EQ(read(std::string(kHead) + incomplete).kind, LineKind::NoMailPort);
  EXPECT_EQ(read_packet({.source_port = 25, .destination_port = 40000, .flags = "ACK SYN "}).kind, LineKind::MailPacket)
      << "an answer";
  EXPECT_EQ(read_packet({.flags = ""}).kind, LineKind::NoFlags);
}

TEST_F(LogLineTest, LineEndsOfOtherSystems) {
  EXPECT_EQ(read(std::string(kHead) + LoggedPacket{}.text() + "\r").kind, LineKind::MailPacket);
}

TEST_F(LogLineTest, WhoWroteItDecides) {
  EXPECT_EQ(read("Jun 13 23:29:15 gw sshd[1]: " + LoggedPacket{}.text()).kind, LineKind::NotTheKernel);
  EXPECT_EQ(read(LoggedPacket{}.text()).kind, LineKind::NoTime);
  EXPECT_TRUE(read("Jun 13 23:29:15 udm [LAN-A-1] " + LoggedPacket{.prefix = ""}.text()).line.untagged);
}

TEST_F(LogLineTest, ProxmoxLeavesEmptyInterfacesOut) {
  const std::string head = "0 1 PVEFW-HOST-OUT 20/Jun/2022:13:16:23 +0200 ";
  const std::string rest =
      "SRC=10.3.94.12 DST=10.3.94.10 LEN=60 TOS=0x10 PREC=0x00 TTL=64 ID=59156 DF PROTO=TCP SPT=49566 DPT=25 "
      "SEQ=708451139 ACK=0 WINDOW=64240 SYN";
  Read answer = read(head + "REJECT: OUT=vmbr0.94 " + rest + " ");
  ASSERT_EQ(answer.kind, LineKind::MailPacket);
  EXPECT_EQ(answer.line.packet.path, Path::Output);
  EXPECT_EQ(answer.line.rule, "REJECT: ");
  answer = read(head + "policy DROP: IN=vmbr0 MAC=aa:bb " + rest);
  ASSERT_EQ(answer.kind, LineKind::MailPacket);
  EXPECT_EQ(answer.line.packet.path, Path::Input);
}

TEST_F(LogLineTest, ACutLineIsNeverAnotherPacket) {
  const std::string whole = std::string(kHead) + LoggedPacket{.destination_port = 25001, .flags = "ACK SYN "}.text();
  const std::string mail = std::string(kHead) + LoggedPacket{.flags = "ACK SYN "}.text();
  const std::size_t complete = mail.find("URGP=") + 5;
  for (std::size_t length = 0; length < mail.size(); ++length) {
    EXPECT_NE(read(whole.substr(0, length)).kind, LineKind::MailPacket) << length;
    const Read answer = read(mail.substr(0, length));
    if (answer.kind != LineKind::MailPacket) continue;
    EXPECT_GE(length, complete);
    EXPECT_EQ(answer.line.packet.flags, tcp_flag::kSyn | tcp_flag::kAck);
  }
}

TEST_F(LogLineTest, TwoLinesRunTogetherAreTornOrTheSecond) {
  const std::string first = std::string(kHead) + LoggedPacket{.source = "10.9.9.9"}.text();
  const std::string second = std::string(kHead) + LoggedPacket{}.text();
  for (std::size_t length = 0; length < first.size(); ++length) {
    const Read answer = read(first.substr(0, length) + second);
    if (answer.kind == LineKind::MailPacket) {
      EXPECT_EQ(answer.line.packet.source.text(), "172.16.5.9") << length;
    }
  }
}

TEST_F(LogLineTest, JournalEntries) {
  const auto entry = [](std::string_view transport, std::string_view message) {
    return fmt::format(
        R"({{"__REALTIME_TIMESTAMP":"1623626955000000","_TRANSPORT":"{}","SYSLOG_IDENTIFIER":"kernel","MESSAGE":{}}})",
        transport, message);
  };
  const std::string text = '"' + LoggedPacket{.prefix = R"(say \"hi\": )"}.text() + '"';
  Read answer = read(entry("kernel", text));
  ASSERT_EQ(answer.kind, LineKind::MailPacket);
  EXPECT_EQ(answer.line.rule, "say \"hi\": ");
  EXPECT_EQ(answer.line.time.us, test::kDialectTime * 1'000'000);
  EXPECT_EQ(read(entry("syslog", text)).kind, LineKind::NotTheKernel)
      << "an identifier can be forged, the transport cannot";

  std::string numbers;
  for (const char c : "\xe9 " + LoggedPacket{}.text())
    numbers += (numbers.empty() ? "" : ",") + std::to_string(static_cast<unsigned char>(c));
  EXPECT_EQ(read(entry("kernel", '[' + numbers + ']')).kind, LineKind::MailPacket);
  EXPECT_EQ(read(entry("kernel", "[300, \" OUT= DPT=25 \"]")).kind, LineKind::BadJson);
  EXPECT_EQ(read(entry("kernel", text).substr(0, 300)).kind, LineKind::BadJson);
  EXPECT_EQ(read(R"({"MESSAGE":" OUT= DPT=25 "})").kind, LineKind::BadJson) << "no time";
}

TEST_F(LogLineTest, LinesWithoutAMailPortAreToldApartByTheirWords) {
  EXPECT_EQ(read_packet({.destination_port = 443}).kind, LineKind::NoMailPort);
  EXPECT_EQ(read("Jun 13 23:29:15 gw kernel: usb 1-1: new device").kind, LineKind::NotNetfilter);
  EXPECT_EQ(read("Jun 13 23:29:15 gw kernel: IN=eth0 OUT= MAC=aa SRC=10.0.").kind, LineKind::Torn);
  EXPECT_EQ(read("").kind, LineKind::NotNetfilter);
}

}  // namespace
}  // namespace mailweir
