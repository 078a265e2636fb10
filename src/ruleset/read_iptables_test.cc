#include <gtest/gtest.h>

#include <algorithm>

#include "ruleset/print_ruleset.h"
#include "ruleset/read_ruleset.h"

namespace mailweir::rules {
namespace {

struct Outcome {
  Ruleset ruleset;
  Diagnostics remarks;
  // "file:line:column id", worst first come, first served
  [[nodiscard]] std::string first() const {
    if (remarks.list().empty()) return "";
    const Diagnostic& d = remarks.list()[0];
    return d.id + " " + std::to_string(d.span.line) + ":" + std::to_string(d.span.column);
  }
  [[nodiscard]] const Chain& chain(std::string_view name, std::string_view table = "filter",
                                   RuleFamily family = RuleFamily::Ip4) const {
    const Table* found = ruleset.find_table(family, table);
    EXPECT_NE(found, nullptr);
    const Chain* chain = found->find_chain(name);
    EXPECT_NE(chain, nullptr) << name;
    return *chain;
  }
};

Outcome read(std::string_view text, std::optional<RuleFamily> family = {}) {
  Outcome outcome;
  ReadOptions options;
  options.name = "rules";
  options.family = family;
  outcome.ruleset = read_iptables(text, options, outcome.remarks);
  return outcome;
}

// As it comes back from the printer, one rule.
std::string back(std::string_view rule, std::optional<RuleFamily> family = {}) {
  const Outcome outcome = read(rule, family);
  if (!outcome.remarks.list().empty()) return outcome.first();
  for (const Table& table : outcome.ruleset.tables)
    for (const Chain& chain : table.chains)
      if (!chain.rules.empty()) return "-A " + chain.name + " " + rule_text(table, chain.rules[0]);
  return "nothing";
}

TEST(ReadIptables, SaysBackWhatItUnderstood) {
  constexpr std::string_view kSame[] = {
      "-A OUTPUT -p tcp -m tcp --dport 25 -j ACCEPT",
      "-A INPUT -s 192.0.2.0/24 ! -i eth+ -p tcp -m tcp --sport 1024:65535 --dport 25 --tcp-flags SYN,ACK SYN -j DROP",
      "-A INPUT -p tcp -m multiport --dports 25,465,587,2000:3000 -j ACCEPT",
      "-A INPUT -p udp -m multiport --ports 53,123 -j ACCEPT",
      "-A INPUT -p icmp -m icmp --icmp-type 8 -m limit --limit 5/sec --limit-burst 10 -j ACCEPT",
      "-A INPUT -p icmp -m icmp --icmp-type 3/4 -j ACCEPT",
      "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
      "-A OUTPUT -m owner --uid-owner 0-99 -j ACCEPT",
      "-A OUTPUT -m owner ! --uid-owner 105 -j ACCEPT",
      "-A INPUT -m mac --mac-source 00:11:22:aa:bb:cc -j DROP",
      "-A INPUT -m addrtype --dst-type BROADCAST,MULTICAST -j DROP",
      "-A INPUT -m iprange --src-range 192.0.2.3-192.0.2.9 -j DROP",
      "-A INPUT -m mark ! --mark 0x1/0xff -j RETURN",
      "-A INPUT -m comment --comment \"it\\'s a \\\"test\\\"\" -j mine",
      "-A INPUT -g elsewhere",
      "-A INPUT -j LOG --log-prefix \"IN: \" --log-level 6 --log-uid",
      "-A INPUT -j NFLOG --nflog-prefix x --nflog-group 5",
      "-A INPUT -p tcp -j REJECT --reject-with tcp-reset",
      "-A INPUT -m set --match-set bad src,dst -j DROP",
      "-A INPUT -m string --algo bm --string \"a b\" -j DROP",
      "-A INPUT -s 10.0.1.0/255.0.255.0 -j DROP",
      "-A INPUT -m recent --update --seconds 60 --hitcount 4 --name ssh --mask 255.255.255.255 --rsource -j DROP",
      "-A INPUT -m hashlimit --hashlimit-above 10/sec --hashlimit-burst 5 --hashlimit-mode srcip --hashlimit-name x -j "
      "DROP",
      "-A INPUT -m connlimit --connlimit-above 10 --connlimit-mask 32 --connlimit-saddr -j DROP",
  };
  for (const std::string_view rule : kSame) {
    const std::string said = back(rule);
    if (rule.find("RELATED,EST") != std::string_view::npos)
      EXPECT_EQ(said, "-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT");
    else
      EXPECT_EQ(said, rule);
  }
}

TEST(ReadIptables, ManyWaysToSayTheSame) {
  const std::string mail = "-A OUTPUT ! -d 192.0.2.1/32 -p tcp -m tcp --dport 25 -j ACCEPT";
  for (const char* rule : {
           "-A OUTPUT -d ! 192.0.2.1 -p tcp --dport 25 -j ACCEPT",
           "iptables -t filter -w 5 -A OUTPUT ! --destination 192.0.2.1 --protocol 6 --destination-port=smtp --jump "
           "ACCEPT",
           "/sbin/iptables -p tcp -d ! 192.0.2.1 --dport 25 -A OUTPUT -j ACCEPT",
           "[3:180] -A OUTPUT -p tcp ! -d 192.0.2.1/255.255.255.255 -m multiport --dports 25 -j ACCEPT",
           "IPT=\"/sbin/iptables -w\"\nRELAY=192.0.2.1\n$IPT -A OUTPUT -ptcp ! -d \"${RELAY}\" --dport 25 \\\n -j "
           "ACCEPT",
           "if true; then sudo iptables-nft -A OUTPUT ! -d 192.0.2.1 -p tcp -m tcp --dport 25:25 -j ACCEPT "
           "2>/dev/null; fi",
       }) {
    Outcome outcome = read(rule);
    const Chain& output = outcome.chain("OUTPUT");
    ASSERT_EQ(output.rules.size(), 1U) << rule;
    EXPECT_EQ("-A OUTPUT " + rule_text(*outcome.ruleset.find_table(RuleFamily::Ip4, "filter"), output.rules[0]), mail)
        << rule;
  }
}

TEST(ReadIptables, ModulesStackedBeforeTheirOptions) {
  EXPECT_EQ(back("-A INPUT -p tcp -m tcp -m multiport -m conntrack -j ACCEPT --dports 80,443 --ctstate NEW"),
            "-A INPUT -p tcp -m multiport --dports 80,443 -m conntrack --ctstate NEW -j ACCEPT");
}

TEST(ReadIptables, ChainsThatLookLikeOptions) {
  const auto outcome = read(
      "*filter\n:INPUT ACCEPT [0:0]\n:f2b-A - [0:0]\n:mine-p - [0:0]\n-A INPUT -j f2b-A\n-A f2b-A -j mine-p\nCOMMIT\n");
  EXPECT_EQ(outcome.first(), "");
  EXPECT_EQ(std::get<Verdict>(*outcome.chain("f2b-A").rules[0].target()).chain, "mine-p");
}

TEST(ReadIptables, CountersOfRulesAndPolicies) {
  const auto outcome = read("*filter\n:INPUT DROP [7:420]\n[3:180] -A INPUT -i lo -j ACCEPT\nCOMMIT\n");
  const Chain& input = outcome.chain("INPUT");
  EXPECT_EQ(input.packets, 7U);
  EXPECT_EQ(input.hook->policy, Verdict::Kind::Drop);
  EXPECT_EQ(std::get<Counter>(input.rules[0].parts[1]).bytes, 180U);
  EXPECT_EQ(input.rules[0].origin.line, 3U);
  EXPECT_NE(print_iptables(outcome.ruleset, RuleFamily::Ip4)->find("[3:180] -A INPUT -i lo -j ACCEPT"),
            std::string::npos);
}

TEST(ReadIptables, CommandsInTheirOrder) {
  const auto outcome = read(
      "iptables -N mine\n"
      "iptables -A INPUT -j mine\n"
      "iptables -I INPUT -i lo -j ACCEPT\n"
      "iptables -I INPUT 2 -p tcp --dport 22 -j ACCEPT\n"
      "iptables -A INPUT -p udp -j DROP\n"
      "iptables -D INPUT -p udp -j DROP\n"
      "iptables -R INPUT 3 -j RETURN\n"
      "iptables -P INPUT DROP\n"
      "iptables -A mine -j DROP\n"
      "iptables -F mine\n");
  EXPECT_EQ(outcome.first(), "");
  const Chain& input = outcome.chain("INPUT");
  ASSERT_EQ(input.rules.size(), 3U);
  EXPECT_EQ(input.rules[0].origin.line, 3U);
  EXPECT_EQ(input.rules[1].origin.line, 4U);
  EXPECT_EQ(std::get<Verdict>(*input.rules[2].target()).kind, Verdict::Kind::Return);
  EXPECT_EQ(input.hook->policy, Verdict::Kind::Drop);
  EXPECT_TRUE(outcome.chain("mine").rules.empty());
}

TEST(ReadIptables, SeveralAddressesAreSeveralRules) {
  const auto outcome = read("-A INPUT -s 192.0.2.1,192.0.2.2 -d 198.51.100.1,198.51.100.2 -j DROP");
  EXPECT_EQ(outcome.chain("INPUT").rules.size(), 4U);
}

// Everything that iptables 1.8.9 or the kernel refuses when such a line is loaded.
TEST(ReadIptables, RefusesWhatWouldNotLoad) {
  struct {
    const char* rule;
    const char* id;
  } kWrong[] = {
      {"-A INPUT -p udp -j REJECT --reject-with tcp-reset", "ruleset.needs-protocol 1:41"},
      {"-A INPUT -o eth0 -j DROP", "ruleset.interface-in-input 1:10"},
      {"-A OUTPUT -i eth0 -j DROP", "ruleset.interface-in-output 1:11"},
      {"-A INPUT --dport 25 -j DROP", "ruleset.unknown-option 1:10"},
      {"-A INPUT -p tcp --dport 80:25 -j DROP", "ruleset.backward-range 1:25"},
      {"-A INPUT -p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16 -j DROP",
       "ruleset.too-many-ports 1:39"},
      {"-t nat -A PREROUTING -j DROP", "ruleset.wrong-table 1:25"},
      {"-t nat -A PREROUTING -j MASQUERADE", "ruleset.wrong-chain 1:25"},
      {"-A INPUT -p tcp --dport 25,26 -j DROP", "ruleset.bad-port 1:25"},
      {"-A INPUT -s 192.0.2.1/33 -j DROP", "ruleset.bad-address 1:13"},
      {"-A INPUT -s 2001:db8::1 -s 2001:db8::2 -j DROP", "ruleset.option-twice 1:25"},
      {"-A INPUT -p tcq -j DROP", "ruleset.unknown-protocol 1:13"},
      {"-A INPUT -m conntrack --ctstate NWE -j DROP", "ruleset.bad-value 1:33"},
      {"-A INPUT -p tcp \xe2\x80\x93"
       "dport 25 -j DROP",
       "ruleset.stray-word 1:17"},
      {"-A INPUT -j LOG --log-prefix \"open", "ruleset.open-quote 1:30"},
      {"-A INPUT -j ACCEPT -j DROP", "ruleset.two-targets 1:20"},
      {"-A INPUT -m owner --uid-owner 0 -j DROP", "ruleset.owner-place 1:13"},
      {"-P mine DROP", "ruleset.not-there 1:1"},
      {"-A INPUT ! -s 192.0.2.1,192.0.2.2 -j DROP", "ruleset.negated-list 1:12"},
  };
  for (const auto& [rule, id] : kWrong) EXPECT_EQ(read(rule).first(), id) << rule;
  EXPECT_EQ(read("-A INPUT -s 2001:db8::1 -j DROP", RuleFamily::Ip4).first(), "ruleset.wrong-family 1:13");
}

TEST(ReadIptables, FilesThatWouldNotLoadAsAWhole) {
  EXPECT_EQ(read("*filter\n:INPUT DROP [0:0]\n-A INPUT -j DROP\n").first(), "ruleset.missing-commit 3:1");
  EXPECT_EQ(read("*filter\n-A mine -j DROP\nCOMMIT\n").first(), "ruleset.undeclared-chain 2:1");
  EXPECT_EQ(read("*filter\nCOMMIT\n*filter\nCOMMIT\n").first(), "ruleset.table-twice 3:1");
  EXPECT_EQ(read("*foo\n-A INPUT -j DROP\nCOMMIT\n").first(), "ruleset.unknown-table 1:1");
  EXPECT_EQ(read("Chain INPUT (policy ACCEPT)\n").first(), "ruleset.listing 1:1");
}

TEST(ReadIptables, ApostrophesInSavedFilesQuoteNothing) {
  const auto outcome = read(
      "*filter\n-A INPUT -m comment --comment it's -j DROP\n-A INPUT -j LOG --log-prefix \"\\'[IN]\\'\"\nCOMMIT\n");
  EXPECT_EQ(outcome.first(), "");
  EXPECT_EQ(outcome.chain("INPUT").rules[0].comment, "it's");
  EXPECT_EQ(std::get<Log>(outcome.chain("INPUT").rules[1].parts[1]).prefix, "'[IN]'");
}

TEST(ReadIptables, PeopleQuoteWithApostrophes) {
  EXPECT_EQ(back("-A INPUT -j LOG --log-prefix '[mine] '"), "-A INPUT -j LOG --log-prefix \"[mine] \"");
  EXPECT_EQ(back("-A INPUT -j LOG --log-prefix='[mine]'"), "-A INPUT -j LOG --log-prefix [mine]");
}

TEST(ReadIptables, WhatATextDoesNotSayIsUnknownAndKept) {
  const auto outcome = read("iptables -A INPUT -s $TRUSTED -p tcp --dport $PORTS -j ACCEPT");
  const Rule& rule = outcome.chain("INPUT").rules[0];
  EXPECT_TRUE(std::holds_alternative<OpaqueMatch>(rule.parts[0]));
  EXPECT_EQ(part_text(rule.parts[0]), "-s $TRUSTED");
  EXPECT_EQ(part_text(rule.parts[2]), "-m tcp --dport $PORTS");
  EXPECT_EQ(read("-A OUTPUT -d mail.example.org -j ACCEPT").first(), "ruleset.host-name 1:14");
}

TEST(ReadIptables, Ip6ByItsWords) {
  EXPECT_EQ(read("-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT")
                .chain("INPUT", "filter", RuleFamily::Ip6)
                .rules.size(),
            1U);
  EXPECT_EQ(read("-A INPUT -s fe80::/10 -j ACCEPT").chain("INPUT", "filter", RuleFamily::Ip6).rules.size(), 1U);
  const auto both = read("iptables -A INPUT -j DROP\nip6tables -A INPUT -j DROP\n");
  EXPECT_EQ(both.chain("INPUT").rules.size() + both.chain("INPUT", "filter", RuleFamily::Ip6).rules.size(), 2U);
}

TEST(ReadIptables, RatesAreComparedAsTheKernelKeepsThem) {
  EXPECT_EQ(back("-A INPUT -m limit --limit 60/minute -j ACCEPT"), "-A INPUT -m limit --limit 1/sec -j ACCEPT");
  EXPECT_EQ(back("-A INPUT -m limit -j ACCEPT"), "-A INPUT -m limit --limit 3/hour -j ACCEPT");
}

TEST(ReadIptables, NegatedOwnerTakesPacketsOfNoSocket) {
  const Outcome outcome = read("-A OUTPUT -m owner ! --uid-owner 0 -j DROP");
  const auto& match = std::get<Match>(outcome.chain("OUTPUT").rules[0].parts[0]);
  EXPECT_TRUE(match.negated);
  EXPECT_TRUE(match.when_absent);
}

TEST(ReadIptables, LimitsHaveNames) {
  ReadOptions options;
  options.limits.rules_max = 3;
  Diagnostics remarks;
  std::string text;
  for (int i = 0; i < 10; ++i) text += "-A INPUT -j DROP\n";
  const Ruleset ruleset = read_iptables(text, options, remarks);
  EXPECT_EQ(ruleset.tables[0].find_chain("INPUT")->rules.size(), 3U);
  ASSERT_EQ(remarks.list().size(), 1U);
  EXPECT_NE(remarks.list()[0].text.find("rules_max"), std::string::npos);
}

TEST(ReadIptables, InsertingAndDeletingForeverEnds) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "-I INPUT 1 -p tcp --dport " + std::to_string(i % 60000 + 1) + " -j DROP\n";
  for (int i = 0; i < 3000; ++i) text += "-D INPUT -p udp -j DROP\n";
  ReadOptions options;
  options.limits.steps_max = 100'000;
  Diagnostics remarks;
  (void)read_iptables(text, options, remarks);
  const bool said = std::any_of(remarks.list().begin(), remarks.list().end(),
                                [](const Diagnostic& d) { return d.text.find("steps_max") != std::string::npos; });
  EXPECT_TRUE(said);
}

}  // namespace
}  // namespace mailweir::rules
