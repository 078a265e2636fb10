#include "cli/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "apply/change.h"
#include "apply/linux_kernel.h"
#include "apply/standing.h"
#include "base/escape.h"
#include "cli/give_up.h"
#include "cli/screen.h"
#include "daemon/live_state.h"
#include "report/json.h"
#include "report/words.h"
#include "sys/answer_socket.h"
#include "sys/clock.h"

namespace mailweir {
namespace {

constexpr std::size_t kDriftShown = 10;

bool is_well(const StandingReport& report) { return report.standing == Standing::Enforced; }

std::string verdict(const StandingReport& report, Time now) {
  const int number = report.generation ? report.generation->number : 0;
  switch (report.standing) {
    case Standing::Enforced:
      return "The policy is in force.";
    case Standing::Pending:
      return fmt::format(
          "Generation {} is in force for {} more, and is then taken back: `mailweir confirm` keeps it.", number,
          format_duration(report.generation->deadline ? *report.generation->deadline - now : Duration{}));
    case Standing::Unfinished:
      return fmt::format(
          "Generation {} is in force, but whoever applied it was ended before recording that: `mailweir "
          "confirm` keeps it, `mailweir rollback` takes it back.",
          number);
    case Standing::Overdue:
      return fmt::format(
          "Generation {} was not confirmed in time, and what should have taken it back was ended: "
          "`mailweir rollback` does it now.",
          number);
    case Standing::Drifted:
      return "Somebody else changed our table: `mailweir apply` sets it up anew.";
    case Standing::Missing:
      return "Our table is gone: `mailweir apply` sets it up anew.";
    case Standing::Unmanaged:
      return "There is a table of ours, but no policy was ever applied: `mailweir apply` makes it last.";
    case Standing::Nothing:
      return "Nothing was ever applied here.";
  }
  return "";
}

std::string change_sentence(const Generation& change) {
  std::string text = fmt::format("generation {}, {} UTC, by {}: {}", change.number, time_text(change.time),
                                 escape(change.author), name_of(change.state));
  if (!change.remark.empty()) text += " (" + escape(change.remark, 200) + ")";
  return text;
}

// What the guard says of port 25; nothing when none runs, or it cannot be asked.
std::optional<nlohmann::json> uplink_of(const CommonOptions& common) {
  const auto answer = ask(live_socket(common.runtime_dir));
  if (!answer) return std::nullopt;
  const auto json = nlohmann::json::parse(*answer, nullptr, false);
  if (!json.is_object() || !json.contains("uplink") || !json["uplink"].is_object()) return std::nullopt;
  return json["uplink"];
}

void print_screen(const StandingReport& report, const CommonOptions& common, Time now) {
  const Screen screen = screen_of(stdout, common);
  fmt::print("{}\n\n", screen.paint(is_well(report) ? Style::Good : Style::Bad, verdict(report, now)));
  const auto line = [](std::string_view name, const std::string& value) { fmt::print("  {:<12} {}\n", name, value); };
  line("enforced", fmt::format("{} of {}", count_text(report.enforced), count_text(report.wanted)));
  line("guard", report.running ? "running" : "not running: nobody looks for spammers");
  line("blocks", count_text(report.blocks));
  if (const auto uplink = report.running ? uplink_of(common) : std::nullopt; uplink && uplink->value("closed", false))
    line("port 25", fmt::format("fails for {} of {} clients: it seems closed further up", uplink->value("failing", 0),
                                uplink->value("clients", 0)));
  if (report.generation) {
    line("boot", report.boots ? "comes back after a reboot" : "a reboot brings an earlier table");
  }
  if (report.last_change) line("last change", change_sentence(*report.last_change));
  if (report.drift.empty()) return;
  fmt::print("\n  What is missing (+) and what should not be there (-):\n");
  for (std::size_t i = 0; i < std::min(report.drift.size(), kDriftShown); ++i) {
    fmt::print("    {}\n", escape(change_line(report.drift[i]), 200));
  }
  if (report.drift.size() > kDriftShown) fmt::print("    ... and {} more\n", report.drift.size() - kDriftShown);
}

void print_answer(const StandingReport& report, const CommonOptions& common) {
  auto answer = json_answer("status");
  answer["state"] = name_of(report.standing);
  answer["enforced"] = report.enforced;
  answer["wanted"] = report.wanted;
  answer["running"] = report.running;
  answer["blocks"] = report.blocks;
  answer["lost_events"] = nullptr;
  const auto uplink = report.running ? uplink_of(common) : std::nullopt;
  answer["uplink"] = uplink ? nlohmann::ordered_json(*uplink) : nlohmann::ordered_json(nullptr);
  answer["pending_confirm"] = nullptr;
  if (report.generation && report.generation->is_open()) {
    answer["pending_confirm"] = {{"generation", report.generation->number},
                                 {"deadline", json_time(report.generation->deadline)}};
  }
  answer["generation"] = report.generation ? nlohmann::ordered_json(report.generation->number) : nullptr;
  answer["boots"] = report.boots;
  answer["last_change"] = nullptr;
  if (report.last_change) {
    answer["last_change"] = {{"generation", report.last_change->number},
                             {"state", name_of(report.last_change->state)},
                             {"time", json_time(report.last_change->time)},
                             {"author", report.last_change->author},
                             {"remark", report.last_change->remark}};
  }
  auto drift = nlohmann::ordered_json::array();
  for (const TableChange& change : report.drift) drift.push_back(change_line(change));
  answer["drift"] = std::move(drift);
  std::fputs(print_json(answer).c_str(), stdout);
}

}  // namespace

int status(const CommonOptions& common) {
  const auto kernel = open_linux_kernel();
  if (!kernel) return give_up(kernel.error());
  const Time now = SystemClock().now();
  const auto report = how_things_stand(**kernel, GenerationStore(common.state_dir), common.runtime_dir, now);
  if (!report) return give_up(report.error());
  if (common.json) {
    print_answer(*report, common);
  } else {
    print_screen(*report, common, now);
  }
  return is_well(*report) ? 0 : 1;
}

}  // namespace mailweir
