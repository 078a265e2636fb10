// read_iptables_save of other_rules.h.
#include <fmt/format.h>

#include <charconv>
#include <map>
#include <set>
#include <sstream>

#include "proof/other_rules.h"

namespace mailweir {
namespace {

struct Hook {
  const char *chain, *hook;
};
constexpr Hook kHooks[] = {{"PREROUTING", "prerouting"},
                           {"INPUT", "input"},
                           {"FORWARD", "forward"},
                           {"OUTPUT", "output"},
                           {"POSTROUTING", "postrouting"}};

// linux/netfilter_ipv4.h: NF_IP_PRI_*; of nat, what comes in and what goes out.
int priority_of(const std::string& table, std::string_view hook) {
  if (table == "raw") return -300;
  if (table == "mangle") return -150;
  if (table == "nat") return hook == "prerouting" || hook == "output" ? -100 : 100;
  return table == "security" ? 50 : 0;
}

std::optional<std::uint64_t> packets_in(std::string_view counter) {  // "[5:300]"
  std::uint64_t packets = 0;
  if (counter.size() < 2 || counter.front() != '[') return std::nullopt;
  const auto read = std::from_chars(counter.data() + 1, counter.data() + counter.size(), packets);
  return read.ec == std::errc{} ? std::optional(packets) : std::nullopt;
}

struct SavedChain {
  std::vector<OtherRule> rules;
  std::vector<std::string> targets;
  int lines = 0;
};

void collect(const std::map<std::string, SavedChain>& chains, OtherChain& base, const std::string& name,
             std::set<std::string>& seen) {
  const auto found = chains.find(name);
  if (found == chains.end() || !seen.insert(name).second) return;
  base.rules.insert(base.rules.end(), found->second.rules.begin(), found->second.rules.end());
  for (const std::string& target : found->second.targets) collect(chains, base, target, seen);
}

class Table {
 public:
  Table(std::string name, bool v4) : name_(std::move(name)), v4_(v4) {}

  void declare(std::istringstream& words, std::string chain) {
    std::string policy, counter;
    words >> policy >> counter;
    for (const Hook& hook : kHooks) {
      if (chain != hook.chain) continue;
      OtherChain base;
      base.program = v4_ ? "iptables-legacy" : "ip6tables-legacy";
      base.family = v4_ ? "ip" : "ip6";
      base.table = name_;
      base.chain = chain;
      base.hook = hook.hook;
      base.priority = priority_of(name_, hook.hook);
      base.policy_drops = policy == "DROP";
      base.policy_packets = packets_in(counter);
      bases_.push_back(std::move(base));
    }
    chains_.try_emplace(std::move(chain));
  }

  void add(std::istringstream& words, std::optional<std::uint64_t> packets) {
    std::string chain, word, target;
    words >> chain;
    // The target is what follows -j or -g; a comment may hold these letters too, but earlier.
    for (std::string before; words >> word; before = word) {
      if (before == "-j" || before == "-g") target = word;
    }
    SavedChain& saved = chains_[chain];
    ++saved.lines;
    const bool stops = target == "DROP" || target == "REJECT" || target == "TARPIT" || target == "NFQUEUE";
    const bool redirects = target == "REDIRECT" || target == "DNAT" || target == "TPROXY";
    if (stops || redirects) {
      saved.rules.push_back({chain, fmt::format("rule {} ({})", saved.lines, target), packets, redirects});
    } else if (!target.empty()) {
      saved.targets.push_back(target);
    }
  }

  void finish(std::vector<OtherChain>& into) {
    for (OtherChain& base : bases_) {
      std::set<std::string> seen;
      collect(chains_, base, base.chain, seen);
      if (base.policy_drops || !base.rules.empty()) into.push_back(std::move(base));
    }
  }

 private:
  std::string name_;
  bool v4_;
  std::vector<OtherChain> bases_;
  std::map<std::string, SavedChain> chains_;
};

}  // namespace

std::vector<OtherChain> read_iptables_save(std::string_view text, bool v4) {
  std::vector<OtherChain> chains;
  std::optional<Table> table;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '*') {
      table.emplace(line.substr(1), v4);
      continue;
    }
    if (!table) continue;
    if (line == "COMMIT") {
      table->finish(chains);
      table.reset();
      continue;
    }
    std::istringstream words(line);
    std::string first, second;
    if (!(words >> first)) continue;
    if (first.front() == ':') {
      table->declare(words, first.substr(1));
    } else if (first.front() == '[') {
      words >> second;
      if (second == "-A") table->add(words, packets_in(first));
    } else if (first == "-A") {
      table->add(words, std::nullopt);
    }
  }
  return chains;
}

}  // namespace mailweir
