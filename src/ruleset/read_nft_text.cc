// .nft files: nft itself reads them, in a network namespace that is nobody's, and says what it understood.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <set>

#include "base/escape.h"
#include "ruleset/nft_places.h"
#include "ruleset/read_ruleset.h"
#include "ruleset/remarks.h"
#include "sys/enclosure.h"
#include "sys/memory_file.h"
#include "sys/namespace.h"
#include "sys/process.h"

namespace mailweir::rules {
namespace {

// A file whose every rule this kernel refuses is not read one rule at a time for ever.
constexpr int kAttemptsMax = 200;
constexpr std::size_t kInterfacesMax = 64;

struct Complaint {
  std::uint32_t line = 0, column = 0;
  std::string text;
};

// "/dev/stdin:12:5-19: Error: …" lines of nft.
std::vector<Complaint> complaints_of(std::string_view err) {
  std::vector<Complaint> list;
  constexpr std::string_view kPlace = "/dev/stdin:";
  constexpr std::string_view kError = ": Error: ";
  while (!err.empty()) {
    const auto end = std::min(err.find('\n'), err.size());
    const std::string_view line = err.substr(0, end);
    err.remove_prefix(std::min(end + 1, err.size()));
    const auto text = line.find(kError);
    if (text == std::string_view::npos) continue;
    Complaint complaint;
    complaint.text = std::string(line.substr(text + kError.size()));
    if (line.starts_with(kPlace)) {
      const char* const last = line.data() + text;
      const auto [colon, bad] = std::from_chars(line.data() + kPlace.size(), last, complaint.line);
      if (bad == std::errc{} && colon < last) std::from_chars(colon + 1, last, complaint.column);
    }
    list.push_back(std::move(complaint));
  }
  return list;
}

std::string_view line_at(std::string_view text, std::uint32_t number) {
  for (; number > 1 && !text.empty(); --number) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text.substr(0, text.find('\n'));
}

// What nft reads has its line taken out, so that all other places stay where they are.
void blank_line(std::string& text, std::uint32_t number) {
  const std::string_view line = line_at(text, number);
  const auto from = static_cast<std::size_t>(line.data() - text.data());
  std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(from), line.size(), ' ');
}

// The interface whose name stands in the line: nft asks for the number of "iif eth0" and of flowtables' devices.
std::vector<std::string> interface_names(std::string_view line, std::uint32_t column) {
  std::vector<std::string> names;
  std::size_t at = column > 0 ? std::min<std::size_t>(column - 1, line.size()) : 0;
  const auto is_part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-.@:").find(c) != std::string_view::npos;
  };
  while (at < line.size() && !is_part(line[at])) ++at;
  const auto from = at;
  while (at < line.size() && is_part(line[at])) ++at;
  if (at > from && at - from < 16) names.emplace_back(line.substr(from, at - from));
  return names;
}

// Any will do; not every kernel has every kind.
bool make_interface(const std::string& name) {
  for (const char* kind : {"dummy", "bridge", "veth"}) {
    const auto made = run_process({"ip", "link", "add", "name", name, "type", kind});
    if (made && made->status == 0) return true;
  }
  return false;
}

struct Outcome {
  std::string json, text;  // of the two listings; empty: nft did not take the file
  std::vector<Complaint> left_out, refused;
};

bool is_kernel(const Complaint& complaint) { return complaint.text.starts_with("Could not process rule"); }

