// How long does a person wait for check, plan and apply, with an ordinary policy, and with 10,000 prefixes and 100,000
// kept blocks?
//
// The program itself, as a person starts it, in a network namespace with state and runtime directories of its own; wall
// time from before its start to after its end, the median of several.
//
// usage: policy_verbs [--repetitions=N] [--gate]
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "apply/linux_kernel.h"
#include "base/must.h"
#include "bench/support/report.h"
#include "sys/enclosure.h"
#include "sys/namespace.h"
#include "sys/process.h"
#include "tests/support/temporary_directory.h"

namespace mailweir::bench {
namespace {

constexpr std::size_t kBlocks = 100'000;
constexpr std::size_t kPrefixes = 10'000;

constexpr char kOrdinary[] = R"([host]
transfer = "block"
submission = "block"
also_block = ["ftp", 22, "telnet"]
except_to = ["192.0.2.25"]
[gateway]
clients = ["172.16.0.0/12", "fd16::/32"]
mail_servers = ["172.16.9.25"]
to_clients = "block"
[inbound]
open = ["ssh", "smtp", "80/tcp"]
)";

class Desk {
 public:
  void write_policy(const std::string& text) const { std::ofstream(folder_.path() + "/policy.toml") << text; }
  // Milliseconds.
  double type(std::vector<std::string> words) const {
    const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "mailweir";
    words.insert(words.begin(), program.string());
    for (const auto& [name, place] : {std::pair{"--config", "/policy.toml"}, std::pair{"--state-dir", "/state"},
                                      std::pair{"--runtime-dir", "/run"}}) {
      words.emplace_back(name);
      words.push_back(folder_.path() + place);
    }
    const std::int64_t begin = monotonic_ns();
    const auto ran = run_process(words);
    const double spent = static_cast<double>(monotonic_ns() - begin) / 1e6;
    if (!ran || ran->status != 0) {
      fmt::print(stderr, "{}: {}\n", words[1], ran ? ran->err : ran.error().text());
      std::exit(4);
    }
    return spent;
  }

 private:
  TemporaryDirectory folder_;
};

// Of odd or even numbers: every other time all of them change.
std::string many_prefixes(std::size_t which) {
  std::string text = "[gateway]\nclients = [\"172.16.0.0/12\"]\nexempt = [";
  for (std::size_t i = 0; i < kPrefixes; ++i)
    text += fmt::format("\"172.{}.{}.{}/31\",\n", 16 + (i >> 14), (i >> 6) & 255, (i & 63) * 4 + which * 2);
  return text + "]\n";
}

void add_blocks(Kernel& kernel) {
  std::vector<Block> blocks;
  for (std::uint32_t i = 0; i < kBlocks; ++i) {
    const IpPrefix client = IpPrefix::host(IpAddress::v4(0xac18'0000 + i));
    const BlockScope scope = i % 100 == 0 ? BlockScope::SlowedDown : BlockScope::AllSending;
    blocks.push_back({client, scope, "mw-20261122-0001", std::chrono::hours(24), {}, 0});
  }
  MUST(kernel.add_blocks(blocks));
}

void row(Report& report, std::string_view what, const std::vector<double>& times, double most) {
  fmt::print("{:52} {:>9.1f} {:>9.1f} {:>9.1f}\n", what, quantile(times, 0.5), quantile(times, 0), quantile(times, 1));
  report.target(fmt::format("{}: under {:.0f} ms", what, most), quantile(times, 0.5) < most);
}

int measure(Report& report) {
  const auto repetitions = static_cast<std::size_t>(report.number("repetitions", 7));
  const Desk desk;
  desk.write_policy(kOrdinary);
  fmt::print("{:52} {:>9} {:>9} {:>9}\n", "milliseconds", "median", "least", "most");
  std::vector<double> check, plan, again, apply, unchanged;
  auto kernel = open_linux_kernel();
  MUST(kernel);
  for (std::size_t i = 0; i < repetitions; ++i) {
    MUST((*kernel)->remove());
    check.push_back(desk.type({"check"}));
    plan.push_back(desk.type({"plan"}));
    apply.push_back(desk.type({"apply", "--yes"}));
    again.push_back(desk.type({"plan"}));
    unchanged.push_back(desk.type({"apply", "--yes"}));
  }
  row(report, "check", check, 20);
  row(report, "plan, everything new", plan, 100);
  row(report, "plan, nothing to do", again, 100);
  row(report, "apply, everything new", apply, 100);
  row(report, "apply, nothing to do", unchanged, 100);

  std::vector<double> many, many_check, many_status;
  MUST((*kernel)->remove());
  desk.write_policy(many_prefixes(0));
  (void)desk.type({"apply", "--yes"});
  add_blocks(**kernel);
  for (std::size_t i = 0; i < repetitions; ++i) {
    desk.write_policy(many_prefixes((i + 1) % 2));
    many_check.push_back(desk.type({"check"}));
    many.push_back(desk.type({"apply", "--yes"}));
    many_status.push_back(desk.type({"status"}));
  }
  MUST((*kernel)->blocks()->size() == kBlocks);
  row(report, "check, 10,000 prefixes", many_check, 1000);
  row(report, "apply, 10,000 other prefixes, 100,000 blocks kept", many, 1000);
  row(report, "status, 10,000 prefixes, 100,000 blocks", many_status, 1000);
  return report.exit_status();
}

}  // namespace
}  // namespace mailweir::bench

int main(int argc, char** argv) {
  using namespace mailweir::bench;
  Report report(argc, argv, "Waiting for check, plan and apply", {"repetitions"});
  const auto status = mailweir::run_enclosed(mailweir::Walls::Network, [&] { return measure(report); });
  if (!status) fmt::print(stderr, "no namespaces here: {}\n", status.error().text());
  return status.value_or(4);
}
