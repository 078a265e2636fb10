// What programs and the kernel make of a ruleset is the model we made of it, in network namespaces of our own.
#include <gtest/gtest.h>

#include <algorithm>

#include "ruleset/print_ruleset.h"
#include "ruleset/read_ruleset.h"
#include "sys/enclosure.h"
#include "sys/namespace.h"
#include "sys/process.h"

namespace mailweir::rules {
namespace {

constexpr std::string_view kIptables = R"(*mangle
:PREROUTING ACCEPT [0:0]
-A PREROUTING -i eth0 -j MARK --set-xmark 0x1/0xff
-A PREROUTING -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
-A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:mail-A - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -s 192.0.2.0/24 ! -i eth+ -p tcp -m tcp --sport 1024: --dport 25 --syn -j mail-A
-A INPUT -p tcp -m multiport --dports 25,465,587,2000:3000 -m comment --comment "it's \"quoted\"" -j DROP
-A INPUT -p icmp --icmp-type echo-request -m limit --limit 30/minute --limit-burst 7 -j ACCEPT
-A INPUT -p udp -m udp ! --dport 53 -j LOG --log-prefix "odd: " --log-level info --log-uid
-A INPUT -m addrtype --dst-type BROADCAST,MULTICAST -j DROP
-A INPUT -m mac --mac-source 00:11:22:33:44:55 -j RETURN
-A INPUT -m iprange ! --src-range 192.0.2.3-192.0.2.9 -m mark --mark 0x5/0xff -j DROP
-A INPUT -m pkttype --pkt-type broadcast -m length --length 40:100 -m ttl --ttl-lt 5 -j DROP
-A INPUT -m conntrack ! --ctstate NEW,INVALID --ctproto 6 -m conntrack --ctstatus ASSURED -j ACCEPT
-A INPUT -p tcp -j REJECT --reject-with tcp-reset
-A INPUT -j NFLOG --nflog-group 5 --nflog-prefix n
-A OUTPUT -m owner ! --uid-owner 0-99 -j RETURN
-A OUTPUT -d 198.51.100.0/24 -p sctp -m sctp --dport 25 -g mail-A
-A OUTPUT -m connmark --mark 0x7 -j ACCEPT
-A mail-A -j REJECT
-A mail-A -s 10.1.0.3/255.255.0.255 -f -j DROP
COMMIT
)";

Ruleset read(std::string_view text, RuleFamily family) {
  Diagnostics remarks;
  ReadOptions options;
  options.family = family;
  Ruleset ruleset = read_iptables(text, options, remarks);
  for (const Diagnostic& d : remarks.list())
    if (d.severity == Severity::Error) std::fputs(render(d, text).c_str(), stderr);
  return ruleset;
}

// The statuses a body answers with.
enum Answer { kSame = 0, kDifferent = 1, kNotLoaded = 2, kNotThere = 3 };

int restored_is_the_same(const std::string& backend) {
  const auto restored = run_process({"iptables-" + backend + "-restore", "-c"}, kIptables);
  if (!restored) return kNotThere;
  if (restored->status != 0) {
    std::fputs(restored->err.c_str(), stderr);
    return kNotLoaded;
  }
  const auto saved = run_process({"iptables-" + backend + "-save", "-c"});
  if (!saved || saved->status != 0) return kNotThere;
  const Ruleset before = canonical_form(read(kIptables, RuleFamily::Ip4));
  Ruleset after = canonical_form(read(saved->out, RuleFamily::Ip4));
  std::erase_if(after.tables, [&](const Table& t) { return before.find_table(t.family, t.name) == nullptr; });
  if (before == after) return kSame;
  std::fputs(print_iptables(before, RuleFamily::Ip4)->c_str(), stderr);
  std::fputs(print_iptables(after, RuleFamily::Ip4)->c_str(), stderr);
  return kDifferent;
}

class Load : public testing::TestWithParam<const char*> {};

TEST_P(Load, WhatIptablesSavesIsWhatItWasGiven) {
  const auto answer = run_enclosed(Walls::Network, [] { return restored_is_the_same(GetParam()); });
  if (!answer) GTEST_SKIP() << answer.error().text();
  if (*answer == kNotThere) GTEST_SKIP() << "no iptables-" << GetParam() << " here";
  EXPECT_EQ(*answer, kSame);
}

INSTANTIATE_TEST_SUITE_P(Backends, Load, testing::Values("nft", "legacy"),
                         [](const auto& backend) { return backend.param; });

constexpr std::string_view kNft = R"(table inet t {
  set bad { type ipv4_addr; flags timeout; }
  set pairs { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/8 . 25, 192.0.2.1 . 80-90 } }
  map zones { type ifname : verdict; flags interval; elements = { "lo" : accept, "eth*" : jump user } }
  counter things {
  }
  chain user {
    return
  }
  chain in {
    type filter hook input priority filter + 5; policy drop;
    ip saddr != 10.0.0.0/8 tcp dport { 25, 465-587 } ct state new,related counter log prefix "x: " level info accept
    tcp flags & (syn | ack) == syn drop comment "first # packet"
    tcp flags syn drop
    tcp flags ! syn drop
    icmp type echo-request limit rate 5/second accept
    icmpv6 type . ip6 saddr { nd-router-advert . fe80::/10 } accept
    ct state != { new, established } drop
    ct state vmap { established : accept, invalid : drop }
    ct status dnat accept
    ip daddr . tcp dport @pairs accept
    iifname vmap @zones
    iif lo accept
    meta mark & 0xff == 5 accept
    ip saddr & 255.0.255.0 == 10.0.1.0 accept
    meta l4proto { tcp, udp } th dport 53 accept
    ip ttl 5 ip dscp cs1 accept
    fib saddr type { local, broadcast } drop
    fib saddr . iif oif missing drop
    meta mark set meta mark and 0xffffff00 or 0x5
    ct mark set meta mark
    ct count over 5 reject with icmpx admin-prohibited
    update @bad { ip saddr timeout 5m limit rate 3/second } drop
    counter name things
    numgen random mod 2 0 drop
    meta skuid 0 ct original ip saddr 192.0.2.7 accept
    ip saddr 192.0.2.1-192.0.2.9 tcp sport != 1-1023 goto user
    tcp dport vmap {
      25 : drop,
      80-90 : jump user
    }
    reject with tcp reset
  }
  chain pre {
    type nat hook prerouting priority dstnat;
    tcp dport 80 dnat ip to 192.0.2.5:8080
    tcp dport 81 redirect to :8081
  }
  chain post {
    type nat hook postrouting priority srcnat;
    oifname "eth0" masquerade random
  }
}
)";

