#include "lab/population.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/must.h"
#include "lab/dice.h"
#include "lab/places.h"

namespace mailweir::lab {
namespace {

using std::chrono::milliseconds;

// How first contacts end, as shares; the rest accepts. Shares of people and servers: docs/detection.md, F3 and F4.
struct Manners {
  double silent, refused, rejected, greylisted;
};
constexpr Manners kPeople{0.005, 0.010, 0.010, 0.0};
constexpr Manners kRegistered{0.03, 0.02, 0.06, 0.06};
constexpr Manners kUnregistered{0.015, 0.015, 0.02, 0.06};
constexpr Manners kNewsletter{0.015, 0.015, 0.06, 0.02};
constexpr Manners kDirtyList{0.20, 0.15, 0.35, 0.05};
constexpr Manners kTemplate{0.04, 0.06, 0.70, 0.05};
constexpr Manners kHammer{0.35, 0.30, 0.15, 0.0};
constexpr Manners kThief{0.04, 0.06, 0.45, 0.0};

struct Abuser {
  Trade trade;
  Family family;
  double per_second;
  Manners manners;
};
// A rate of 8 here is 480 an hour outside.
constexpr std::array<Abuser, 15> kAbusers{{
    {Trade::DirtyListBot, Family::V4, 8, kDirtyList},
    {Trade::DirtyListBot, Family::V4, 6, kDirtyList},
    {Trade::DirtyListBot, Family::V6, 8, kDirtyList},
    {Trade::SlowBot, Family::V4, 2, kDirtyList},
    {Trade::SlowBot, Family::V4, 1.8, kDirtyList},
    {Trade::SlowBot, Family::V6, 2, kDirtyList},
    {Trade::TemplateBot, Family::V4, 5, kTemplate},
    {Trade::TemplateBot, Family::V4, 4, kTemplate},
    {Trade::TemplateBot, Family::V6, 5, kTemplate},
    {Trade::HammerBot, Family::V4, 12, kHammer},
    {Trade::HammerBot, Family::V6, 10, kHammer},
    {Trade::HopperBot, Family::V6, 6, kDirtyList},
    {Trade::AccountThief, Family::V4, 4, kThief},
    {Trade::AccountThief, Family::V4, 3, kThief},
    {Trade::AccountThief, Family::V6, 4, kThief},
}};
constexpr std::array kEstablishments{Trade::RegisteredServer, Trade::UnregisteredServer, Trade::Newsletter,
                                     Trade::Printer};

constexpr double kIpv6Share = 0.3;
constexpr double kSmarthostShare = 0.03;  // docs/detection.md, F1: 97 % of people never use port 25
// More would only measure the processor: with 10,000 clients everybody writes once or twice.
constexpr std::uint32_t kHonestErrandsMax = 20'000;
constexpr milliseconds kWarmUp{1'500};      // mail flows before the first abuser wakes up
constexpr milliseconds kLastOrders{2'500};  // nothing honest starts later than this before the end

class Drawing {
 public:
  explicit Drawing(const PopulationWish& wish) : wish_(wish), dice_(wish.seed) {}

  Population draw() {
    settle();
    for (std::uint32_t n = 0; n < drawn_.clients.size(); ++n) live(n);
    std::ranges::stable_sort(drawn_.outward, {}, &Errand::at);
    std::ranges::stable_sort(drawn_.inward, {}, &Errand::at);
    return std::move(drawn_);
  }

 private:
  // Hands out the addresses; abusers sit anywhere among the people.
  void settle() {
    std::vector<int> special(wish_.clients, -1);  // index into kAbusers, then kEstablishments
    const auto count = static_cast<int>(kAbusers.size() + kEstablishments.size());
    for (int i = 0; i < count; ++i) {
      std::uint32_t n = dice_.below(wish_.clients);
      while (special[n] >= 0) n = (n + 1) % wish_.clients;
      special[n] = i;
    }
    abuser_of_.assign(wish_.clients, nullptr);
    for (std::uint32_t n = 0; n < wish_.clients; ++n) {
      Client client;
      if (special[n] < 0) {
        client.trade = dice_.chance(kSmarthostShare) ? Trade::SmarthostUser : Trade::MailUser;
        client.address = client_address(dice_.chance(kIpv6Share) ? Family::V6 : Family::V4, n);
      } else if (const auto i = static_cast<std::size_t>(special[n]); i < kAbusers.size()) {
        client.trade = kAbusers[i].trade;
        client.address = client_address(kAbusers[i].family, n);
        abuser_of_[n] = &kAbusers[i];
      } else {
        client.trade = kEstablishments[i - kAbusers.size()];
        client.address = is_server(client.trade) ? mail_host_address(static_cast<std::uint32_t>(i - kAbusers.size()))
                                                 : client_address(Family::V4, n);
      }
      drawn_.clients.push_back(client);
    }
  }

  void live(std::uint32_t n) {
    switch (drawn_.clients[n].trade) {
      case Trade::MailUser:
        return use_mail(n);
      case Trade::SmarthostUser:
        return use_smarthost(n);
      case Trade::Printer:
        return print(n);
      case Trade::RegisteredServer:
        serve(n, 5, kRegistered);
        return receive(public_address(0));
      case Trade::UnregisteredServer:
        serve(n, 4, kUnregistered);
        return receive(public_address(1));
      case Trade::Newsletter:
        return send_newsletter(n);
      default:
        return abuse(n);
    }
  }

  Family family_of(std::uint32_t n) const { return drawn_.clients[n].address.is_v4() ? Family::V4 : Family::V6; }
  Behaviour ending(const Manners& manners) {
    double x = dice_.unit();
    if ((x -= manners.silent) < 0) return Behaviour::Silent;
    if ((x -= manners.refused) < 0) return Behaviour::RefuseConnections;
    if ((x -= manners.rejected) < 0) return Behaviour::RefuseRecipients;
    if (x < manners.greylisted) return Behaviour::Greylist;
    return Behaviour::Accept;
  }
  Duration within(Duration from, Duration until) {
    return from + Duration(static_cast<Duration::rep>(dice_.unit() * static_cast<double>((until - from).count())));
  }
  Duration last_orders() const { return std::max<Duration>(wish_.length - kLastOrders, wish_.length / 2); }
  // Letters are log-normal in truth; two decades drawn evenly on a logarithmic scale come near enough.
  std::uint32_t letter_bytes() { return static_cast<std::uint32_t>(900.0 * std::exp(dice_.unit() * 3.4)); }

  Errand errand(std::uint32_t n, Duration at, IpAddress server, std::uint16_t port) {
    Errand e;
    e.at = at;
    e.client = n;
    e.source = drawn_.clients[n].address;
    e.server = server;
    e.port = port;
    e.bytes = letter_bytes();
    return e;
  }

  // Wakes up now and then; every account then sends what lies in its outbox, in one burst.
  void use_mail(std::uint32_t n) {
    struct Account {
      std::uint32_t provider, host;
      std::uint16_t port;
    };
    std::vector<Account> accounts(accounts_of_a_person());
    for (Account& account : accounts) {
      const double popularity = dice_.unit();  // a few providers have most people
      account.provider = static_cast<std::uint32_t>(popularity * popularity * kProviderGroups);
      account.host = dice_.below(4);
      account.port = dice_.chance(0.6) ? 587 : 465;
    }
    // 1.9 accounts on average, and two awakenings.
    const double awakenings = std::min(2.0, kHonestErrandsMax / (1.9 * wish_.clients));
    std::uint32_t times = dice_.chance(awakenings / 2) ? 1 : 0;
    times += dice_.chance(awakenings / 2) ? dice_.between(1, 2) : 0;
    for (std::uint32_t i = 0; i < std::max(times, 1u); ++i) {
      Duration at = within(Duration::zero(), last_orders());
      for (const Account& account : accounts) {
        const Behaviour behaviour = ending(kPeople);
        Errand e = errand(n, at, server_address(family_of(n), account.provider, behaviour, account.host), account.port);
        e.retries = 1;
        drawn_.outward.push_back(e);
        at += milliseconds(dice_.between(20, 300));
      }
    }
  }
  std::uint32_t accounts_of_a_person() {
    const double x = dice_.unit();
    if (x < 0.60) return 1;
    if (x < 0.82) return 2;
    if (x < 0.97) return dice_.between(3, 5);
    return dice_.between(6, 14);
  }

  void use_smarthost(std::uint32_t n) {
    const IpAddress relay =
        server_address(family_of(n), dice_.below(kProviderGroups), Behaviour::Accept, 100 + dice_.below(4));
    for (std::uint32_t i = dice_.between(2, 6); i > 0; --i) {
      Errand e = errand(n, within(Duration::zero(), last_orders()), relay, 25);
      e.retries = 1;
      drawn_.outward.push_back(e);
    }
  }

  void print(std::uint32_t n) {
    const IpAddress relay = server_address(family_of(n), 7, Behaviour::Silent, 3);
    for (Duration at = milliseconds(400); at < last_orders(); at += milliseconds(1'500)) {
      drawn_.outward.push_back(errand(n, at, relay, 25));
    }
  }

  Errand to_anybody(std::uint32_t n, Duration at, const Manners& manners) {
    const std::uint32_t group = dice_.between(kProviderGroups, kGroups - 1);
    return errand(n, at, server_address(family_of(n), group, ending(manners), dice_.below(1'000)), 25);
  }

  void serve(std::uint32_t n, double per_second, const Manners& manners) {
    Duration at = milliseconds(200);
    while ((at += pause(per_second)) < last_orders()) {
      Errand e = to_anybody(n, at, manners);
      e.retries = 3;
      drawn_.outward.push_back(e);
    }
  }

  // Mail for a server behind the gateway, from all over the place.
  void receive(IpAddress public_host) {
    Duration at = milliseconds(200);
    while ((at += pause(1)) < last_orders()) {
      Errand e;
      e.at = at;
      e.client = kStranger;
      e.source = server_address(Family::V4, dice_.between(kProviderGroups, kGroups - 1), Behaviour::Accept,
                                dice_.below(1'000));
      e.server = public_host;
      e.bytes = letter_bytes();
      drawn_.inward.push_back(e);
    }
  }

  void send_newsletter(std::uint32_t n) {
    constexpr std::uint32_t kReaders = 240;
    const std::uint32_t bytes = 14'000;  // one text for all
    Duration at = wish_.length / 6;
    for (std::uint32_t i = 0; i < kReaders && at < last_orders(); ++i, at += pause(30)) {
      Errand e = to_anybody(n, at, kNewsletter);
      e.bytes = bytes;
      e.retries = 3;
      drawn_.outward.push_back(e);
    }
  }

  void abuse(std::uint32_t n) {
    const Abuser& abuser = *abuser_of_[n];
    const bool thief = abuser.trade == Trade::AccountThief;
    const std::uint32_t template_bytes = dice_.between(1'200, 4'500);
    Duration at = within(kWarmUp, kWarmUp + milliseconds(3'000));
    while ((at += pause(abuser.per_second)) < wish_.length) {
      Errand e = to_anybody(n, at, abuser.manners);
      e.bytes = template_bytes + dice_.below(120);  // a name and a link differ
      e.recipients = thief ? 1 : static_cast<std::uint16_t>(dice_.between(1, 4));
      if (thief) e.port = dice_.chance(0.7) ? 587 : 465;
      if (abuser.trade == Trade::HopperBot) e.source = neighbour_address(e.source, dice_.next() | 1);
      drawn_.outward.push_back(e);
    }
  }

  Duration pause(double per_second) {
    return Duration(static_cast<Duration::rep>(dice_.exponential(1e6 / per_second)));
  }

  PopulationWish wish_;
  Dice dice_;
  std::vector<const Abuser*> abuser_of_;
  Population drawn_;
};

}  // namespace

std::string_view name_of(Trade trade) {
  switch (trade) {
    case Trade::MailUser:
      return "mail user";
    case Trade::SmarthostUser:
      return "smarthost user";
    case Trade::Printer:
      return "printer, relay dead";
    case Trade::RegisteredServer:
      return "registered mail server";
    case Trade::UnregisteredServer:
      return "unregistered mail server";
    case Trade::Newsletter:
      return "newsletter";
    case Trade::DirtyListBot:
      return "bot, dirty list";
    case Trade::SlowBot:
      return "bot, slow";
    case Trade::TemplateBot:
      return "bot, template";
    case Trade::HammerBot:
      return "bot, hammering";
    case Trade::HopperBot:
      return "bot, hopping in its /64";
    case Trade::AccountThief:
      return "account thief";
  }
  return "";
}

Population populate(const PopulationWish& wish) {
  MUST(wish.clients >= kClientsMin && wish.clients <= kClientsMax);
  return Drawing(wish).draw();
}

}  // namespace mailweir::lab
