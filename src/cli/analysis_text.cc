#include "cli/analysis_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/escape.h"
#include "detect/settings.h"
#include "report/layout.h"
#include "report/stopped.h"
#include "report/words.h"

namespace mailweir {
namespace {

// Of those only worth a look, a screenful; the rest are in --all.
constexpr std::size_t kDoubtfulShownMax = 20;

// More files than this are summed up.
constexpr std::size_t kInputsShownMax = 8;

using Clients = std::vector<const ClientReport*>;

// Text of ours may quote a recording; what is plain stays as it is.
std::string shown(const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return plain ? text : escape(text, text.size());
}

template <typename Wanted>
Clients clients_where(const ReplayResult& result, Wanted wanted) {
  Clients clients;
  for (const ClientReport& report : result.clients)
    if (wanted(report)) clients.push_back(&report);
  return clients;
}

// Undecided, although the score against ordinary users is high enough: an unregistered mail server, or evidence of one
// kind only.
bool is_doubtful(const ClientReport& report) {
  return report.verdict == Verdict::Undecided && report.score_user >= DetectSettings{}.user_threshold;
}

std::string ports_text(const ClientReport& report) {
  std::string text;
  for (const auto& port : report.ports)
    if (port.connections > 0) text += fmt::format("{}{}", text.empty() ? "" : " ", port.port);
  return text;
}

std::string headline(const ReplayResult& result, const Clients& spammers, const AnalysisStyle& style) {
  const std::string among = count_of(result.clients.size(), "client");
  if (result.clients.empty())
    return style.paint(Style::Strong, "No client of this machine touched a mail port.") + "\n";
  if (spammers.empty()) return style.paint(Style::Good, fmt::format("No spammer among {}.", among)) + "\n";
  std::string text =
      style.paint(Style::Bad, fmt::format("{} among {}.", count_of(spammers.size(), "spammer"), among)) + "\n";
  std::uint64_t attempts = 0, stopped = 0;
  for (const ClientReport* report : spammers) {
    attempts += report->attempts;
    stopped += would_have_stopped(*report).connections;
  }
  text += wrap(fmt::format("Blocked when found, {} would not have made {} of {}.", spammers.size() == 1 ? "it" : "they",
                           count_text(stopped), count_of(attempts, "connection")),
               style.width, 0);
  return text;
}

std::string spammer_table(const Clients& spammers, const AnalysisStyle& style) {
  if (spammers.empty()) return {};
  Table table({{"SPAMMER"}, {"SINCE (UTC)"}, {"FOUND AFTER"}, {"A BLOCK WOULD HAVE STOPPED"}});
  for (const ClientReport* report : spammers) {
    const Stopped stopped = would_have_stopped(*report);
    std::string note = shown(report->reason);
    if (report->decided_at)
      note = fmt::format("found within {}: {}", format_duration(*report->decided_at - report->first_seen), note);
    table.add({report->client.text(), time_text(report->first_seen),
               count_of(report->decided_after_connections.value_or(report->attempts), "connection"),
               fmt::format("{} of {}, port {}", count_text(stopped.connections), count_text(report->attempts),
                           fmt::join(stopped.ports, " "))},
              note, Style::Bad);
  }
  return "\n" + table.text(style.width, style.paint);
}

enum class Reasons : bool { Left, Told };

std::string client_table(const char* title, Clients clients, std::size_t shown_max, Style mark, Reasons reasons,
                         const AnalysisStyle& style) {
  if (clients.empty()) return {};
  std::string text = "\n" + style.paint(Style::Strong, title) + "\n";
  Table table({{"CLIENT"},
               {"SINCE (UTC)"},
               {"CONNECTIONS", Table::Align::Right},
               {"SERVERS", Table::Align::Right},
               {"SCORE", Table::Align::Right},
               {"PORTS"}});
  const std::size_t left_out = clients.size() > shown_max ? clients.size() - shown_max : 0;
  clients.resize(clients.size() - left_out);
  for (const ClientReport* report : clients)
    table.add({report->client.text(), time_text(report->first_seen), count_text(report->attempts),
               count_text(report->destinations), fmt::format("{:.1f}", report->score_user), ports_text(*report)},
              reasons == Reasons::Told ? shown(report->reason) : "", mark);
  text += table.text(style.width, style.paint);
  if (left_out > 0) text += fmt::format("  and {} more (--all)\n", count_text(left_out));
  return text;
}

std::string others(std::size_t undecided, std::size_t legitimate, const AnalysisStyle& style) {
  std::vector<std::string> parts;
  if (legitimate > 0)
    parts.push_back(
        count_of(legitimate, "client looks like an ordinary mail user", "clients look like ordinary mail users"));
  if (undecided > 0) parts.push_back(count_of(undecided, "client", "clients") + " with too little evidence");
  if (parts.empty() || style.everyone) return {};
  return "\n" + wrap(fmt::format("{} (--all lists them).", fmt::join(parts, ", ")), style.width, 0);
}

std::string_view format_text(const InputReport& input) {
  if (input.format == "kernel-log") return "kernel log";
  if (input.format == "journal-json") return "journal";
  if (input.format == "pcap") return "capture";
  return input.format;
}

// Everything about one input, or about many as one, except its name.
std::string input_counts(const InputReport& input, const AnalysisStyle& style) {
  const std::string_view unit = input.format == "pcap" ? "packet" : "line";
  const std::string mail = input.events == 0 ? "no mail" : count_of(input.events, "packet") + " of mail";
  std::string text = wrap(fmt::format("{}{}{}, {} that leaves", format_text(input), input.format.empty() ? "" : ", ",
                                      count_of(input.lines, unit), mail),
                          style.width, 4);
  std::vector<std::pair<std::uint64_t, std::string>> skipped;
  for (const auto& [reason, count] : input.skipped)
    if (count > 0) skipped.emplace_back(count, reason);
  std::stable_sort(skipped.begin(), skipped.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string list;
  for (const auto& [count, reason] : skipped)
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", count_text(count), shown(reason));
  if (!list.empty()) text += wrap("not used: " + list, style.width, 4);
  if (input.unparsed > 0)
    text += wrap(fmt::format("of these not readable: {}", count_of(input.unparsed, unit)), style.width, 4);
  return text;
}

InputReport sum_of(const std::vector<InputReport>& inputs) {
  InputReport sum;
  for (const InputReport& input : inputs) {
    sum.lines += input.lines;
    sum.events += input.events;
    sum.unparsed += input.unparsed;
    for (const auto& [reason, count] : input.skipped) sum.skipped[reason] += count;
  }
  return sum;
}

// What holds for several inputs is said once.
std::string notes_text(const std::vector<InputReport>& inputs, const AnalysisStyle& style) {
  if (style.quiet) return {};
  std::map<std::string, std::vector<const InputReport*>> notes;
  for (const InputReport& input : inputs)
    for (const std::string& note : input.notes) notes[note].push_back(&input);
  std::string text;
  for (const auto& [note, from] : notes) {
    const std::string where = inputs.size() == 1 ? ""
                              : from.size() == 1 ? shown(from.front()->file) + ": "
                                                 : fmt::format("{} of the files: ", from.size());
    text += wrap(where + shown(note), style.width, 2);
  }
  return text;
}

std::string what_was_read(const ReplayResult& result, const AnalysisStyle& style) {
  std::string text = "\n" + style.paint(Style::Strong, "Read") + "\n";
  if (result.inputs.size() > kInputsShownMax) {
    text += wrap(count_of(result.inputs.size(), "file") + " (--json tells them apart)", style.width, 2);
    text += input_counts(sum_of(result.inputs), style);
  } else {
    for (const InputReport& input : result.inputs)
      text +=
          wrap(input.file == "-" ? "standard input" : shown(input.file), style.width, 2) + input_counts(input, style);
  }
  text += notes_text(result.inputs, style);
  if (result.from && result.to)
    text += wrap(fmt::format("from {} to {} UTC ({})", time_text(*result.from), time_text(*result.to),
                             format_duration(*result.to - *result.from)),
                 style.width, 2);
  if (result.forgotten_clients > 0)
    text += wrap(count_of(result.forgotten_clients, "client was", "clients were") + " forgotten: too many at once",
                 style.width, 2);
  if (result.closed_uplink)
    text += wrap(fmt::format("Port 25 failed for {} of {} clients that tried it on the last day: is it closed further "
                             "up? Failed connections then say little; the verdicts above count them.",
                             result.closed_uplink->failing, result.closed_uplink->clients),
                 style.width, 2);
  if (result.lost_events > 0)
    text += wrap(count_of(result.lost_events, "event was", "events were") + " lost by whoever recorded this",
                 style.width, 2);
  return text;
}

std::string advice(const ReplayResult& result, const Clients& spammers, const Clients& doubtful,
                   const AnalysisStyle& style) {
  if (style.quiet) return {};
  std::string text;
  if (!spammers.empty())
    text +=
        wrap("Find and block them while they send: `mailweir run` with a policy (mailweir.toml(5)).", style.width, 2);
  if (!spammers.empty() || !doubtful.empty())
    text += wrap(fmt::format("If one of these is a mail server of yours: --mail-servers {}",
                             (doubtful.empty() ? spammers : doubtful).front()->client.text()),
                 style.width, 2);
  if (result.clients.empty()) {
    const bool inbound = std::any_of(result.inputs.begin(), result.inputs.end(),
                                     [](const InputReport& input) { return input.skipped.contains("inbound mail"); });
    if (inbound)
      text += wrap("If mail of your own clients was taken for inbound mail: --clients NETWORK", style.width, 2);
  }
  return text.empty() ? text : "\n" + style.paint(Style::Strong, "Next") + "\n" + text;
}

}  // namespace

std::string analysis_text(const ReplayResult& result, const AnalysisStyle& style) {
  const auto is = [](Verdict verdict) { return [verdict](const ClientReport& r) { return r.verdict == verdict; }; };
  const Clients spammers = clients_where(result, is(Verdict::Spammer));
  const Clients servers = clients_where(result, is(Verdict::Server));
  const Clients doubtful = clients_where(result, is_doubtful);
  const Clients legitimate = clients_where(result, is(Verdict::Legitimate));
  const Clients undecided =
      clients_where(result, [](const ClientReport& r) { return r.verdict == Verdict::Undecided && !is_doubtful(r); });

  std::string text = headline(result, spammers, style);
  text += spammer_table(spammers, style);
  text += client_table("Worth a look", doubtful, style.everyone ? doubtful.size() : kDoubtfulShownMax, Style::Doubtful,
                       Reasons::Told, style);
  text += client_table("Registered mail servers", servers, servers.size(), Style::Plain, Reasons::Told, style);
  if (style.everyone) {
    text += client_table("Too little evidence", undecided, undecided.size(), Style::Plain, Reasons::Left, style);
    text += client_table("Like ordinary mail users", legitimate, legitimate.size(), Style::Plain, Reasons::Left, style);
  }
  text += others(undecided.size(), legitimate.size(), style);
  text += what_was_read(result, style);
  text += advice(result, spammers, doubtful, style);
  return text;
}

}  // namespace mailweir