TEST(NftText, WhatNftUnderstoodIsPrintedAndUnderstoodTheSame) {
  Diagnostics remarks;
  ReadOptions options;
  options.name = "rules.nft";
  const auto first = read_nft_text(kNft, options, remarks);
  if (!first) GTEST_SKIP() << first.error().text();
  for (const Diagnostic& d : remarks.list()) ADD_FAILURE() << render(d, kNft);
  const auto printed = print_nft(*first);
  ASSERT_TRUE(printed) << printed.error().text();
  const auto second = read_nft_text(*printed, options, remarks);
  ASSERT_TRUE(second) << second.error().text();
  for (const Diagnostic& d : remarks.list()) ADD_FAILURE() << render(d, *printed);
  EXPECT_EQ(canonical_form(*first), canonical_form(*second)) << *printed;
  const Chain* in = first->tables[0].find_chain("in");
  ASSERT_NE(in, nullptr);
  EXPECT_EQ(in->rules[0].origin.line, 12U) << "the file's own lines";
  EXPECT_EQ(in->rules[1].comment, "first # packet");
  EXPECT_EQ(in->rules.back().origin.line, 42U);
}

TEST(NftText, AMistakeHasItsPlace) {
  Diagnostics remarks;
  const auto read = read_nft_text("table inet t {\n  chain c {\n    tcp dprot 25 drop\n  }\n}\n", {}, remarks);
  if (!read) GTEST_SKIP() << read.error().text();
  ASSERT_FALSE(remarks.list().empty());
  EXPECT_EQ(remarks.list()[0].id, "ruleset.nft-error");
  EXPECT_EQ(remarks.list()[0].span.line, 3);
  EXPECT_EQ(remarks.list()[0].span.column, 9);
}

TEST(NftText, AnInterfaceThatIsNotHereIsNoMistake) {
  Diagnostics remarks;
  const auto read =
      read_nft_text("table inet t {\n  chain c {\n    iif \"wan7\" drop\n    oif lan5 drop\n  }\n}\n", {}, remarks);
  if (!read) GTEST_SKIP() << read.error().text();
  EXPECT_TRUE(remarks.list().empty());
  ASSERT_EQ(read->tables.size(), 1U);
  EXPECT_EQ(rule_text(read->tables[0], read->tables[0].chains[0].rules[1]), "oifname \"lan5\" drop");
}

int live_rules_are_joined() {
  const auto restored = run_process({"iptables-nft-restore"}, kIptables);
  if (!restored) return kNotThere;
  if (restored->status != 0) return kNotLoaded;
  if (run_process({"nft", "-f", "-"}, kNft)->status != 0) return kNotLoaded;
  Diagnostics remarks;
  const auto live = read_live_ruleset(remarks);
  if (!live) return kNotThere;
  const Table* filter = live->find_table(RuleFamily::Ip4, "filter");
  const Table* native = live->find_table(RuleFamily::Inet, "t");
  if (filter == nullptr || native == nullptr || filter->needs_save || filter->backend != Backend::Iptables)
    return kDifferent;
  const Ruleset given = read(kIptables, RuleFamily::Ip4);
  const bool same =
      filter->find_chain("INPUT")->rules == given.find_table(RuleFamily::Ip4, "filter")->find_chain("INPUT")->rules;
  // Counters are told by a live kernel and not by the text.
  Ruleset a, b;
  a.tables = {*filter};
  b.tables = {*given.find_table(RuleFamily::Ip4, "filter")};
  return (same || canonical_form(a) == canonical_form(b)) && filter->find_chain("INPUT")->rules[0].handle != 0
             ? kSame
             : kDifferent;
}

TEST(Live, RulesOfBothKindsAreJoined) {
  const auto answer = run_enclosed(Walls::Network, live_rules_are_joined);
  if (!answer) GTEST_SKIP() << answer.error().text();
  if (*answer == kNotThere) GTEST_SKIP() << "no iptables-nft here";
  EXPECT_EQ(*answer, kSame);
}

}  // namespace
}  // namespace mailweir::rules
