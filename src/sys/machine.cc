#include "sys/machine.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "sys/fd.h"
#include "sys/socket_address.h"

namespace mailweir {
namespace {

std::optional<IpAddress> address_of(const sockaddr* address) {
  if (address == nullptr) return std::nullopt;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    return IpAddress::v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address->sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, address, sizeof v6);
  return IpAddress::v6(std::span<const std::uint8_t, 16>(v6.sin6_addr.s6_addr));
}

int length_of(const IpAddress& mask) {
  if (mask.is_v4()) return std::popcount(mask.v4_bits());
  return std::popcount(mask.high) + std::popcount(mask.low);
}

bool is_link_local(const IpAddress& address) {
  return address.is_v4() ? address.v4_bits() >> 16 == 0xa9fe : address.high >> 54 == 0x3fa;
}

std::string whole_file(const char* path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// The kernel prints words of 32 bits in the order of the machine's bytes.
std::optional<IpAddress> read_hexadecimal(std::string_view text) {
  std::array<std::uint8_t, 16> bytes{};
  if (text.size() != 8 && text.size() != 32) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); i += 8) {
    std::uint32_t word = 0;
    const auto read = std::from_chars(text.data() + i, text.data() + i + 8, word, 16);
    if (read.ec != std::errc{} || read.ptr != text.data() + i + 8) return std::nullopt;
    std::memcpy(bytes.data() + i / 2, &word, 4);
  }
  if (text.size() == 8) return IpAddress::v4(std::span<const std::uint8_t, 4>(bytes.data(), 4));
  return IpAddress::v6(std::span<const std::uint8_t, 16>(bytes));
}

}  // namespace

std::vector<OwnAddress> own_addresses() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> list(first, freeifaddrs);
  std::vector<OwnAddress> addresses;
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    if ((entry->ifa_flags & IFF_LOOPBACK) != 0 || (entry->ifa_flags & IFF_UP) == 0) continue;
    const auto address = address_of(entry->ifa_addr), mask = address_of(entry->ifa_netmask);
    if (!address || !mask || is_link_local(*address)) continue;
    addresses.push_back({entry->ifa_name, *address, IpPrefix::of(*address, length_of(*mask))});
  }
  return addresses;
}

std::vector<std::string> default_route_interfaces() {
  std::vector<std::string> interfaces;
  std::istringstream v4(whole_file("/proc/net/route")), v6(whole_file("/proc/net/ipv6_route"));
  for (std::string line; std::getline(v4, line);) {
    const auto words = words_of(line);
    if (words.size() > 7 && words[1] == "00000000" && words[7] == "00000000") interfaces.push_back(words[0]);
  }
  const std::string everything(32, '0');
  for (std::string line; std::getline(v6, line);) {
    const auto words = words_of(line);
    if (words.size() > 9 && words[0] == everything && words[1] == "00" && words[9] != "lo")
      interfaces.push_back(words[9]);
  }
  std::sort(interfaces.begin(), interfaces.end());
  interfaces.erase(std::unique(interfaces.begin(), interfaces.end()), interfaces.end());
  return interfaces;
}

std::vector<std::string> interface_names() {
  const std::unique_ptr<struct if_nameindex, void (*)(struct if_nameindex*)> list(if_nameindex(), if_freenameindex);
  std::vector<std::string> names;
  if (list == nullptr) return names;
  for (const struct if_nameindex* entry = list.get(); entry->if_index != 0; ++entry) names.emplace_back(entry->if_name);
  return names;
}

std::vector<KnownRoute> read_routes(std::string_view table4, std::string_view table6) {
  struct Ranked {
    std::uint32_t metric;
    KnownRoute route;
  };
  std::vector<Ranked> found;
  // RTF_UP and not RTF_REJECT of linux/route.h; RTF_LOCAL, RTF_ANYCAST of linux/ipv6_route.h.
  constexpr std::uint32_t kUp = 1, kNoRoute = 0x200, kOurselves = 0x80000000 | 0x00100000;
  const auto number = [](const std::string& word, int base) {
    std::uint32_t value = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), value, base);
    return read.ec == std::errc{} && read.ptr == word.data() + word.size() ? std::optional(value) : std::nullopt;
  };
  const auto leads = [&](std::optional<std::uint32_t> flags) {
    return flags && (*flags & kUp) != 0 && (*flags & (kNoRoute | kOurselves)) == 0;
  };
  std::istringstream v4{std::string(table4)}, v6{std::string(table6)};
  for (std::string line; std::getline(v4, line);) {
    const auto words = words_of(line);
    if (words.size() < 8 || !leads(number(words[3], 16))) continue;
    const auto to = read_hexadecimal(words[1]), mask = read_hexadecimal(words[7]);
    const auto metric = number(words[6], 10);
    if (to && mask && metric) found.push_back({*metric, {IpPrefix::of(*to, length_of(*mask)), words[0]}});
  }
  for (std::string line; std::getline(v6, line);) {
    const auto words = words_of(line);
    if (words.size() < 10 || words[0].size() != 32 || !leads(number(words[8], 16)) || words[9] == "lo") continue;
    std::array<std::uint8_t, 16> bytes{};
    bool good = true;
    for (std::size_t i = 0; i != bytes.size(); ++i) {
      const auto byte = number(words[0].substr(i * 2, 2), 16);
      good = good && byte.has_value();
      bytes[i] = static_cast<std::uint8_t>(byte.value_or(0));
    }
    const auto length = number(words[1], 16), metric = number(words[5], 16);
    if (good && length && *length <= 128 && metric)
      found.push_back(
          {*metric,
           {IpPrefix::of(IpAddress::v6(std::span<const std::uint8_t, 16>(bytes)), static_cast<int>(*length)),
            words[9]}});
  }
  std::stable_sort(found.begin(), found.end(), [](const Ranked& a, const Ranked& b) { return a.metric < b.metric; });
  std::vector<KnownRoute> routes;
  for (Ranked& one : found) routes.push_back(std::move(one.route));
  return routes;
}

