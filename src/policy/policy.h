// The operator's wishes, as read from mailweir.toml and checked. Every value carries the line that asked for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/port_range.h"
#include "base/time.h"

namespace mailweir {

// What to do with the mail ports of a role.
enum class Answer : std::uint8_t { Allow, Log, Limit, Watch, Block };

// What becomes of a client that sends like a spammer and is received like a mail server.
enum class SuspectAnswer : std::uint8_t {
  Notice,
  Throttle,  // it keeps the servers it knows on port 25, and gets new ones at a bounded rate
};

template <typename T>
struct Setting {
  T value{};
  int line = 0;        // 0: not written in the policy, the default holds
  std::string file{};  // where that line is; empty: the main file, Policy::file
};

// A user or group as it was written: by name, or by number.
struct Account {
  std::string name;
  std::optional<std::uint32_t> number;
  int line = 0, column = 0;
};

// The answers for one kind of traffic.
struct MailAnswers {
  Setting<Answer> transfer;    // port 25
  Setting<Answer> submission;  // ports 465 and 587
  Setting<Answer> retrieval;   // ports 109, 110, 143, 993 and 995
  // Of the answer Limit: new connections a minute (for each client, or for this machine), and how many at once after a
  // quiet time. A mail program with several accounts opens a handful at start.
  Setting<std::uint32_t> limit_per_minute{20};
  Setting<std::uint32_t> limit_burst{40};
};

struct HostPolicy : MailAnswers {
  Setting<std::vector<PortRange>> also_block;
  Setting<std::vector<Account>> except_users, except_groups;  // by owner of the socket
  Setting<std::vector<IpPrefix>> except_to;                   // smarthosts
};

// Some of the gateway's clients, with answers of their own. Groups do not overlap.
struct GatewayGroup : MailAnswers {
  Setting<std::string> name;
  Setting<std::vector<IpPrefix>> clients;  // never empty
};

struct GatewayPolicy : MailAnswers {
  GatewayPolicy() {
    transfer.value = Answer::Watch;
    submission.value = Answer::Watch;
  }
  Setting<std::vector<IpPrefix>> clients;       // whose forwarded mail is judged; never empty
  Setting<std::vector<IpPrefix>> mail_servers;  // registered senders: scored, never blocked automatically
  Setting<std::vector<IpPrefix>> exempt;        // never blocked and never scored
  Setting<std::vector<IpPrefix>> except_to;     // smarthosts every client may use
  Setting<bool> servers_registered{false};    // mail_servers lists every one: detection need not ask "is it a server?"
  Setting<Answer> to_clients{Answer::Allow};  // SMTP towards the clients; Allow, Log or Block
  Setting<std::vector<PortRange>> to_clients_also;
  Setting<std::vector<IpPrefix>> inbound_to;        // clients that may receive SMTP, besides mail_servers
  Setting<std::vector<IpPrefix>> public_addresses;  // "public": what clients look like from outside
  // Further evidence, which the operator has to ask for: questions for mail servers (MX) that clients send to name
  // servers are looked at; the kernel counts the bytes of connections (net.netfilter.nf_conntrack_acct).
  Setting<bool> mx_queries{false}, count_bytes{false};
  // Ordinary clients of this site teach detection how far ordinary clients go, within bounds. false: frozen as shipped.
  Setting<bool> learning{true};
  // What becomes of a client that may be a mail server nobody registered: told only, or slowed down.
  Setting<SuspectAnswer> suspects{SuspectAnswer::Throttle};
  Setting<std::uint32_t> new_servers_per_hour{20};
  std::vector<GatewayGroup> groups;
};

struct InboundPolicy {
  Setting<std::vector<PortRange>> open;
  Setting<bool> ping{true};
  int line = 0;
  std::string file;
};

enum class BlockHow : std::uint8_t { Reject, Drop };

struct BlockPolicy {
  Setting<Duration> length{std::chrono::hours(1)};       // "for"; doubles for repeat offenders
  Setting<Duration> length_max{std::chrono::hours(24)};  // "max"
  Setting<BlockHow> how{BlockHow::Reject};
};

enum class LogTo : std::uint8_t { Nflog, Kernel };

struct LogPolicy {
  Setting<LogTo> to{LogTo::Nflog};
};

// A mail server of ours, as it introduces itself.
struct HeloName {
  IpAddress address;  // what receivers see
  std::string name;
};

// For `mailweir dns check`; nothing is enforced by it.
struct DnsPolicy {
  Setting<std::vector<std::string>> blocklists;
  // Free use of the large lists ends at some 100,000 questions a day; this leaves room for others.
  Setting<std::uint32_t> blocklist_budget{1000};
  Setting<std::vector<HeloName>> helo;
};

struct Policy {
  std::string file;
  std::optional<HostPolicy> host;
  std::optional<GatewayPolicy> gateway;
  std::optional<InboundPolicy> inbound;
  BlockPolicy block;
  LogPolicy log;
  DnsPolicy dns;
};

}  // namespace mailweir
