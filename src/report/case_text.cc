#include "report/case_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/escape.h"
#include "report/layout.h"
#include "report/words.h"

namespace mailweir {
namespace {

using State = CaseView::State;

std::string shown(const std::string& text) { return escape(text, 1024); }

std::string lifter_text(const CaseEnd& end) { return end.by.empty() ? "somebody, outside of mailweir" : shown(end.by); }

// How a case ended, or how it stands.
std::string state_text(const CaseView& view, Time now) {
  const CaseRecord& record = view.record;
  if (record.action == Decision::Action::Notice) return "noticed, not blocked";
  if (record.action == Decision::Action::Exempt) return "exempt, not blocked";
  const std::string_view would = record.action == Decision::Action::WatchOnly  ? "would have been blocked"
                                 : record.action == Decision::Action::Throttle ? "slowed down"
                                                                               : "blocked";
  if (view.state == State::Running || view.state == State::Unknown)
    return fmt::format("{} until {}", would, time_text(record.until));
  if (view.state == State::NotThere) return fmt::format("not in force, though until {}", time_text(record.until));
  if (record.ended && record.ended->replaced)
    return fmt::format("{} until {}, then by a later case", would, time_text(record.ended->at));
  if (record.ended) return fmt::format("lifted {} by {}", time_text(record.ended->at), lifter_text(*record.ended));
  return fmt::format("{} until {}", record.until > now ? would : fmt::format("{}, ended", would),
                     time_text(record.until));
}

std::string stopped_text(const CaseView& view) {
  return view.packets_stopped ? count_text(*view.packets_stopped) : "-";
}

std::string note_of(const CaseView& view) {
  const CaseRecord& record = view.record;
  if (!view.in_ledger) return fmt::format("{}: not in the ledger", shown(record.id));
  const std::string reason = record.reason.empty() ? "no reason given" : shown(record.reason);
  return fmt::format("{}: {}", shown(record.id), reason);
}

bool is_slowed(const CaseView& view) { return view.record.action == Decision::Action::Throttle; }

// The parts in tenths of a nat and their sum: what is shown adds up as shown.
std::string evidence_text(const CaseRecord& record, const CaseStyle& style) {
  if (record.evidence.empty()) return {};
  std::string text = "\n" + style.paint(Style::Strong, "Evidence") + "\n";
  Table table({{"WEIGHT", Table::Align::Right}, {"WHAT WAS SEEN"}});
  double sum = 0;
  for (const Evidence& part : record.evidence) {
    const double tenths = std::round(std::clamp(part.nats, -1e6, 1e6) * 10);
    sum += tenths;
    table.add({fmt::format("{:+.1f}", tenths / 10), part.text.empty() ? shown(part.kind) : shown(part.text)});
  }
  table.add({fmt::format("{:.1f}", sum / 10), "in all, in nats: an ordinary user stays near or below 0"});
  return text + table.text(style.width, style.paint);
}

// Sentences about a block or a throttle that runs.
std::string running_text(const CaseView& view, const CaseStyle& style) {
  const CaseRecord& record = view.record;
  const bool slowed = is_slowed(view);
  const std::string head =
      fmt::format("{} is {} on {} until {} UTC.", record.client.text(),
                  slowed ? "slowed down, not blocked," : "blocked", ports_text(record.ports), time_text(record.until));
  std::string text = style.paint(slowed ? Style::Doubtful : Style::Bad, head) + "\n";
  const auto say = [&](const std::string& sentence) { text += wrap(sentence, style.width, 0); };
  if (slowed) {
    say("Mail to the servers it wrote to within a week goes on; new ones it reaches only now and then "
        "(new_servers_per_hour in the policy).");
  } else {
    say(fmt::format("It can send mail again in {}; everything that is not mail works.",
                    format_duration(std::chrono::floor<std::chrono::seconds>(record.until - style.now))));
  }
  text += "\n";
  const std::string after = record.connections == 0
                                ? std::string()
                                : fmt::format(", after {}", count_of(record.connections, "mail connection"));
  const std::string reason = record.reason.empty() ? "no reason was given" : shown(record.reason);
  say(fmt::format("It was {} by {} on {} UTC{}: {}.", slowed ? "slowed down" : "blocked", author_text(record),
                  time_text(record.since), after, reason));
  if (!view.in_ledger) say("The ledger does not know this case: what is told here is all the kernel holds.");
  if (view.packets_stopped) {
    say(*view.packets_stopped == 0
            ? (slowed ? "It was kept from nothing since." : "It has tried nothing since.")
            : fmt::format("Since then {} of it {} stopped.", count_of(*view.packets_stopped, "packet"),
                          *view.packets_stopped == 1 ? "was" : "were"));
  }
  if (record.repeat > 0) say(fmt::format("It was blocked {} before that.", count_of(record.repeat, "time")));
  if (record.policy_line != 0)
    say(fmt::format("The policy asks for this: {}:{}.", shown(record.policy_file), record.policy_line));
  say(fmt::format("Case {}.", shown(record.id)));
  return text + evidence_text(record, style);
}

std::string advice(const CaseView& view) {
  const IpPrefix& client = view.record.client;
  if (is_slowed(view))
    return fmt::format(
        "  it is a mail server  add it to mail_servers in the policy\n  lift it now          mailweir unblock {}\n",
        client.base().text());
  return fmt::format(
      "  lift it now          mailweir unblock {}\n  never block it       add it to exempt in the policy\n",
      client.base().text());
}

std::string case_table(std::span<const CaseView> cases, bool with_client, const CaseStyle& style) {
  std::vector<Table::Column> columns;
  if (with_client) columns.push_back({"CLIENT"});
  for (const char* head : {"SINCE (UTC)", "BY", "WHAT"}) columns.push_back({head});
  Table table(columns);
  for (const CaseView& view : cases) {
    std::vector<std::string> cells;
    if (with_client) cells.push_back(view.record.client.text());
    cells.push_back(time_text(view.record.since));
    cells.push_back(view.record.by_hand ? shown(view.record.by) : "detector");
    cells.push_back(state_text(view, style.now));
    table.add(std::move(cells), note_of(view),
              view.state != State::Running ? Style::Plain
              : is_slowed(view)            ? Style::Doubtful
                                           : Style::Bad);
  }
  return table.text(style.width, style.paint);
}

// Those that are blocked, or those that are slowed down.
std::string running_table(std::span<const CaseView> running, const CaseStyle& style) {
  Table table({{"CLIENT"}, {"UNTIL (UTC)"}, {"STOPPED", Table::Align::Right}, {"BY"}, {"PORTS"}});
  for (const CaseView& view : running) {
    const CaseRecord& record = view.record;
    table.add({record.client.text(), time_text(record.until), stopped_text(view),
               record.by.empty() ? "-" : (record.by_hand ? shown(record.by) : "detector"),
               fmt::format("{}", fmt::join(record.ports, " "))},
              note_of(view), is_slowed(view) ? Style::Doubtful : Style::Bad);
  }
  return table.text(style.width, style.paint);
}

}  // namespace

std::string ports_text(std::span<const std::uint16_t> ports) {
  if (ports.empty()) return "no port";
  if (ports.size() == 1) return fmt::format("port {}", ports.front());
  return fmt::format("ports {} and {}", fmt::join(ports.first(ports.size() - 1), ", "), ports.back());
}

std::string author_text(const CaseRecord& record) {
  if (!record.by_hand) return record.by.empty() ? "somebody" : "the detector";
  return shown(record.by);
}

std::string blocks_text(std::span<const CaseView> running, const CaseStyle& style) {
  std::vector<CaseView> blocked, slowed;
  for (const CaseView& view : running) (is_slowed(view) ? slowed : blocked).push_back(view);
  std::string text = style.paint(Style::Good, "Nobody is blocked.") + "\n";
  if (!blocked.empty()) {
    const std::string head = fmt::format("{} blocked.", count_of(blocked.size(), "client is", "clients are"));
    text = style.paint(Style::Bad, head) + "\n\n" + running_table(blocked, style);
  }
  if (!slowed.empty()) {
    const std::string head =
        fmt::format("{} slowed down, not blocked.", count_of(slowed.size(), "client is", "clients are"));
    text += "\n" + style.paint(Style::Doubtful, head) + "\n\n" + running_table(slowed, style);
  }
  if (!style.quiet && !running.empty())
    text += "\nSTOPPED counts packets. The whole story of one: mailweir why ADDRESS\n";
  return text;
}

std::string why_text(const IpPrefix& client, std::span<const CaseView> cases, const CaseStyle& style) {
  const auto running =
      std::find_if(cases.rbegin(), cases.rend(), [](const CaseView& view) { return view.state == State::Running; });
  std::string text;
  if (cases.empty()) {
    text = style.paint(Style::Good, fmt::format("{} was never blocked.", client.text())) + "\n";
    if (!style.quiet) text += wrap("Mail of it that does not arrive is stopped by somebody else.", style.width, 0);
    return text;
  }
  const auto blocks = std::count_if(cases.begin(), cases.end(),
                                    [](const CaseView& view) { return view.record.action == Decision::Action::Block; });
  const bool runs = running != cases.rend();
  if (runs) {
    text = running_text(*running, style);
  } else {
    const std::string before =
        blocks == 0
            ? "it never was"
            : fmt::format("it was {}", blocks == 1 ? "once" : count_of(static_cast<std::uint64_t>(blocks), "time"));
    const bool unknown = cases.back().state == State::Unknown;
    text = style.paint(unknown ? Style::Doubtful : Style::Good,
                       fmt::format("{} {} blocked now; {}.", client.text(), unknown ? "may be" : "is not", before)) +
           "\n";
    if (cases.back().state == State::NotThere) {
      text += wrap(
          "Its latest case should still run, and the kernel does not hold it: the table was taken away, or "
          "the machine was restarted and mailweir run was not.",
          style.width, 0);
    }
  }
  std::vector<CaseView> others;
  for (const CaseView& view : cases)
    if (!runs || &view != &*running) others.push_back(view);
  if (!others.empty()) {
    text += "\n" + style.paint(Style::Strong, runs ? "Before" : "What happened") + "\n";
    text += case_table(others, false, style);
    if (!runs) text += evidence_text(others.back().record, style);
  }
  if (runs && !style.quiet) text += "\n" + style.paint(Style::Strong, "Next") + "\n" + advice(*running);
  return text;
}

std::string history_text(std::span<const CaseView> cases, const CaseStyle& style) {
  if (cases.empty())
    return std::string("No case is recorded.\n") +
           (style.quiet ? "" : "What was done to the table: mailweir history --changes\n");
  return style.paint(Style::Strong, count_of(cases.size(), "case") + ".") + "\n\n" + case_table(cases, true, style);
}

}  // namespace mailweir
