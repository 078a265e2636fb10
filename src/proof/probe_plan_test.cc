#include "proof/probe_plan.h"

#include <gtest/gtest.h>

#include <set>

#include "compile/compile.h"
#include "policy/read_policy.h"
#include "tests/support/watch_table.h"

namespace mailweir {
namespace {

CompiledTable table_of(const std::string& text) {
  Diagnostics diagnostics;
  const auto policy = parse_policy(text, "m.toml", diagnostics);
  EXPECT_TRUE(policy) << policy.error().text();
  auto table = compile(*policy, NoAccounts{});
  EXPECT_TRUE(table);
  return std::move(*table);
}

// A gateway where nobody has an address but those named.
struct Place {
  std::set<std::string> used, used_networks;
  Surroundings here() const {
    Surroundings place;
    place.own = {{"lan", *IpAddress::parse("172.16.0.1"), *IpPrefix::parse("172.16.0.0/24")},
                 {"lan", *IpAddress::parse("fd16::1"), *IpPrefix::parse("fd16::/64")}};
    place.forwards4 = place.forwards6 = true;
    place.has_way_to = [](IpAddress) { return true; };
    place.is_unused = [this](IpAddress address) { return !used.contains(address.text()); };
    place.is_unused_network = [this](const IpPrefix& network) { return !used_networks.contains(network.text()); };
    return place;
  }
};

std::vector<Probe> plan(const CompiledTable& table, const Place& place = {}, PlanSettings settings = {}) {
  return plan_probes(table, place.here(), settings);
}

const Probe& of(const std::vector<Probe>& probes, std::string_view rule, bool v4) {
  for (const Probe& probe : probes) {
    if (probe.rule->id == rule && probe.packet.is_v4() == v4) return probe;
  }
  ADD_FAILURE() << "no probe of " << rule;
  return probes.front();
}

TEST(ProbePlan, CandidatesAreOfTheNetworkAndNotItsEdges) {
  const auto of_network = [](const char* text) { return candidates_in(*IpPrefix::parse(text)); };
  EXPECT_EQ(of_network("192.0.2.0/24").front().text(), "192.0.2.254");
  EXPECT_EQ(of_network("192.0.2.7").front().text(), "192.0.2.7");
  EXPECT_EQ(of_network("192.0.2.0/30").size(), 2U);
  EXPECT_EQ(of_network("192.0.2.4/31").size(), 2U);
  EXPECT_EQ(of_network("2001:db8::/127").size(), 1U);
  EXPECT_EQ(of_network("fd16::/32").front().text(), "fd16:0:ffff:ffff:fdff:ffff:ffff:fffe");
  for (const char* text : {"0.0.0.0/0", "10.0.0.0/8", "192.0.2.0/29", "::/0", "fd16::/33", "fd16::/64", "fd16::/120"}) {
    const IpPrefix network = *IpPrefix::parse(text);
    for (const IpAddress address : candidates_in(network)) {
      EXPECT_TRUE(network.contains(address)) << text << " " << address.text();
      EXPECT_NE(address, network.base()) << text;
    }
  }
}

TEST(ProbePlan, OwnTrafficGoesToNobody) {
  const CompiledTable table = table_of("[host]\ntransfer = \"block\"\n");
  const auto probes = plan(table);
  ASSERT_EQ(probes.size(), 2U);
  EXPECT_EQ(probes[0].packet.to.text(), "203.0.113.254");
  EXPECT_EQ(probes[1].packet.to.text(), "2001:db8:ffff:ffff::fffe");
  EXPECT_EQ(probes[0].from, ProbeFrom::Machine);
}

TEST(ProbePlan, AnExceptedAddressIsNotTried) {
  const CompiledTable table =
      table_of("[host]\ntransfer = \"block\"\nexcept_to = [\"203.0.113.0/24\", \"2000::/3\"]\n");
  const auto probes = plan(table);
  EXPECT_EQ(of(probes, "host.transfer", true).packet.to.text(), "198.51.100.254");
  EXPECT_EQ(of(probes, "host.transfer", false).packet.to.high >> 48, 0xfd16U)
      << "a neighbour, though there is a way out";
}

TEST(ProbePlan, WithoutAWayOutAnUnusedNeighbourIsTried) {
  const CompiledTable table = table_of("[host]\ntransfer = \"block\"\n");
  Place place;
  place.used = {"172.16.0.254"};
  Surroundings here = place.here();
  here.has_way_to = [](IpAddress) { return false; };
  here.own.pop_back();
  const auto probes = plan_probes(table, here, {});
  EXPECT_EQ(of(probes, "host.transfer", true).packet.to.text(), "172.16.0.253");
  EXPECT_EQ(of(probes, "host.transfer", false).prospect, Prospect::Impossible);
}

TEST(ProbePlan, ClientsAreUnusedAddressesThatNoOtherRuleTakes) {
  const CompiledTable table = table_of(
      "[gateway]\nclients = [\"172.16.0.0/24\", \"fd16::/32\"]\ntransfer = \"block\"\nsubmission = \"allow\"\n"
      "mail_servers = [\"172.16.0.254\"]\nexempt = [\"172.16.0.252\"]\n");
  Place place;
  place.used = {"172.16.0.253"};
  const auto probes = plan(table, place);
  EXPECT_EQ(of(probes, "gateway.transfer", true).packet.from.text(), "172.16.0.251");
  EXPECT_EQ(of(probes, "gateway.transfer", true).from, ProbeFrom::Client);
  EXPECT_TRUE(of(probes, "blocks.transfer", true).block_client);
}

TEST(ProbePlan, AThrottleIsMetByAnUnusedClientWithMoreNewServersThanPassAtOnce) {
  const CompiledTable table = table_of("[gateway]\nclients = [\"172.16.0.0/24\", \"fd16::/64\"]\n");
  Place place;
  place.used_networks = {"fd16::/64"};
  auto probes = plan(table, place);
  const Probe& four = of(probes, "throttle.transfer", true);
  EXPECT_EQ(four.prospect, Prospect::Try);
  EXPECT_TRUE(four.slow_client);
  EXPECT_EQ(four.servers.size(), 12U) << "20 an hour, 10 at once";
  EXPECT_EQ(four.servers.front(), four.packet.to);
  EXPECT_EQ(std::set<IpAddress>(four.servers.begin(), four.servers.end()).size(), 12U);
  EXPECT_EQ(of(probes, "throttle.transfer", false).prospect, Prospect::Impossible) << "all of a /64 is one client";
  PlanSettings few;
  few.servers_max = 11;
  probes = plan(table, place, few);
  EXPECT_EQ(of(probes, "throttle.transfer", true).prospect, Prospect::Impossible);
}

TEST(ProbePlan, WhoIsSlowedDownForAProofMeetsNoOtherLimit) {
  const std::string groups =
      "[[gateway.group]]\nname = \"guests\"\nclients = [\"172.20.0.0/24\"]\ntransfer = \"limit\"\n";
  const CompiledTable table = table_of("[gateway]\nclients = [\"172.16.0.0/24\"]\n" + groups);
  EXPECT_EQ(of(plan(table), "throttle.transfer", true).packet.from.text().substr(0, 9), "172.16.0.");
  const CompiledTable watched_group = table_of(
      "[gateway]\nclients = [\"172.16.0.0/24\"]\ntransfer = \"block\"\n"
      "[[gateway.group]]\nname = \"guests\"\nclients = [\"172.20.0.0/24\"]\n");
  EXPECT_EQ(of(plan(watched_group), "throttle.transfer", true).packet.from.text().substr(0, 9), "172.20.0.");
}

// A block or a limit of an IPv6 address is one of its /64.
TEST(ProbePlan, ANetworkWithRealUsersIsNeitherBlockedNorLimited) {
  const CompiledTable table =
      table_of("[gateway]\nclients = [\"fd16::/64\"]\ntransfer = \"limit\"\nsubmission = \"log\"\n");
  Place place;
  place.used_networks = {"fd16::/64"};
  auto probes = plan(table, place);
  EXPECT_EQ(of(probes, "blocks.transfer", false).prospect, Prospect::Impossible);
  EXPECT_EQ(of(probes, "gateway.transfer", false).prospect, Prospect::Withheld);
  EXPECT_EQ(of(probes, "gateway.submission", false).prospect, Prospect::Try) << "a log harms nobody";
}

TEST(ProbePlan, LimitsAreCountedAndTheSharedOneNeedsLeave) {
  const CompiledTable table = table_of(
      "[host]\ntransfer = \"limit\"\nlimit_burst = 10\n"
      "[gateway]\nclients = [\"172.16.0.0/24\"]\ntransfer = \"limit\"\nlimit_burst = 600\nsubmission = \"allow\"\n");
  auto probes = plan(table);
  EXPECT_EQ(of(probes, "host.transfer", true).prospect, Prospect::Withheld);
  EXPECT_EQ(of(probes, "gateway.transfer", true).prospect, Prospect::Impossible) << "602 connections at once";
  PlanSettings settings;
  settings.limits_too = true;
  settings.attempts_max = 700;
  probes = plan(table, {}, settings);
  EXPECT_EQ(of(probes, "host.transfer", true).count, 12);
  EXPECT_EQ(of(probes, "gateway.transfer", true).count, 602);
}

TEST(ProbePlan, WithoutThrowAwayHostsTheReasonIsGiven) {
  const CompiledTable table = table_of("[gateway]\nclients = [\"172.16.0.0/24\"]\n[inbound]\n");
  PlanSettings settings;
  settings.no_throw_away = "because";
  for (const Probe& probe : plan(table, {}, settings)) {
    if (probe.from == ProbeFrom::Machine || probe.prospect == Prospect::Impossible) continue;
    if (probe.prospect == Prospect::Useless) continue;
    EXPECT_EQ(probe.prospect, Prospect::Withheld) << probe.rule->id;
    EXPECT_EQ(probe.reason, "because");
  }
}

TEST(ProbePlan, AFamilyThatIsForwardedUnseenIsUseless) {
  const CompiledTable table = table_of("[gateway]\nclients = [\"172.16.0.0/24\"]\ntransfer = \"block\"\n");
  EXPECT_EQ(of(plan(table), "gateway.transfer", false).prospect, Prospect::Useless);
  Place place;
  Surroundings here = place.here();
  here.forwards6 = false;
  for (const Probe& probe : plan_probes(table, here, {})) EXPECT_TRUE(probe.packet.is_v4());
}

TEST(ProbePlan, TheTargetIsTriedOnItsPortOnly) {
  const CompiledTable table =
      table_of("[host]\ntransfer = \"block\"\nsubmission = \"block\"\nexcept_to = [\"192.0.2.26\"]\n");
  PlanSettings settings;
  settings.target = NamedTarget{"m:25", {*IpAddress::parse("192.0.2.25")}, 25};
  auto probes = plan(table, {}, settings);
  EXPECT_TRUE(of(probes, "host.transfer", true).to_target);
  EXPECT_EQ(of(probes, "host.transfer", true).packet.to.text(), "192.0.2.25");
  EXPECT_FALSE(of(probes, "host.transfer", false).to_target) << "the target has no IPv6 address";
  EXPECT_FALSE(of(probes, "host.submission", true).to_target);
  settings.target->addresses = {*IpAddress::parse("192.0.2.26")};
  probes = plan(table, {}, settings);
  EXPECT_EQ(of(probes, "host.transfer", true).prospect, Prospect::Impossible) << "it is excepted";
}

TEST(ProbePlan, EveryInboundRuleHasItsPacket) {
  const CompiledTable table = table_of("[inbound]\nopen = [\"smtp\", 9]\n");
  const auto probes = plan(table);
  EXPECT_EQ(of(probes, "inbound.invalid", true).kind, ProbeKind::StrayAnswer);
  EXPECT_EQ(of(probes, "inbound.ping", false).kind, ProbeKind::Ping);
  EXPECT_EQ(of(probes, "inbound.neighbours", false).packet.icmp_type, 135);
  EXPECT_EQ(of(probes, "inbound.listeners", false).packet.icmp_type, 143);
  EXPECT_EQ(of(probes, "inbound.broadcast", true).packet.to.text(), "255.255.255.255");
  EXPECT_EQ(of(probes, "inbound.dhcp6", false).packet.source_port, 547);
  EXPECT_EQ(of(probes, "inbound.default", true).packet.port, 33434) << "9 is open";
  EXPECT_EQ(of(probes, "inbound.errors", true).prospect, Prospect::Impossible);
  for (const Probe& probe : probes) {
    if (probe.prospect == Prospect::Try) {
      EXPECT_EQ(taken_before(table, *probe.rule, probe.packet), nullptr) << probe.rule->id;
    }
  }
}

}  // namespace
}  // namespace mailweir
