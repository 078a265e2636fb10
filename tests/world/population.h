// Kinds of clients and what they do: the populations of docs/detection.md, section 3.8, and those it lacks.
//
// docs/world.md describes each and says where its numbers are from. They show that the detector does what its
// arithmetic promises on such clients, not how real traffic looks.
#pragma once

#include <functional>
#include <string>

#include "tests/world/script.h"

namespace mailweir::world {

struct Population {
  enum class Kind : std::uint8_t {
    User,    // ordinary: must never be blocked
    Odd,     // honest, behaves like neither person nor mail server
    Server,  // honest mail server
    Spammer,
  };
  std::string name;
  Kind kind;
  std::function<void(Script&)> live;
  bool registered = false;  // in the operator's list of mail servers
};

// users.cc: people and those who share an address.
[[nodiscard]] Population ordinary_users();
[[nodiscard]] Population households();        // two to six people behind one address
[[nodiscard]] Population bad_lines();         // at times everything of theirs fails together
[[nodiscard]] Population intercepted_mail();  // or is cut short together
[[nodiscard]] Population offices();           // sixty people behind one address
[[nodiscard]] Population mobile_users();      // with ever new addresses and bad reception
[[nodiscard]] Population lent_addresses();    // one address, another person every three hours
// A person with mail servers of their own gets the address of a bot that was shut down before it was found; whether the
// gateway sees that the hardware address is another one.
[[nodiscard]] Population inherited_addresses(bool seen);
[[nodiscard]] Population v6_neighbours();  // two hundred people with a /64 each, of one /56
void live_as_user(Script& script, Ends ends);

// devices.cc: machines that send mail and are no mail servers.
[[nodiscard]] Population dead_relays();        // a printer and the relay that went away
[[nodiscard]] Population direct_senders();     // a developer's box: about 9 mail servers a day
[[nodiscard]] Population own_monitors();       // watches four mail servers
[[nodiscard]] Population wide_monitors();      // watches thirty
[[nodiscard]] Population address_verifiers();  // asks 200 servers a day whether an address exists

// servers.cc: honest mail servers, unless `registered` is set unknown to the operator.
// Retried: half of what was cut short is greylisting and passes at the next try. Final: it is an address that does not
// exist, and no mail server tries that again.
enum class Rejections : bool { Retried, Final };
[[nodiscard]] Population mail_servers(std::string name, double mails_per_day, Ends ends,
                                      Rejections rejections = Rejections::Retried);
[[nodiscard]] Population mailing_lists();
[[nodiscard]] Population newsletters(std::string name, Ends ends);  // 4,000 in one hour

// bots.cc: spammers on port 25.
struct BotHabits {
  double per_hour = 60;
  Ends ends{0.25, 0.35};
  double large_hosts = 0;        // share of recipients at large mail hosts
  double size_deviation = 0.4;   // of log2: 2 is as different as what people write
  bool retries = false;          // each failure once, after five minutes, as a mail server would
  unsigned repeats = 0;          // harmless connections to one large host after each, to look settled
  unsigned hop_after = 0;        // connections until it takes the next /64 of its /56; 0: never
  double connections_max = 200;  // after so many it has long been decided
};
[[nodiscard]] Population bots(std::string name, BotHabits habits);

// abusers.cc: stolen passwords, tried and used at other people's submission servers.
[[nodiscard]] Population credential_abusers(std::string name, double per_hour, Host providers, Ends ends);

}  // namespace mailweir::world
