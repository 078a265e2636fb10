// Every cause, each by a line that has it and by one that does not.
#include "explain/causes.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/support/explained.h"

namespace mailweir::rules {
namespace {

// What belongs to a connection passes, everything else is logged.
constexpr char kLogAll[] = R"(-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -j LOG --log-prefix "L: "
-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -j LOG --log-prefix "L: "
-A OUTPUT -m state --state RELATED -j ACCEPT
-A OUTPUT -j LOG --log-prefix "L: "
)";
// The situation people ask about: replies are accepted, INVALID is not dropped, the rest of OUTPUT is logged.
constexpr char kRejecting[] = R"(-A INPUT -i lo -j ACCEPT
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -p tcp -j REJECT --reject-with tcp-reset
-A OUTPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -j LOG --log-prefix "L: "
)";

std::string tcp(std::string_view interfaces, int from, int to, std::string_view flags,
                std::string_view source = "192.0.2.1", std::string_view destination = "198.51.100.7",
                std::string_view more = "") {
  return fmt::format(
      "L: {} SRC={} DST={} LEN=52 TOS=0x00 PREC=0x00 TTL=64 ID=0 DF PROTO=TCP SPT={} DPT={} WINDOW=0 RES=0x00 {} "
      "URGP=0 {}\n",
      interfaces, source, destination, from, to, flags, more);
}
std::string udp(std::string_view interfaces, std::string_view source, std::string_view destination, int from, int to,
                std::string_view mac = "") {
  return fmt::format(
      "L: {} MAC={} SRC={} DST={} LEN=100 TOS=0x00 PREC=0x00 TTL=64 ID=0 PROTO=UDP SPT={} DPT={} LEN=80\n", interfaces,
      mac, source, destination, from, to);
}
std::string icmp(std::string_view interfaces, int type, int code, std::string_view more = "") {
  return fmt::format(
      "L: {} SRC=198.51.100.7 DST=192.0.2.1 LEN=84 TOS=0x00 PREC=0x00 TTL=64 ID=0 PROTO=ICMP TYPE={} CODE={} {}\n",
      interfaces, type, code, more);
}

TEST(Causes, ResetByReject) {
  const Explained answer(kRejecting, tcp("IN= OUT=eth0", 3594, 80, "RST"));
  EXPECT_EQ(answer.likeliest(), "reset-by-reject");
  EXPECT_EQ(answer.state(), ConnectionState::Invalid);
  const LineCause* cause = answer.cause("reset-by-reject");
  ASSERT_NE(cause, nullptr);
  EXPECT_TRUE(cause->judgement.simulated);
  EXPECT_NE(cause->judgement.text.find("INPUT 4"), std::string::npos) << cause->judgement.text;
  EXPECT_EQ(cause->judgement.before, "tcp 198.51.100.7:80 > 192.0.2.1:3594 syn,ack in eth0");
  // A program's own reset has its owner in the line.
  EXPECT_EQ(Explained(kRejecting, tcp("IN= OUT=eth0", 3594, 80, "RST", "192.0.2.1", "198.51.100.7", "UID=0 GID=0"))
                .cause("reset-by-reject"),
            nullptr);
}

TEST(Causes, ResetByClosedPortIsTheOtherMakerAndTheOnlyOneWithoutReject) {
  const Explained both(kRejecting, tcp("IN= OUT=eth0", 3594, 80, "RST"));
  ASSERT_NE(both.cause("reset-by-closed-port"), nullptr);
  EXPECT_TRUE(both.cause("reset-by-closed-port")->judgement.simulated);
  const Explained open(
      "-A OUTPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n-A OUTPUT -j LOG --log-prefix \"L: \"\n",
      tcp("IN= OUT=eth0", 3594, 80, "RST"));
  EXPECT_EQ(open.likeliest(), "reset-by-closed-port");
  EXPECT_EQ(open.cause("reset-by-reject"), nullptr);
  // Ours to a port that is accepted: TCP answers, not the rule.
  EXPECT_EQ(Explained(kRejecting, tcp("IN= OUT=eth0", 22, 80, "RST")).likeliest(), "reset-by-closed-port");
}

