// Writes the kernel log of a gateway with 10,000 clients, 200 of them bots, to standard output. Seeded: the same every
// time.
//
// usage: make_kernel_log LINES [SEED [classic | iso | rfc5424]]     the time as syslog wrote it and writes it today
//
// Of 100 lines 2 are not netfilter's, 50 are about other ports, 28 are a bot's connection to a new server on port 25
// and 20 a user's connection to one of that user's 1 to 4 servers. About 252 bytes a line, 100 lines a second.
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace {

constexpr std::uint32_t kClients = 10'000, kBots = 200;

std::string dotted(std::uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

enum class Dialect { Classic, Iso, Rfc5424 };

class Gateway {
 public:
  Gateway(std::uint64_t seed, Dialect dialect) : random_(seed), dialect_(dialect) {}

  void write_line(std::string& out) {
    ++lines_;
    const std::uint32_t kind = below(100);
    if (kind < 2) return write_other(out);
    std::uint32_t client = 0, server = 0;
    if (kind < 30) {
      client = below(kBots);
      server = public_address(below(200'000'000));
    } else {
      client = kBots + below(kClients - kBots);
      server = public_address((client * 7 + below(1 + client % 4)) % 5000);
    }
    write_packet(out, client, server, kind < 50 ? 25 : kOtherPorts[below(5)]);
  }

 private:
  static constexpr std::uint32_t kOtherPorts[] = {443, 80, 8080, 22, 993};

  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }
  // Spread over 16.0.0.0 to 111.255.255.255, which holds no private network.
  static std::uint32_t public_address(std::uint32_t number) {
    return 0x1000'0000 + (number * 2'654'435'761U) % 0x5a00'0000;
  }

  void write_time(std::string& out) {
    const std::uint64_t second = lines_ / 100, microsecond = lines_ % 100 * 10'000;
    const std::uint64_t day = 1 + second / 86400 % 30, hour = second / 3600 % 24, minute = second / 60 % 60;
    const auto to = std::back_inserter(out);
    if (dialect_ == Dialect::Classic) {
      fmt::format_to(to, "Nov {:2} {:02}:{:02}:{:02} gateway kernel: ", day, hour, minute, second % 60);
    } else {
      fmt::format_to(to, "{}2026-11-{:02}T{:02}:{:02}:{:02}.{:06}+00:00 gateway kernel{} ",
                     dialect_ == Dialect::Rfc5424 ? "<4>1 " : "", day, hour, minute, second % 60, microsecond,
                     dialect_ == Dialect::Rfc5424 ? " - - -" : ":");
    }
    fmt::format_to(to, "[{:5}.{:06}] ", 81234 + second, microsecond);
  }

  void write_packet(std::string& out, std::uint32_t client, std::uint32_t server, std::uint32_t port) {
    write_time(out);
    // 172.16.0.0/12, forty clients to a /24
    const std::uint32_t source = 0xac10'0000 + (client / 40 << 8) + 10 + client % 40;
    fmt::format_to(
        std::back_inserter(out),
        "MAILOUT IN=eth1 OUT=eth0 MAC=52:54:00:12:34:56:52:54:{:02x}:{:02x}:ab:cd:08:00 SRC={} DST={} LEN=60 "
        "TOS=0x00 PREC=0x00 TTL=63 ID={} DF PROTO=TCP SPT={} DPT={} WINDOW=64240 RES=0x00 SYN URGP=0 \n",
        client >> 8 & 255, client & 255, dotted(source), dotted(server), below(65536), 32768 + below(28000), port);
  }

  void write_other(std::string& out) {
    write_time(out);
    out += "br0: port 3(eth1) entered forwarding state\n";
  }

  std::mt19937_64 random_;
  Dialect dialect_;
  std::uint64_t lines_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: make_kernel_log LINES [SEED [classic | iso | rfc5424]]\n");
    return 2;
  }
  const std::string_view wanted = argc > 3 ? argv[3] : "classic";
  const Dialect dialect = wanted == "iso" ? Dialect::Iso : wanted == "rfc5424" ? Dialect::Rfc5424 : Dialect::Classic;
  Gateway gateway(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1, dialect);
  std::string out;
  for (std::uint64_t i = std::strtoull(argv[1], nullptr, 10); i > 0; --i) {
    gateway.write_line(out);
    if (out.size() > 1 << 20 || i == 1) {
      if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) return 4;
      out.clear();
    }
  }
  return 0;
}