// REQUIRES: a namespace of our own.
Result<Outcome> load(std::string text, const std::string& folder) {
  Outcome outcome;
  std::set<std::string> interfaces;
  std::vector<std::string> command = {"nft", "-f", "-"};
  if (!folder.empty()) command.insert(command.begin() + 1, {"-I", folder});
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    const auto ran = run_process(command, text);
    if (!ran) return fail(ran.error());
    if (ran->status == 0) {
      const auto json = run_process({"nft", "-j", "list", "ruleset"});
      const auto listed = run_process({"nft", "-a", "list", "ruleset"});
      if (!json || !listed) return fail(json ? listed.error() : json.error());
      outcome.json = json->out;
      outcome.text = listed->out;
      return outcome;
    }
    const std::vector<Complaint> complaints = complaints_of(ran->err);
    if (complaints.empty())
      return fail(ErrorCode::Refused, "nft says: " + escape(ran->err.substr(0, ran->err.find('\n'))));
    bool helped = false;
    for (const Complaint& complaint : complaints) {
      if (complaint.line == 0) continue;
      const std::string_view line = line_at(text, complaint.line);
      if (complaint.text.find("Interface does not exist") != std::string::npos)
        for (const std::string& name : interface_names(line, complaint.column))
          if (interfaces.size() < kInterfacesMax && interfaces.insert(name).second)
            helped = make_interface(name) || helped;
    }
    if (helped) continue;
    // The kernel tells of one thing at a time, and of what hangs on it: the first is taken out.
    const auto kernel = std::find_if(complaints.begin(), complaints.end(),
                                     [](const Complaint& c) { return is_kernel(c) && c.line > 0; });
    if (kernel == complaints.end() ||
        line_at(text, kernel->line).find_first_not_of(" \t\r") == std::string_view::npos) {
      outcome.refused = complaints;
      return outcome;
    }
    outcome.left_out.push_back(*kernel);
    blank_line(text, kernel->line);
  }
  return fail(ErrorCode::Limit,
              fmt::format("this kernel takes less of it than {} attempts could find out", kAttemptsMax));
}

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Where we may make a namespace here and now, that is cheapest; otherwise a child of ours does it as an ordinary user.
Result<Outcome> load_somewhere(const std::string& text, const std::string& folder) {
  if (const auto scratch = NetworkNamespace::create()) {
    const InNamespace inside(*scratch);
    return load(text, folder);
  }
  auto answer = MemoryFile::of({});
  if (!answer) return fail(answer.error());
  const auto ran = run_enclosed(Walls::Network, [&] {
    const auto loaded = load(text, folder);
    // By the child's own number: another user's process may not be looked into, and inside we are one.
    std::ofstream out(answer->path(), std::ios::binary);
    out << encode_outcome(loaded ? loaded->json : std::string(), loaded ? loaded->text : std::string());
    if (loaded)
      for (const auto* list : {&loaded->left_out, &loaded->refused})
        for (const Complaint& complaint : *list)
          out << (list == &loaded->refused ? 'r' : 'l') << complaint.line << ' ' << complaint.column << ' '
              << complaint.text << '\n';
    else
      out << "e " << loaded.error().text() << '\n';
    return 0;
  });
  if (!ran) return fail(ran.error());
  Outcome outcome;
  std::string rest;
  if (*ran != 0 || !decode_outcome(slurp(answer->path()), outcome.json, outcome.text, rest))
    return fail(ErrorCode::Unsupported, "no place to let nft read rules");
  std::string_view lines = rest;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.starts_with("e ")) return fail(ErrorCode::Refused, std::string(line.substr(2)));
    if (line.size() < 2) continue;
    Complaint complaint;
    const char* const last = line.data() + line.size();
    const auto [blank, bad] = std::from_chars(line.data() + 1, last, complaint.line);
    if (bad != std::errc{} || blank == last) continue;
    const auto [second, worse] = std::from_chars(blank + 1, last, complaint.column);
    if (worse != std::errc{} || second == last) continue;
    complaint.text = std::string(second + 1, last);
    (line[0] == 'r' ? outcome.refused : outcome.left_out).push_back(std::move(complaint));
  }
  return outcome;
}

}  // namespace