TEST(Causes, Backscatter) {
  EXPECT_NE(Explained(kRejecting, tcp("IN= OUT=eth0", 3594, 80, "RST")).cause("backscatter"), nullptr);
  EXPECT_EQ(Explained(kLogAll, tcp("IN=eth0 OUT=", 80, 3594, "ACK SYN")).likeliest(), "backscatter");
  EXPECT_EQ(Explained(kRejecting, tcp("IN= OUT=eth0", 22, 50000, "RST")).cause("backscatter"), nullptr);
}

TEST(Causes, IcmpErrorsOfOurOwn) {
  const std::string rules =
      "-A INPUT -p udp -j REJECT\n-A OUTPUT -m state --state ESTABLISHED -j ACCEPT\n-A OUTPUT -j LOG --log-prefix \"L: "
      "\"\n";
  const Explained answer(
      rules,
      "L: IN= OUT=eth0 SRC=192.0.2.1 DST=198.51.100.7 LEN=128 TOS=0x00 PREC=0xC0 TTL=64 ID=1 PROTO=ICMP TYPE=3 CODE=3 "
      "[SRC=198.51.100.7 DST=192.0.2.1 LEN=100 TTL=60 ID=2 PROTO=UDP SPT=5000 DPT=123 LEN=80 ]\n");
  EXPECT_EQ(answer.likeliest(), "icmp-error-sent");
  EXPECT_TRUE(answer.cause("icmp-error-sent")->judgement.simulated);
  EXPECT_EQ(answer.state(), ConnectionState::Related) << answer.first().causes.front().judgement.text;
}

TEST(Causes, PingAnswered) {
  EXPECT_EQ(
      Explained(kLogAll, "L: IN= OUT=eth0 SRC=192.0.2.1 DST=198.51.100.7 LEN=84 PROTO=ICMP TYPE=0 CODE=0 ID=1 SEQ=1\n")
          .likeliest(),
      "ping-answered");
}

TEST(Causes, LatePacket) {
  EXPECT_EQ(Explained(kLogAll, tcp("IN=eth0 OUT=", 443, 50000, "ACK FIN")).likeliest(), "late-packet");
  EXPECT_EQ(Explained(kLogAll, tcp("IN=eth0 OUT=", 443, 50000, "SYN")).cause("late-packet"), nullptr);
}

TEST(Causes, AsymmetricRouting) {
  EXPECT_EQ(Explained(kLogAll, tcp("IN=eth0 OUT=eth1", 443, 50000, "ACK SYN")).likeliest(), "asymmetric-routing");
  EXPECT_EQ(Explained(kLogAll, tcp("IN=eth0 OUT=eth1", 50000, 443, "SYN")).cause("asymmetric-routing"), nullptr);
}

TEST(Causes, ConntrackTableFull) {
  const std::string line = tcp("IN=eth0 OUT=", 443, 50000, "ACK");
  EXPECT_EQ(Explained(kLogAll, "kernel: nf_conntrack: table full, dropping packet\n" + line).likeliest(),
            "conntrack-table-full");
  EXPECT_EQ(Explained(kLogAll, line).cause("conntrack-table-full"), nullptr);
}

TEST(Causes, PortScan) {
  std::string scan;
  for (int port = 20; port != 40; ++port) scan += tcp("IN=eth0 OUT=", 40000, port, "SYN", "198.51.100.7", "192.0.2.1");
  EXPECT_EQ(Explained(kLogAll, scan).likeliest(), "port-scan");
  for (const char* flags : {"", "FIN", "URG PSH FIN", "SYN FIN"})
    EXPECT_EQ(Explained(kLogAll, tcp("IN=eth0 OUT=", 40000, 50000, flags)).likeliest(), "port-scan") << flags;
  std::string answers;
  for (int port = 20; port != 40; ++port) answers += tcp("IN= OUT=eth0", port, 40000, "ACK RST");
  EXPECT_EQ(Explained("", answers).likeliest(), "port-scan");
  EXPECT_EQ(Explained(kLogAll, tcp("IN=eth0 OUT=", 443, 50000, "ACK")).cause("port-scan"), nullptr);
}

