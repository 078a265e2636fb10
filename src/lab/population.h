// Who lives behind the gateway and who does what when: the whole day of everybody, drawn from a seed.
//
// In:  how many clients, how long, which seed.   Out: clients, and their errands in order of time.
// Invariants
//   (1) Same question, same answer, on every machine.
//   (2) Nobody's conduct depends on the guard: what a client would do is fixed before anything is blocked.
//   (3) Honest people keep to a few mail providers (docs/detection.md, F1 and F2); only the trades below do not.
// Time is compressed: a minute outside is about a second here. Rates of failure are not.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/time.h"

namespace mailweir::lab {

enum class Trade : std::uint8_t {
  MailUser,            // a mail program with 1 to 14 accounts, on 465 and 587
  SmarthostUser,       // hands its mail to one relay on port 25
  Printer,             // sends its reports to a relay that died
  RegisteredServer,    // a mail server the operator listed
  UnregisteredServer,  // a mail server nobody listed: retries, receives mail too
  Newsletter,          // a big first burst, nearly all of it welcome
  DirtyListBot,        // direct to MX, fast, from a bad list
  SlowBot,             // the same, with patience
  TemplateBot,         // refused at RCPT most of the time
  HammerBot,           // a list of machines that mostly refuse or do not exist
  HopperBot,           // another address of its /64 for every connection
  AccountThief,        // stolen passwords, on 465 and 587 of many providers
};
[[nodiscard]] std::string_view name_of(Trade trade);
[[nodiscard]] constexpr bool is_transfer_bot(Trade trade) {
  return trade >= Trade::DirtyListBot && trade <= Trade::HopperBot;
}
[[nodiscard]] constexpr bool is_abuser(Trade trade) { return trade >= Trade::DirtyListBot; }
[[nodiscard]] constexpr bool is_server(Trade trade) {
  return trade == Trade::RegisteredServer || trade == Trade::UnregisteredServer || trade == Trade::Newsletter;
}

struct Client {
  Trade trade = Trade::MailUser;
  IpAddress address;
};

// One message that is to be brought somewhere.
struct Errand {
  Duration at{};             // since the beginning
  std::uint32_t client = 0;  // number; kStranger for people outside
  IpAddress source, server;
  std::uint16_t port = 25;
  std::uint16_t recipients = 1;
  std::uint32_t bytes = 2'000;
  std::uint8_t retries = 0;  // how often it is tried again when it failed or was put off
};
inline constexpr std::uint32_t kStranger = 0xffff'ffff;

struct Population {
  std::vector<Client> clients;
  std::vector<Errand> outward;  // by clients, in order of time
  std::vector<Errand> inward;   // by strangers, to the mail servers' public addresses
};

struct PopulationWish {
  std::uint32_t clients = 300;  // at least kClientsMin
  Duration length = std::chrono::seconds(32);
  std::uint64_t seed = 1;
};
// 12 bots on port 25, 3 account thieves, 3 servers, a printer, and some people to protect.
inline constexpr std::uint32_t kClientsMin = 40;

[[nodiscard]] Population populate(const PopulationWish& wish);

}  // namespace mailweir::lab
