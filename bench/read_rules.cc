// How fast are rules of iptables read and printed, and does it stay linear?
//
// usage: read_rules [FILE]      without a file: rules made here, 1,000 to 100,000 of them. Processor time, best of
// five.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <iterator>

#include "ruleset/print_ruleset.h"
#include "ruleset/read_ruleset.h"

namespace {

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// A chain per hundred rules, as address lists come.
std::string made(std::size_t rules) {
  std::string text = "*filter\n:INPUT DROP [0:0]\n";
  for (std::size_t i = 0; i < rules / 100 + 1; ++i) text += fmt::format(":list_{} - [0:0]\n", i);
  for (std::size_t i = 0; i < rules; ++i)
    text +=
        fmt::format("-A list_{} -s 10.{}.{}.{}/32 -p tcp -m state --state NEW -m multiport --dports 25,465,{} -j {}\n",
                    i / 100, i >> 16 & 255, i >> 8 & 255, i & 255, i % 60'000 + 1, i % 3 == 0 ? "ACCEPT" : "DROP");
  return text + "COMMIT\n";
}

void measure(const std::string& name, const std::string& text) {
  double read = 1e9;
  double print = 1e9;
  std::size_t rules = 0;
  for (int pass = 0; pass < 5; ++pass) {
    mailweir::Diagnostics remarks;
    double start = processor_seconds();
    const mailweir::rules::Ruleset ruleset = mailweir::rules::read_iptables(text, {}, remarks);
    read = std::min(read, processor_seconds() - start);
    start = processor_seconds();
    const bool printed = mailweir::rules::print_iptables(ruleset, mailweir::rules::RuleFamily::Ip4).has_value() &&
                         mailweir::rules::print_iptables(ruleset, mailweir::rules::RuleFamily::Ip6).has_value();
    if (printed) print = std::min(print, processor_seconds() - start);
    rules = 0;
    for (const mailweir::rules::Table& table : ruleset.tables)
      for (const mailweir::rules::Chain& chain : table.chains) rules += chain.rules.size();
  }
  fmt::print("{}: {} bytes, {} rules, read {:.1f} ms, printed {:.1f} ms\n", name, text.size(), rules, 1e3 * read,
             1e3 * print);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) {
    std::ifstream in(argv[1], std::ios::binary);
    measure(argv[1], {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()});
    return 0;
  }
  for (const std::size_t rules : {1'000, 10'000, 100'000}) measure("made here", made(rules));
  return 0;
}