TEST(Causes, IcmpErrorAboutAnotherPacket) {
  const Explained answer(
      kLogAll, icmp("IN=eth0 OUT=", 3, 4, "[SRC=192.0.2.1 DST=198.51.100.7 LEN=1500 PROTO=TCP SPT=25 DPT=50000 ]"));
  EXPECT_EQ(answer.likeliest(), "icmp-error");
  EXPECT_NE(answer.cause("icmp-error")->judgement.text.find("how large"), std::string::npos);
  EXPECT_EQ(Explained(kLogAll, icmp("IN=eth0 OUT=", 8, 0)).cause("icmp-error"), nullptr);
}

TEST(Causes, BroadcastAndMulticastNoise) {
  EXPECT_EQ(Explained(kLogAll, udp("IN=eth0 OUT=", "192.168.1.9", "255.255.255.255", 68, 67)).likeliest(),
            "broadcast-noise");
  EXPECT_EQ(Explained(kLogAll, udp("IN=eth0 OUT=", "192.168.1.9", "192.168.1.255", 137, 137,
                                   "ff:ff:ff:ff:ff:ff:00:01:02:03:04:05:08:00"))
                .likeliest(),
            "broadcast-noise");
  EXPECT_EQ(Explained(kLogAll, udp("IN=eth0 OUT=", "192.168.1.9", "224.0.0.251", 5353, 5353)).likeliest(),
            "multicast-noise");
  EXPECT_EQ(Explained(kLogAll, "L: IN=eth0 OUT= SRC=192.168.1.1 DST=224.0.0.1 LEN=32 TTL=1 ID=0 PROTO=2\n").likeliest(),
            "multicast-noise");
  const Explained plain(kLogAll, udp("IN=eth0 OUT=", "198.51.100.7", "192.0.2.1", 5000, 123));
  EXPECT_EQ(plain.cause("broadcast-noise"), nullptr);
  EXPECT_EQ(plain.cause("multicast-noise"), nullptr);
}

TEST(Causes, NeighbourDiscovery) {
  Diagnostics remarks;
  const Ruleset rules = read_iptables("-A INPUT -j LOG --log-prefix \"L: \"\n-A INPUT -j DROP\n",
                                      {.name = "-", .family = RuleFamily::Ip6, .limits = {}}, remarks);
  const Program program(rules);
  const PastedText pasted = read_pasted_text(
      "L: IN=eth0 OUT= SRC=fe80::1 DST=ff02::1:ff00:1 LEN=72 TC=0 HOPLIMIT=255 FLOWLBL=0 PROTO=ICMPv6 TYPE=135 "
      "CODE=0\n");
  const LinesExplained answer = explain_lines(pasted, &program, nullptr);
  EXPECT_EQ(answer.groups.front().causes.front().id, "neighbour-discovery");
  ASSERT_FALSE(answer.groups.front().remedies.empty());
  EXPECT_TRUE(answer.groups.front().remedies.front().verified);
}

TEST(Causes, Ping) {
  EXPECT_EQ(Explained(kLogAll, icmp("IN=eth0 OUT=", 8, 0)).likeliest(), "ping");
  EXPECT_EQ(Explained(kLogAll, icmp("IN=eth0 OUT=", 0, 0)).likeliest(), "ping");
}

TEST(Causes, MailRetry) {
  const std::string rules =
      "-A OUTPUT -p tcp --dport 25 -j LOG --log-prefix \"L: \"\n-A OUTPUT -p tcp --dport 25 -j REJECT\n";
  const Explained answer(rules, tcp("IN= OUT=eth0", 40000, 25, "SYN", "192.0.2.1", "198.51.100.7", "UID=105 GID=110"));
  EXPECT_EQ(answer.likeliest(), "mail-retry");
  EXPECT_NE(answer.cause("mail-retry")->judgement.text.find("user 105"), std::string::npos);
  EXPECT_EQ(Explained(rules, tcp("IN= OUT=eth0", 40000, 26, "SYN")).cause("mail-retry"), nullptr);
}