std::vector<KnownRoute> known_routes() {
  return read_routes(whole_file("/proc/net/route"), whole_file("/proc/net/ipv6_route"));
}

std::vector<Listener> read_listeners(std::string_view table) {
  std::vector<Listener> found;
  std::istringstream lines{std::string(table)};
  for (std::string line; std::getline(lines, line);) {
    const auto words = words_of(line);
    constexpr std::string_view kListening = "0A";  // TCP_LISTEN, include/net/tcp_states.h
    if (words.size() < 4 || words[3] != kListening) continue;
    const auto colon = words[1].find(':');
    if (colon == std::string::npos) continue;
    const auto address = read_hexadecimal(std::string_view(words[1]).substr(0, colon));
    std::uint16_t port = 0;
    const char* end = words[1].data() + words[1].size();
    const auto read = std::from_chars(words[1].data() + colon + 1, end, port, 16);
    if (!address || read.ec != std::errc{} || read.ptr != end) continue;
    Listener listener{*address, port, 0};
    if (words.size() > 9) std::from_chars(words[9].data(), words[9].data() + words[9].size(), listener.socket);
    found.push_back(listener);
  }
  return found;
}

std::vector<Listener> listeners() {
  std::vector<Listener> all = read_listeners(whole_file("/proc/net/tcp"));
  const std::vector<Listener> v6 = read_listeners(whole_file("/proc/net/tcp6"));
  all.insert(all.end(), v6.begin(), v6.end());
  const auto key = [](const Listener& listener) { return std::pair(listener.port, listener.address); };
  std::sort(all.begin(), all.end(), [&](const Listener& a, const Listener& b) { return key(a) < key(b); });
  all.erase(std::unique(all.begin(), all.end(), [&](const Listener& a, const Listener& b) { return key(a) == key(b); }),
            all.end());
  return all;
}

std::vector<Listener> ssh_listeners() {
  // Names as the kernel has them: the first 15 bytes (proc(5)).
  constexpr std::array<std::string_view, 4> kServers{"sshd", "sshd-session", "dropbear", "tinysshd"};
  constexpr std::uint16_t kSsh = 22;
  std::vector<Listener> all = listeners(), found;
  std::error_code problem;
  for (const auto& process : std::filesystem::directory_iterator("/proc", problem)) {
    const std::string number = process.path().filename();
    if (number.empty() || number[0] < '0' || number[0] > '9') continue;
    std::string name = whole_file((process.path() / "comm").c_str());
    if (!name.empty() && name.back() == '\n') name.pop_back();
    const bool server = std::find(kServers.begin(), kServers.end(), name) != kServers.end();
    if (!server && number != "1") continue;
    for (const auto& file : std::filesystem::directory_iterator(process.path() / "fd", problem)) {
      const std::string target = std::filesystem::read_symlink(file.path(), problem);
      for (const Listener& listener : all)
        if ((server || listener.port == kSsh) && target == fmt::format("socket:[{}]", listener.socket))
          found.push_back(listener);
    }
  }
  const auto key = [](const Listener& listener) { return std::pair(listener.port, listener.address); };
  std::sort(found.begin(), found.end(), [&](const Listener& a, const Listener& b) { return key(a) < key(b); });
  found.erase(
      std::unique(found.begin(), found.end(), [&](const Listener& a, const Listener& b) { return key(a) == key(b); }),
      found.end());
  return found;
}

std::optional<bool> socks_without_password(const Listener& listener) {
  const bool v4 = listener.address.is_v4();
  const IpAddress loopback = *IpAddress::parse(v4 ? "127.0.0.1" : "::1");
  const SocketAddress to(listener.address.is_unspecified() ? loopback : listener.address, listener.port);
  const Fd socket(::socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{.tv_sec = 0, .tv_usec = 500'000};
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(socket.get(), to.get(), to.length) != 0) return std::nullopt;
  // Version 5, one method offered: no authentication. 0xff: none of them is acceptable.
  constexpr std::array<std::uint8_t, 3> kGreeting{5, 1, 0};
  std::array<std::uint8_t, 2> answer{};
  if (send(socket.get(), kGreeting.data(), kGreeting.size(), MSG_NOSIGNAL) != 3) return std::nullopt;
  if (recv(socket.get(), answer.data(), answer.size(), MSG_WAITALL) != 2 || answer[0] != 5) return std::nullopt;
  return answer[1] == 0;
}

}  // namespace mailweir
