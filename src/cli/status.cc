#include "cli/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "apply/change.h"
#include "apply/linux_kernel.h"
#include "apply/observations.h"
#include "apply/standing.h"
#include "apply/table_names.h"
#include "base/escape.h"
#include "cli/give_up.h"
#include "cli/install.h"
#include "cli/observation_view.h"
#include "cli/screen.h"
#include "daemon/guard_state.h"
#include "daemon/live_state.h"
#include "report/json.h"
#include "report/layout.h"
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
    case Standing::Bypassed:
      return "The policy is in the kernel, but not all of its rules can work.";
    case Standing::Drifted:
      return "Somebody else changed our table: `mailweir apply` sets it up anew.";
    case Standing::Missing:
      return "Our table is gone: `mailweir apply` sets it up anew.";
    case Standing::Removed:
      return "Our table was removed: `mailweir rollback` brings the last policy back, `mailweir apply` the one of now.";
    case Standing::Unmanaged:
      return "There is a table of ours, but no policy is applied: `mailweir apply` makes it last.";
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

// What `status` asks besides the table.
struct Surroundings {
  std::optional<GuardState> guard;  // nothing: none runs, or it tells nothing
  std::vector<StandingObservation> observations;
};

Surroundings look_around(const StandingReport& report, const CommonOptions& common) {
  Surroundings around;
  // A file without a guard behind it is an old one.
  if (report.running) {
    if (auto state = read_guard_state(common.runtime_dir)) around.guard = std::move(*state);
  }
  if (auto observations = list_observations()) around.observations = std::move(*observations);
  return around;
}

std::string guard_sentence(const StandingReport& report, const Surroundings& around, Time now) {
  if (!report.running) return "not running: nobody looks for spammers";
  if (!around.guard) return "running, and tells nothing about itself";
  const GuardState& guard = *around.guard;
  if (now - guard.told > kGuardSilenceMax)
    return fmt::format("hangs: it holds its lock, and has told nothing for {}", format_duration(now - guard.told));
  return fmt::format("running since {} UTC{}", time_text(guard.since),
                     guard.mode == "block" ? "" : ", and only watches: it blocks nobody");
}

std::string losses_sentence(const GuardState& guard) {
  if (guard.lost_events() + guard.packet_overruns + guard.unreadable + guard.forgotten_connections == 0)
    return "none: every first packet and every state change was judged";
  std::string text = fmt::format("{} lost", count_of(guard.lost_events(), "event"));
  const auto add = [&](std::uint64_t count, std::string_view what) {
    if (count > 0) text += fmt::format("; {} {}", count_text(count), what);
  };
  add(guard.lost_packets, "missing in the numbers of NFLOG");
  add(guard.packet_overruns, "times its buffer was full");
  add(guard.change_overruns, "times that of conntrack was");
  add(guard.unreadable, "packets were not TCP as we know it");
  add(guard.forgotten_connections, "connections were given up for want of room");
  return text;
}

void print_guard(const StandingReport& report, const Surroundings& around, Time now, const auto& line) {
  line("guard", guard_sentence(report, around, now));
  if (!around.guard) return;
  const GuardState& guard = *around.guard;
  line("seen", fmt::format("{} of {}, {}", count_of(guard.packets, "first packet"),
                           count_of(guard.connections, "connection"), "all of them: nothing is sampled"));
  line("losses", losses_sentence(guard));
  line("clients",
       fmt::format("{} tracked, {} forgotten", count_text(guard.clients), count_text(guard.forgotten_clients)));
  if (guard.blocks_waiting > 0)
    line("waiting", fmt::format("{} the kernel refused so far", count_of(guard.blocks_waiting, "block")));
  if (guard.ledger_waiting + guard.ledger_lost > 0)
    line("ledger", fmt::format("{} wait to be written, {} lost", count_text(guard.ledger_waiting),
                               count_text(guard.ledger_lost)));
}

// What the guard says of port 25; nothing when none runs, or it cannot be asked.
std::optional<nlohmann::json> uplink_of(const CommonOptions& common) {
  const auto answer = ask(live_socket(common.runtime_dir));
  if (!answer) return std::nullopt;
  const auto json = nlohmann::json::parse(*answer, nullptr, false);
  if (!json.is_object() || !json.contains("uplink") || !json["uplink"].is_object()) return std::nullopt;
  return json["uplink"];
}

