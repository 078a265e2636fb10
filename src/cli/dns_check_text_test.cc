// The screen of `dns check`, whole: verdict first, alike together, what to do below, names of others harmless.
#include "cli/dns_check_text.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

IpAddress address(const char* text) { return *IpAddress::parse(text); }

AddressReport fit(const char* text, const std::string& name) { return {address(text), Fitness::Fit, {name}, {}, {}}; }

NameServerReport server(const char* name, const char* at, std::uint32_t serial) {
  return {.name = name, .address = address(at), .answers = true, .serial = serial};
}

DnsCheckOutcome everything_found() {
  DnsCheckOutcome outcome;
  outcome.took = std::chrono::milliseconds(1'250);
  PoolReport& report = outcome.report;
  report.addresses = {fit("198.51.100.1", "out1.example.net"),
                      {address("198.51.100.2"), Fitness::MustNotSend, {}, {{ProblemKind::NoPtr}}, {}},
                      {address("198.51.100.3"), Fitness::MustNotSend, {}, {{ProblemKind::NoPtr}}, {}},
                      {address("198.51.100.4"),
                       Fitness::Distrusted,
                       {"pool4.example.net"},
                       {{ProblemKind::GenericName, "pool4.example.net", "contains 'pool'"}},
                       {}},
                      {address("198.51.100.9"), Fitness::MustNotSend, {}, {{ProblemKind::NoPtr}}, {}},
                      {address("2001:db8::1"),
                       Fitness::Unknown,
                       {},
                       {{ProblemKind::Timeout, "1.0.0.0.ip6.arpa", "192.0.2.53:53"}},
                       {}}};
  report.zones = {
      {.zone = "100.51.198.in-addr.arpa",
       .servers = {server("ns1.example.net", "192.0.2.53", 7), server("ns2.example.net", "203.0.113.53", 6)},
       .problems = {{ProblemKind::ServersDisagree, {}, "6, 7"}},
       .servers_asked = true},
      {.zone = "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", .servers_asked = true}};
  report.blocklists = {
      {.list = "list.example", .asked = 6, .listed = 0},
      {.list = "dead.example", .unusable = "it lists 127.0.0.1, and so probably everything", .not_asked = 6}};
  report.counts.questions = 1'234;
  report.counts.timeouts = 3;
  return outcome;
}

TEST(DnsCheckText, TheWholeScreen) {
  EXPECT_EQ(dns_check_text(everything_found(), {}),
            R"(1 of 6 addresses is fit to send mail. 3 must not send mail, 1 will be
distrusted, nothing is known of 1.

MUST NOT SEND MAIL: large receivers refuse it
  198.51.100.2/31, 198.51.100.9 (3 addresses)
    has no PTR record [no-ptr]
      -> give it a PTR record, and that name an address record: mailweir dns
      zone writes both

WILL BE DISTRUSTED
  198.51.100.4
    is called pool4.example.net, which contains 'pool': it looks like a home
    connection [generic-name]
      -> choose a name that says mail or out, without the address in it:
      mailweir dns zone --name 'out{n}.example.net'

NOT KNOWN: somebody did not answer
  2001:db8::1
    1.0.0.0.ip6.arpa: 192.0.2.53:53 does not answer [timeout]
      -> check that the server runs and that port 53 reaches it over UDP and
      TCP, then check again

1 of 2 reverse zones in order.
  100.51.198.in-addr.arpa
    ns1.example.net 192.0.2.53, serial 7; ns2.example.net 203.0.113.53, serial 6
    the name servers are not in step: serials 6, 7 [servers-disagree]
      -> check the transfer to the secondary servers, and that the serial grew
      with the last change

  BLOCKLIST     ASKED ABOUT  LISTED
  list.example            6       0
  dead.example            0       0  it lists 127.0.0.1, and so probably
                                     everything; not asked about 6 addresses

1,234 questions in 1 s, 3 without an answer
)");
}

TEST(DnsCheckText, WhatIsInOrderOnRequest) {
  DnsCheckOutcome outcome;
  outcome.report.addresses = {fit("198.51.100.1", "out1.example.net"),
                              {address("198.51.100.2"),
                               Fitness::Fit,
                               {"alias.example.net"},
                               {},
                               {{ProblemKind::PtrToAlias, "alias.example.net", "out2.example.net"}}}};
  outcome.report.zones = {{.zone = "100.51.198.in-addr.arpa",
                           .servers = {server("ns1.example.net", "192.0.2.53", 7)},
                           .servers_asked = true}};
  outcome.report.counts.questions = 1;
  EXPECT_EQ(dns_check_text(outcome, {}), R"(All 2 addresses are fit to send mail.

1 reverse zone in order.

1 question in 0.00 s
)");
  EXPECT_EQ(dns_check_text(outcome, {.everyone = true}), R"(All 2 addresses are fit to send mail.

  FIT           NAME
  198.51.100.1  out1.example.net
  198.51.100.2  alias.example.net
      alias.example.net is an alias of out2.example.net: confirmed, but RFC 2181
      wants the name itself in a PTR record

1 reverse zone in order.
  100.51.198.in-addr.arpa
    ns1.example.net 192.0.2.53, serial 7

1 question in 0.00 s
)");
}

TEST(DnsCheckText, InterruptedAndNotAskedOneByOne) {
  DnsCheckOutcome outcome;
  outcome.report.addresses = {fit("198.51.100.1", "out1.example.net")};
  outcome.report.not_finished = 255;
  outcome.report.zones_not_checked = 2;
  outcome.servers_told = true;
  EXPECT_EQ(dns_check_text(outcome, {}),
            R"(1 of 1 address is fit to send mail. Interrupted: 255 addresses not asked about
to the end.

0 reverse zones in order. 2 were not checked.
  Name servers were not asked one by one: --server answers all questions.
  --authoritative asks them.

0 questions in 0.00 s
)");
}

// Names come from others: two hundred of them end after six, and none moves the terminal's cursor.
TEST(DnsCheckText, ManyProblemsOfOneAddressAreCut) {
  DnsCheckOutcome outcome;
  AddressReport many{address("198.51.100.1"), Fitness::MustNotSend, {}, {}, {}};
  for (int i = 0; i < 200; ++i)
    many.problems.push_back({ProblemKind::BadName, R"(a\027\09131m.example)", "holds characters no host name may"});
  outcome.report.addresses = {many};
  EXPECT_EQ(dns_check_text(outcome, {}), R"(0 of 1 address is fit to send mail. 1 must not send mail.

MUST NOT SEND MAIL: large receivers refuse it
  198.51.100.1
    is called a\027\09131m.example, which holds characters no host name may
    [bad-name]
    is called a\027\09131m.example, which holds characters no host name may
    [bad-name]
    is called a\027\09131m.example, which holds characters no host name may
    [bad-name]
    is called a\027\09131m.example, which holds characters no host name may
    [bad-name]
    is called a\027\09131m.example, which holds characters no host name may
    [bad-name]
    is called a\027\09131m.example, which holds characters no host name may
    [bad-name]
      -> use letters, digits and hyphens, and end the name with a dot in the
      zone file
    and 194 more; --json has them all

0 questions in 0.00 s
)");
}

}  // namespace
}  // namespace mailweir