Result<Ruleset> read_nft_text(std::string_view text, const ReadOptions& options, Diagnostics& remarks) {
  if (text.size() > options.limits.bytes_max)
    return fail(ErrorCode::Limit, fmt::format("larger than {} bytes (bytes_max)", options.limits.bytes_max));
  // Files that a file includes are looked for beside it.
  const auto slash = options.name.rfind('/');
  const std::string folder = slash == std::string::npos ? std::string() : options.name.substr(0, slash);
  auto outcome = load_somewhere(std::string(text), folder);
  if (!outcome) return fail(std::move(outcome).error().in("letting nft read it"));
  RemarkWriter writer(options.name, options.limits.remarks_max, remarks);
  const auto say = [&](const Complaint& complaint, std::string id, std::string sentence, std::string hint) {
    const std::string_view line = complaint.line > 0 ? line_at(text, complaint.line) : std::string_view{};
    writer.add(Severity::Error, std::move(id), line, complaint.line, std::move(sentence), std::move(hint),
               complaint.column > 0 ? complaint.column - 1 : 0);
  };
  for (const Complaint& complaint : outcome->refused)
    say(complaint, "ruleset.nft-error", "nft says: " + escape(complaint.text), {});
  for (const Complaint& complaint : outcome->left_out)
    say(complaint, "ruleset.kernel-cannot",
        "the kernel of this machine does not take this line, so it is left out: " + escape(complaint.text),
        "read the file on the machine it is for");
  if (outcome->json.empty()) {
    Ruleset nothing;
    nothing.files = {options.name};
    return nothing;
  }
  Ruleset ruleset = read_nft_json(outcome->json, options, remarks);
  add_listed_text(ruleset, outcome->text);
  add_places(ruleset, text);
  return ruleset;
}

Result<Ruleset> read_live_ruleset(Diagnostics& remarks) {
  const auto json = run_process({"nft", "-j", "list", "ruleset"});
  Ruleset ruleset;
  ReadOptions options;
  options.name = "nft -j list ruleset";
  if (!json) return fail(Error(json.error()).in("listing the rules"));
  if (json->status != 0) {
    const bool denied = json->err.find("not permitted") != std::string::npos;
    return fail(denied ? ErrorCode::NotPermitted : ErrorCode::Refused,
                "nft says: " + escape(json->err.substr(0, json->err.find('\n'))));
  }
  ruleset = read_nft_json(json->out, options, remarks);
  if (const auto listed = run_process({"nft", "-a", "list", "ruleset"}); listed && listed->status == 0)
    add_listed_text(ruleset, listed->out);

  struct Program {
    const char* name;
    RuleFamily family;
    bool legacy;
  };
  for (const Program& program :
       {Program{"iptables-save", RuleFamily::Ip4, false}, Program{"ip6tables-save", RuleFamily::Ip6, false},
        Program{"iptables-legacy-save", RuleFamily::Ip4, true},
        Program{"ip6tables-legacy-save", RuleFamily::Ip6, true}}) {
    // Asking iptables-save makes nothing; asking the legacy one loads modules where there are none, so only where
    // there are tables.
    if (program.legacy &&
        slurp(program.family == RuleFamily::Ip4 ? "/proc/net/ip_tables_names" : "/proc/net/ip6_tables_names").empty())
      continue;
    const bool wanted =
        program.legacy || std::any_of(ruleset.tables.begin(), ruleset.tables.end(), [&](const Table& table) {
          return table.family == program.family && is_iptables_table(table.name);
        });
    if (!wanted) continue;
    const auto saved = run_process({program.name, "-c"});
    if (!saved || saved->status != 0) {
      remarks.add({Severity::Warning,
                   "ruleset.no-save",
                   {program.name, 0, 0},
                   fmt::format("{} could not be asked, so what its rules ask for is not known", program.name),
                   {}});
      continue;
    }
    options.name = std::string(program.name) + " -c";
    options.family = program.family;
    ruleset = joined(std::move(ruleset), read_iptables(saved->out, options, remarks));
  }
  return ruleset;
}

}  // namespace mailweir::rules
