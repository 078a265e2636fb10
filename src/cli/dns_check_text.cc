#include "cli/dns_check_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "dns/sentences.h"
#include "report/layout.h"
#include "report/words.h"

namespace mailweir {
namespace {

constexpr std::size_t kRangesShownMax = 6;
constexpr std::size_t kProblemsShownMax = 6;  // of one address; two hundred names say no more than six

std::string addresses(std::uint64_t count) { return count_of(count, "address", "addresses"); }

// Addresses with the same kinds of problems.
struct Alike {
  const AddressReport* first = nullptr;
  std::vector<AddressRange> ranges;
  std::uint64_t count = 0;

  void add(const AddressReport& report) {
    if (first == nullptr) first = &report;
    ++count;
    if (!ranges.empty() && ranges.back().last.is_v4() == report.address.is_v4() &&
        next_address(ranges.back().last) == report.address)
      ranges.back().last = report.address;
    else
      ranges.push_back({report.address, report.address});
  }

  [[nodiscard]] std::string text() const {
    std::string text;
    for (std::size_t i = 0; i < std::min(ranges.size(), kRangesShownMax); ++i)
      text += (i == 0 ? "" : ", ") + ranges[i].text();
    if (ranges.size() > kRangesShownMax) text += ", ...";
    return count > 1 ? fmt::format("{} ({})", text, addresses(count)) : text;
  }
};

using Kinds = std::vector<ProblemKind>;

Kinds kinds_of(const AddressReport& report) {
  Kinds kinds;
  for (const Problem& problem : report.problems) kinds.push_back(problem.kind);
  std::sort(kinds.begin(), kinds.end());
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  return kinds;
}

std::string problem_lines(const std::vector<Problem>& problems, const DnsCheckStyle& style) {
  std::string text;
  for (std::size_t i = 0; i < std::min(problems.size(), kProblemsShownMax); ++i) {
    text += wrap(fmt::format("{} [{}]", text_of(problems[i]), id_of(problems[i].kind)), style.width, 4);
    const bool last_of_its_kind = i + 1 == problems.size() || problems[i + 1].kind != problems[i].kind;
    const std::string fix = fix_of(problems[i]);
    if (!fix.empty() && (last_of_its_kind || i + 1 == kProblemsShownMax)) text += wrap("-> " + fix, style.width, 6);
  }
  if (problems.size() > kProblemsShownMax)
    text += fmt::format("    and {} more; --json has them all\n", count_text(problems.size() - kProblemsShownMax));
  return text;
}

std::string group_text(Fitness fitness, std::string_view head, Style head_style, const PoolReport& report,
                       const DnsCheckStyle& style) {
  std::map<Kinds, Alike> groups;
  for (const AddressReport& one : report.addresses)
    if (one.fitness == fitness) groups[kinds_of(one)].add(one);
  std::string text;
  for (const auto& [kinds, alike] : groups) {
    text += wrap(alike.text(), style.width, 2);
    if (alike.count > 1 && !alike.first->problems.empty() && !alike.first->names.empty())
      text += fmt::format("    for example {}:\n", alike.first->address.text());
    text += problem_lines(alike.first->problems, style);
  }
  return text.empty() ? text : "\n" + style.paint(head_style, head) + "\n" + text;
}

std::string fit_text(const PoolReport& report, const DnsCheckStyle& style) {
  Table table({{"FIT"}, {"NAME"}});
  bool any = false;
  for (const AddressReport& one : report.addresses) {
    if (one.fitness != Fitness::Fit) continue;
    any = true;
    std::string note;
    for (const Problem& problem : one.notes) note += (note.empty() ? "" : "; ") + text_of(problem);
    table.add({one.address.text(), one.names.empty() ? "" : one.names.front()}, note, Style::Good);
  }
  return any ? "\n" + table.text(style.width, style.paint) : "";
}

std::string servers_line(const ZoneReport& zone) {
  std::string text;
  for (const NameServerReport& server : zone.servers) {
    if (!text.empty()) text += "; ";
    text += server.name;
    if (server.address && server.address->text() != server.name) text += " " + server.address->text();
    text += server.answers && server.serial ? fmt::format(", serial {}", *server.serial) : ", no answer for it";
  }
  return text;
}

std::string zones_text(const PoolReport& report, const DnsCheckStyle& style) {
  if (report.zones.empty() && report.zones_not_checked == 0) return {};
  std::string text;
  std::uint64_t in_order = 0;
  for (const ZoneReport& zone : report.zones) {
    if (zone.problems.empty()) ++in_order;
    if (zone.problems.empty() && !style.everyone) continue;
    text += wrap(zone.zone, style.width, 2);
    if (const std::string servers = servers_line(zone); !servers.empty()) text += wrap(servers, style.width, 4);
    text += problem_lines(zone.problems, style);
  }
  std::string head =
      in_order == report.zones.size()
          ? fmt::format("{} in order.", count_of(report.zones.size(), "reverse zone"))
          : fmt::format("{} of {} in order.", count_text(in_order), count_of(report.zones.size(), "reverse zone"));
  if (report.zones_not_checked > 0) head += fmt::format(" {} were not checked.", count_text(report.zones_not_checked));
  return "\n" + style.paint(Style::Strong, head) + "\n" + text;
}

std::string blocklists_text(const PoolReport& report, const DnsCheckStyle& style) {
  if (report.blocklists.empty()) return {};
  Table table({{"BLOCKLIST"}, {"ASKED ABOUT", Table::Align::Right}, {"LISTED", Table::Align::Right}, {""}});
  for (const BlocklistReport& one : report.blocklists) {
    std::string remark = one.unusable;
    if (one.not_asked > 0)
      remark += fmt::format("{}not asked about {}{}", remark.empty() ? "" : "; ", addresses(one.not_asked),
                            one.unusable.empty() ? ": the budget is used up" : "");
    table.add({one.list, count_text(one.asked), count_text(one.listed), remark}, {},
              one.unusable.empty() ? Style::Plain : Style::Doubtful);
  }
  return "\n" + table.text(style.width, style.paint);
}

std::string headline(const DnsCheckOutcome& outcome, const DnsCheckStyle& style) {
  const DnsCheckTotals totals = totals_of(outcome);
  const std::uint64_t asked = outcome.report.addresses.size();
  std::string text =
      totals.fit == asked && asked > 0 && outcome.report.not_finished == 0
          ? fmt::format("{} fit to send mail.", asked == 1 ? "The address is" : "All " + addresses(asked) + " are")
          : fmt::format("{} of {} {} fit to send mail.", count_text(totals.fit),
                        count_of(asked, "address", "addresses"), totals.fit == 1 || asked == 1 ? "is" : "are");
  std::vector<std::string> rest;
  if (totals.must_not_send > 0) rest.push_back(count_text(totals.must_not_send) + " must not send mail");
  if (totals.distrusted > 0) rest.push_back(count_text(totals.distrusted) + " will be distrusted");
  if (totals.unknown > 0) rest.push_back("nothing is known of " + count_text(totals.unknown));
  if (!rest.empty()) {
    rest.front().front() = static_cast<char>(std::toupper(static_cast<unsigned char>(rest.front().front())));
    text += fmt::format(" {}.", fmt::join(rest, ", "));
  }
  if (outcome.report.not_finished > 0)
    text += fmt::format(" Interrupted: {} not asked about to the end.", addresses(outcome.report.not_finished));
  const bool good = everything_fit(outcome);
  const Style colour = good ? Style::Good : totals.must_not_send > 0 ? Style::Bad : Style::Doubtful;
  std::string wrapped = wrap(text, style.width, 0);
  wrapped.pop_back();  // what is painted ends before the end of its line
  return style.paint(colour, wrapped) + "\n";
}

}  // namespace

std::string dns_check_text(const DnsCheckOutcome& outcome, const DnsCheckStyle& style) {
  const PoolReport& report = outcome.report;
  std::string text = headline(outcome, style);
  text += group_text(Fitness::MustNotSend, "MUST NOT SEND MAIL: large receivers refuse it", Style::Bad, report, style);
  text += group_text(Fitness::Distrusted, "WILL BE DISTRUSTED", Style::Doubtful, report, style);
  text += group_text(Fitness::Unknown, "NOT KNOWN: somebody did not answer", Style::Doubtful, report, style);
  if (style.everyone) text += fit_text(report, style);
  text += zones_text(report, style);
  if (outcome.servers_told)
    text += wrap("Name servers were not asked one by one: --server answers all questions. --authoritative asks them.",
                 style.width, 2);
  text += blocklists_text(report, style);
  const ResolverCounts& counts = report.counts;
  text += fmt::format("\n{} in {}", count_of(counts.questions, "question"), format_duration(outcome.took));
  if (counts.timeouts > 0) text += fmt::format(", {} without an answer", count_text(counts.timeouts));
  return text + "\n";
}

}  // namespace mailweir