TEST(Causes, DnsOverTcpAndLateDnsAnswers) {
  const std::string rules =
      "-A OUTPUT -p udp --dport 53 -j ACCEPT\n-A OUTPUT -j LOG --log-prefix \"L: \"\n-A OUTPUT -j DROP\n";
  const Explained answer(rules, tcp("IN= OUT=eth0", 40000, 53, "SYN"));
  EXPECT_EQ(answer.likeliest(), "dns-over-tcp");
  const Remedy* remedy = answer.remedy("--dport 53 -j ACCEPT");
  ASSERT_NE(remedy, nullptr);
  EXPECT_TRUE(remedy->verified);
  EXPECT_EQ(remedy->changes, std::vector<std::string>{"DNS over TCP"});
  EXPECT_EQ(Explained(kLogAll, udp("IN=eth0 OUT=", "198.51.100.7", "192.0.2.1", 53, 40000)).likeliest(),
            "late-dns-answer");
}

TEST(Causes, NotAllowed) {
  EXPECT_EQ(Explained(kLogAll, tcp("IN= OUT=eth0", 40000, 443, "SYN")).likeliest(), "not-allowed");
  EXPECT_EQ(Explained(kLogAll, tcp("IN= OUT=eth0", 40000, 443, "ACK")).cause("not-allowed"), nullptr);
}

TEST(Causes, EstablishedTooLate) {
  const std::string rules =
      "-A INPUT -j LOG --log-prefix \"L: \"\n-A INPUT -m state --state ESTABLISHED -j ACCEPT\n-A INPUT -j DROP\n";
  const Explained answer(rules, tcp("IN=eth0 OUT=", 443, 50000, "ACK PSH"));
  EXPECT_EQ(answer.likeliest(), "established-too-late");
  EXPECT_EQ(Explained("-A INPUT -m state --state ESTABLISHED -j ACCEPT\n-A INPUT -j LOG --log-prefix \"L: \"\n",
                      tcp("IN=eth0 OUT=", 443, 50000, "ACK PSH"))
                .cause("established-too-late"),
            nullptr);
}

TEST(Causes, EstablishedMissing) {
  EXPECT_EQ(Explained("-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -j LOG --log-prefix \"L: \"\n-A INPUT -j DROP\n",
                      tcp("IN=eth0 OUT=", 443, 50000, "ACK PSH"))
                .likeliest(),
            "established-missing");
}

TEST(Causes, Loopback) {
  const Explained answer("-A INPUT -j LOG --log-prefix \"L: \"\n-A INPUT -j DROP\n",
                         tcp("IN=lo OUT=", 50000, 25, "SYN", "127.0.0.1", "127.0.0.1"));
  EXPECT_EQ(answer.likeliest(), "loopback");
  const Remedy* remedy = answer.remedy("-I INPUT 1 -i lo -j ACCEPT");
  ASSERT_NE(remedy, nullptr);
  EXPECT_TRUE(remedy->verified);
  EXPECT_EQ(Explained(kLogAll, tcp("IN=eth0 OUT=", 50000, 25, "SYN")).cause("loopback"), nullptr);
}

TEST(Causes, LogLimit) {
  const Explained limited("-A INPUT -m limit -j LOG --log-prefix \"L: \"\n", tcp("IN=eth0 OUT=", 50000, 25, "SYN"));
  ASSERT_NE(limited.cause("log-limit"), nullptr);
  EXPECT_NE(limited.cause("log-limit")->judgement.text.find("5 packets at once and then 3 in an hour"),
            std::string::npos);
  EXPECT_EQ(Explained(kLogAll, tcp("IN=eth0 OUT=", 50000, 25, "SYN")).cause("log-limit"), nullptr);
}

TEST(Causes, EveryIdIsItsOwnAndHasATitle) {
  std::set<std::string_view> ids;
  for (const CauseKind& kind : cause_kinds()) {
    EXPECT_TRUE(ids.insert(kind.id).second) << kind.id;
    EXPECT_FALSE(kind.title.empty());
  }
  EXPECT_GE(ids.size(), 14U);
}

TEST(Causes, WithoutRulesTheLineAloneIsJudged) {
  const Explained answer("", tcp("IN= OUT=eth0", 3594, 80, "RST"));
  EXPECT_EQ(answer.state(), ConnectionState::Invalid);
  EXPECT_NE(answer.cause("backscatter"), nullptr);
  EXPECT_NE(answer.cause("reset-by-closed-port"), nullptr);
  EXPECT_TRUE(answer.first().remedies.empty());
}

}  // namespace
}  // namespace mailweir::rules
