// How fast is a pool of addresses checked, against a server on this machine? Addresses and packets a second, memory.
//
// usage: dns_check ADDRESS:PORT PREFIX [RATE]      RATE: questions a second, 0: no limit; default: what the product
// does
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdlib>

#include "dns/cares_door.h"
#include "dns/pool_check.h"
#include "sys/clock.h"
#include "sys/poller.h"

using namespace mailweir;

int main(int argc, char** argv) {
  const auto server = argc > 2 ? Endpoint::parse(argv[1], 53) : std::nullopt;
  const auto range = argc > 2 ? parse_range(argv[2]) : std::nullopt;
  if (!server || !range) {
    fmt::print(stderr, "usage: dns_check ADDRESS:PORT PREFIX [RATE]\n");
    return 2;
  }
  ResolverLimits limits;
  if (argc > 3) limits.near_rate = limits.far_rate = std::atof(argv[3]);
  auto door = open_dns_door(std::chrono::seconds(2));
  auto poller = Poller::open();
  if (!door || !poller || !poller->watch((*door)->fd(), 0)) return 4;
  const SystemClock clock;
  PoolCheckWishes wishes;
  wishes.ranges = {*range};
  wishes.servers = {*server};
  wishes.zone_way = ZoneWay::AskResolver;
  const Time began = clock.now();
  PoolCheck check(**door, clock, limits, std::move(wishes));
  for (check.step(); !check.done(); check.step())
    if (!poller->wait(check.patience())) return 4;
  const PoolReport report = std::move(check).result();
  const double took_s = seconds(clock.now() - began);
  std::size_t fit = 0;
  for (const AddressReport& one : report.addresses) fit += one.fitness == Fitness::Fit ? 1 : 0;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double cpu_s = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                       static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  fmt::print(
      "{} addresses, {} fit, {:.2f} s, {:.0f} addresses/s, {:.2f} s of processor, {:.2f} questions an address, {} "
      "retries, "
      "{:.1f} MiB\n",
      report.addresses.size(), fit, took_s, static_cast<double>(report.addresses.size()) / took_s, cpu_s,
      static_cast<double>(report.counts.questions) / static_cast<double>(report.addresses.size()),
      report.counts.retries, static_cast<double>(usage.ru_maxrss) / 1024);
  return 0;
}