void print_screen(const StandingReport& report, const Surroundings& around, const CommonOptions& common, Time now) {
  const Screen screen = screen_of(stdout, common);
  fmt::print("{}\n\n", screen.paint(is_well(report) ? Style::Good : Style::Bad, verdict(report, now)));
  const auto line = [](std::string_view name, const std::string& value) { fmt::print("  {:<12} {}\n", name, value); };
  line("enforced", fmt::format("{} of {}", count_text(report.enforced), count_text(report.wanted)));
  print_guard(report, around, now, line);
  line("blocks", count_text(report.blocks));
  if (report.slowed > 0)
    line("slowed down",
         fmt::format("{}: no block, but new mail servers only now and then", count_of(report.slowed, "client")));
  if (const auto uplink = report.running ? uplink_of(common) : std::nullopt; uplink && uplink->value("closed", false))
    line("port 25", fmt::format("fails for {} of {} clients: it seems closed further up", uplink->value("failing", 0),
                                uplink->value("clients", 0)));
  if (report.log.seen > 0)
    line("log", fmt::format("{} written, {} kept back by its limits", count_text(report.log.written),
                            count_text(report.log.seen - report.log.written)));
  for (const StandingObservation& one : around.observations)
    line("observing", fmt::format("{}: {}, until {} UTC: {}", one.what.number, observation_words(one.what),
                                  time_text(one.what.until), observation_counts(one)));
  if (report.generation) {
    line("boot", !boot_is_arranged() ? "a reboot loses it: `mailweir install` makes it come back"
                 : report.boots      ? "comes back after a reboot"
                                     : "a reboot brings an earlier table");
  }
  if (report.last_change) line("last change", change_sentence(*report.last_change));
  for (const std::string& text : report.bypasses) fmt::print("\n{}", wrap(text, screen.width, 2));
  if (report.drift.empty()) return;
  fmt::print("\n  What is missing (+) and what should not be there (-):\n");
  for (std::size_t i = 0; i < std::min(report.drift.size(), kDriftShown); ++i) {
    fmt::print("    {}\n", escape(change_line(report.drift[i]), 200));
  }
  if (report.drift.size() > kDriftShown) fmt::print("    ... and {} more\n", report.drift.size() - kDriftShown);
}

nlohmann::ordered_json guard_json(const GuardState& guard) {
  nlohmann::ordered_json json;
  json["since"] = json_time(guard.since);
  json["told"] = json_time(guard.told);
  json["mode"] = guard.mode;
  json["sampling"] = 1;
  json["packets"] = guard.packets;
  json["connections"] = guard.connections;
  json["state_changes"] = guard.state_changes;
  json["lost_packets"] = guard.lost_packets;
  json["packet_overruns"] = guard.packet_overruns;
  json["change_overruns"] = guard.change_overruns;
  json["unreadable"] = guard.unreadable;
  json["clients"] = guard.clients;
  json["forgotten_clients"] = guard.forgotten_clients;
  json["forgotten_connections"] = guard.forgotten_connections;
  json["slowed"] = guard.slowed;
  json["blocks_added"] = guard.blocks_added;
  json["blocks_waiting"] = guard.blocks_waiting;
  json["ledger_waiting"] = guard.ledger_waiting;
  json["ledger_lost"] = guard.ledger_lost;
  return json;
}

void print_answer(const StandingReport& report, const Surroundings& around, const CommonOptions& common) {
  auto answer = json_answer("status");
  answer["state"] = name_of(report.standing);
  answer["enforced"] = report.enforced;
  answer["wanted"] = report.wanted;
  answer["running"] = report.running;
  answer["blocks"] = report.blocks;
  answer["slowed"] = report.slowed;
  answer["lost_events"] = nullptr;
  if (around.guard) answer["lost_events"] = around.guard->lost_events();
  const auto uplink = report.running ? uplink_of(common) : std::nullopt;
  answer["uplink"] = uplink ? nlohmann::ordered_json(*uplink) : nlohmann::ordered_json(nullptr);
  answer["pending_confirm"] = nullptr;
  if (report.generation && report.generation->is_open()) {
    answer["pending_confirm"] = {{"generation", report.generation->number},
                                 {"deadline", json_time(report.generation->deadline)}};
  }
  answer["generation"] = report.generation ? nlohmann::ordered_json(report.generation->number) : nullptr;
  answer["boots"] = report.boots;
  answer["boot_arranged"] = boot_is_arranged();
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
  answer["bypasses"] = report.bypasses;
  answer["log"] = {{"written", report.log.written}, {"suppressed", report.log.seen - report.log.written}};
  answer["guard"] = around.guard ? guard_json(*around.guard) : nlohmann::ordered_json();
  answer["observations"] = observations_json(around.observations);
  std::fputs(print_json(answer).c_str(), stdout);
}

}  // namespace

int status(const CommonOptions& common) {
  const auto kernel = open_linux_kernel();
  if (!kernel) return give_up(kernel.error());
  const Time now = SystemClock().now();
  const auto shortcuts = flowtables();
  if (!shortcuts) return give_up(shortcuts.error());
  const auto report =
      how_things_stand(**kernel, GenerationStore(common.state_dir), common.runtime_dir, *shortcuts, now);
  if (!report) return give_up(report.error());
  const Surroundings around = look_around(*report, common);
  if (common.json) {
    print_answer(*report, around, common);
  } else {
    print_screen(*report, around, common, now);
  }
  return is_well(*report) ? 0 : 1;
}

}  // namespace mailweir
