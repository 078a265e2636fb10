#include "cli/analyze.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "cli/analysis_json.h"
#include "cli/analysis_text.h"
#include "cli/arguments.h"
#include "cli/progress.h"
#include "cli/screen.h"
#include "replay/replay.h"
#include "report/words.h"
#include "sys/clock.h"

namespace mailweir {
namespace {

Result<ReplayOptions> replay_options(const AnalyzeOptions& options, Time now) {
  ReplayOptions replay;
  for (const auto& [text, option, time] :
       {std::tuple(&options.since, "--since", &replay.since), std::tuple(&options.until, "--until", &replay.until)}) {
    if (text->empty()) continue;
    const auto given = time_argument(option, *text, now);
    if (!given) return fail(given.error());
    *time = *given;
  }
  if (replay.since && replay.until && *replay.since >= *replay.until)
    return fail(ErrorCode::Usage, "--since is not before --until: nothing would be read");
  auto clients = prefix_arguments("--clients", options.clients);
  if (!clients) return fail(clients.error());
  auto mail_servers = prefix_arguments("--mail-servers", options.mail_servers);
  if (!mail_servers) return fail(mail_servers.error());
  replay.clients = std::move(*clients);
  replay.mail_servers = std::move(*mail_servers);
  replay.threads = options.threads;
  return replay;
}

Result<ReplayResult> read_recording(const AnalyzeOptions& options, const CommonOptions& common) {
  const SystemClock clock;
  auto replay_how = replay_options(options, clock.now());
  if (!replay_how) return fail(replay_how.error());
  const bool progress_wanted = screen_of(stderr, common).terminal && !common.quiet;
  ProgressLine progress(progress_wanted ? stderr : nullptr, clock);
  replay_how->explain_everybody = common.json;  // a screen has no room for it
  replay_how->progress = [&](const ReplayProgress& so_far) {
    progress.show(so_far.bytes_done, so_far.bytes_total, [&] { return "reading: " + count_of(so_far.lines, "line"); });
  };
  return replay(options.files, *replay_how);
}

}  // namespace

int analyze(const AnalyzeOptions& options, const CommonOptions& common) {
  const auto result = read_recording(options, common);
  if (!result) {
    fmt::print(stderr, "mailweir: {}\n", result.error().text());
    return exit_status(result.error().code());
  }
  const Screen screen = screen_of(stdout, common);
  const auto print = [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); };
  if (common.json) {
    print_analysis_json(*result, print);
  } else {
    print(analysis_text(*result, {options.everyone, common.quiet, screen.width, screen.paint}));
  }
  return std::any_of(result->clients.begin(), result->clients.end(),
                     [](const ClientReport& report) { return report.verdict == Verdict::Spammer; })
             ? 1
             : 0;
}

}  // namespace mailweir
