#include "bench/peers/fail2ban.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/must.h"
#include "bench/support/child.h"
#include "sys/process.h"

namespace mailweir::bench {
namespace {

constexpr std::string_view kPython = "/usr/bin/python3";  // Debian's, which its packages are for

class Fail2banJudge : public world::Judge {
 public:
  explicit Fail2banJudge(const Jail& jail)
      : child_({std::string(kPython), FAIL2BAN_BANS, std::to_string(jail.max_retry), std::to_string(jail.find_time_s),
                jail.ports}) {}

  void see(const world::Sight& sight, std::vector<world::Call>& calls) override {
    if (sight.kind != world::Sight::Kind::Connection || sight.event.kind != ConnectionEvent::Kind::Opened) return;
    const ConnectionEvent& event = sight.event;
    child_.write_line(fmt::format(
        "{:%b %d %H:%M:%S} gateway kernel: MAIL IN=eth1 OUT=eth0 SRC={} DST={} LEN=60 TTL=63 ID=0 DF PROTO=TCP SPT={} "
        "DPT={} WINDOW=64240 RES=0x00 SYN URGP=0",
        std::chrono::floor<std::chrono::seconds>(event.time), event.client.text(), event.server.text(),
        event.client_port, event.server_port));
    std::string answer;
    MUST(child_.read_line(answer));
    if (answer == "ban") calls.push_back({sight.actor, world::Call::Kind::Spammer});
  }

 private:
  Child child_;
};

}  // namespace

bool has_fail2ban() {
  const auto found = run_process({std::string(kPython), "-c", "import fail2ban.server.filter"});
  return found && found->status == 0;
}

std::unique_ptr<world::Judge> fail2ban_judge(const Jail& jail) { return std::make_unique<Fail2banJudge>(jail); }

}  // namespace mailweir::bench
