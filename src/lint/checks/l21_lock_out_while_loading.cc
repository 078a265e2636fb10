#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "lint/check.h"
#include "lint/subject.h"
#include "ruleset/read_ruleset.h"

namespace mailweir::rules {
namespace {

struct Command {
  std::uint32_t line;
  std::vector<std::string> words;  // from the program's name on
  [[nodiscard]] bool has(std::string_view a, std::string_view b) const {
    return std::ranges::find(words, a) != words.end() || std::ranges::find(words, b) != words.end();
  }
  [[nodiscard]] bool is_v6() const {
    const std::string& program = words.front() == "sudo" && words.size() > 1 ? words[1] : words.front();
    return program.find('6') != std::string::npos;
  }
};

// The lines of a script that run iptables: the first of each simple line only, which is how such scripts look.
std::vector<Command> commands_of(std::string_view text) {
  std::vector<Command> commands;
  std::istringstream lines{std::string(text)};
  std::uint32_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::istringstream stream(line);
    Command command{number, {}};
    for (std::string word; stream >> word;) {
      if (command.words.empty() && word.starts_with('#')) break;
      command.words.push_back(word);
    }
    if (command.words.empty()) continue;
    const std::string& program = command.words.front();
    const bool runs = program.find("iptables") != std::string::npos || program.starts_with("$IPT") ||
                      program.starts_with("${IPT") || program == "sudo";
    if (runs) commands.push_back(std::move(command));
  }
  return commands;
}

bool is_input_drop_policy(const Command& command) {
  return command.has("-P", "--policy") && command.has("INPUT", "INPUT") && command.has("DROP", "DROP");
}

void run(LintSubject& subject) {
  for (std::uint32_t number = 0; number < 2 * subject.ruleset().files.size(); ++number) {
    const std::string_view text = subject.source(number / 2);
    if (text.empty() || notation_of(text) != Notation::Commands) continue;
    std::vector<Command> commands = commands_of(text);
    const bool v6 = number % 2 == 1;
    std::erase_if(commands, [v6](const Command& command) { return command.is_v6() != v6; });
    const auto policy = std::ranges::find_if(commands, is_input_drop_policy);
    if (policy == commands.end()) continue;
    const auto accepts = std::ranges::find_if(policy, commands.end(), [](const Command& command) {
      return command.has("-A", "--append") && command.has("INPUT", "INPUT") && command.has("ACCEPT", "ACCEPT");
    });
    if (accepts == commands.end()) continue;
    // Somebody who let everything in until the end of the script may set policies where they like.
    const bool accepted_before = std::any_of(commands.begin(), policy, [](const Command& command) {
      return command.has("INPUT", "INPUT") && command.has("ACCEPT", "ACCEPT") &&
             (command.has("-A", "--append") || command.has("-I", "--insert"));
    });
    if (accepted_before) continue;
    const auto chain = subject.main_chain(Way::In, !v6);
    Finding& finding = subject.add(Confidence::Heuristic, chain.value_or(RulePlace{}),
                                   fmt::format("line {} stops everything, and the first rule that accepts something is "
                                               "added in line {}: if the script ends in between, or is run over ssh, "
                                               "the machine cannot be reached any more",
                                               policy->line, accepts->line));
    finding.fix = "set the policy last, or load all rules at once with iptables-restore";
  }
}

}  // namespace

const Check l21{
    .number = "L21",
    .id = "lock-out-while-loading",
    .severity = Severity::Error,
    .confidence = Confidence::Heuristic,
    .meaning = "a script sets the policy to DROP before it accepts anything",
    .why =
        "A script runs line by line. From the policy to the first rule that accepts, all packets are dropped, those of "
        "the ssh session that runs it too: a mistake in a line between, a slow name lookup, and nobody gets in. "
        "iptables-restore changes everything in one step.",
    .wrong = {.rules = "ip6tables -A INPUT -i lo -j ACCEPT\n"
                       "ip6tables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "ip6tables -A INPUT -p ipv6-icmp -j ACCEPT\n"
                       "ip6tables -A INPUT -p tcp --dport 22 -j ACCEPT\n"
                       "ip6tables -P INPUT DROP\n"
                       "iptables -P INPUT DROP\n"
                       "iptables -A INPUT -i lo -j ACCEPT\n"
                       "iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "iptables -A INPUT -p tcp --dport 22 -j ACCEPT\n"},
    .right = {.rules = "iptables -A INPUT -i lo -j ACCEPT\n"
                       "iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "iptables -A INPUT -p tcp --dport 22 -j ACCEPT\n"
                       "iptables -P INPUT DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
