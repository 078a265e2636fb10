#include "sys/unused_address.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "sys/machine.h"
#include "sys/process.h"
#include "sys/raw_probe.h"

namespace mailweir {
namespace {

// A neighbour answers within milliseconds; one that sleeps (wireless) takes a few tenths.
constexpr int kAsks = 14, kAskStepMs = 50;

// The words `ip` prints; nothing: it says no.
Result<std::optional<std::vector<std::string>>> ask_ip(std::vector<std::string> question) {
  question.insert(question.begin(), "ip");
  const auto ran = run_process(question);
  if (!ran) return fail(ran.error());
  if (ran->status != 0) return std::optional<std::vector<std::string>>();
  std::istringstream text(ran->out);
  std::vector<std::string> words;
  for (std::string word; text >> word;) words.push_back(word);
  return std::optional(std::move(words));
}

bool holds(const std::vector<std::string>& words, const char* word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string word_after(const std::vector<std::string>& words, const char* word) {
  const auto at = std::find(words.begin(), words.end(), word);
  return at == words.end() || at + 1 == words.end() ? std::string() : *(at + 1);
}

const char* family_of(IpAddress address) { return address.is_v4() ? "-4" : "-6"; }

bool is_known_neighbour(const std::optional<std::vector<std::string>>& words) {
  return words && holds(*words, "lladdr");
}

Result<bool> neighbour_answers(IpAddress address, const std::string& interface) {
  const std::vector<std::string> show{family_of(address), "neighbour", "show", "to", address.text(), "dev", interface};
  auto known = ask_ip(show);
  if (!known) return fail(std::move(known).error());
  if (is_known_neighbour(*known)) return true;
  // "use": the kernel asks as if it had a packet for it, though there is none.
  auto asked = ask_ip({family_of(address), "neighbour", "replace", address.text(), "dev", interface, "use"});
  if (!asked) return fail(std::move(asked).error());
  if (!*asked) return fail(ErrorCode::NotPermitted, "the kernel does not ask for the neighbour " + address.text());
  for (int i = 0; i < kAsks; ++i) {
    poll(nullptr, 0, kAskStepMs);
    known = ask_ip(show);
    if (!known) return fail(std::move(known).error());
    if (is_known_neighbour(*known)) return true;
    if (*known && holds(**known, "FAILED")) return false;
  }
  return false;
}

Result<bool> answers_ping(IpAddress address) {
  const auto own = own_addresses();
  const auto source = std::find_if(own.begin(), own.end(),
                                   [&](const OwnAddress& one) { return one.address.is_v4() == address.is_v4(); });
  if (source == own.end()) return false;
  const auto end = probe_ping(source->address, address, std::chrono::milliseconds(300));
  if (!end) return fail(end.error());
  return *end == ProbeEnd::Established;
}

}  // namespace

Result<bool> is_unused(IpAddress address) {
  const auto route = ask_ip({"-o", family_of(address), "route", "get", address.text()});
  if (!route) return fail(route.error());
  if (!*route) return true;  // no way there: nobody
  const std::vector<std::string>& words = **route;
  if (words.empty() || words.front() == "local" || words.front() == "broadcast" || words.front() == "multicast")
    return false;
  const auto answered =
      holds(words, "via") ? answers_ping(address) : neighbour_answers(address, word_after(words, "dev"));
  if (!answered) return fail(answered.error());
  return !*answered;
}

Result<bool> is_unused_network(const IpPrefix& network) {
  for (const OwnAddress& own : own_addresses()) {
    if (network.contains(own.address) || network.contains(own.network)) return false;
  }
  const auto routes = ask_ip({"-o", family_of(network.base()), "route", "show", "root", network.text()});
  if (!routes) return fail(routes.error());
  if (*routes && !(*routes)->empty()) return false;
  const auto neighbours = ask_ip({family_of(network.base()), "neighbour", "show", "to", network.text()});
  if (!neighbours) return fail(neighbours.error());
  return !is_known_neighbour(*neighbours);
}

}  // namespace mailweir
