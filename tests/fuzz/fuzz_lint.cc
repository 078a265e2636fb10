// Rules of anybody, linted: in bounded time, with text that is safe to show, and with witnesses that bear their finding
// out. The rules are in iptables' notations or JSON of nft.
//
// What must hold of every answer, whatever the rules are: findings come worst first; a packet that is shown ends,
// played again, as is said, and where a finding claims to have been replayed it does so whatever the unknowns are.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/must.h"
#include "lint/lint.h"
#include "lint/stage.h"
#include "lint/subject.h"
#include "ruleset/read_ruleset.h"

namespace {

using namespace mailweir;
using namespace mailweir::rules;

bool is_safe(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto notation = notation_of(text);
  if (!notation || *notation == Notation::NftText) return 0;  // nft's own reader reads that
  Diagnostics remarks;
  ReadOptions options;
  options.limits.steps_max = 100'000;
  const Ruleset ruleset =
      *notation == Notation::NftJson ? read_nft_json(text, options, remarks) : read_iptables(text, options, remarks);
  LintOptions how;
  const std::string sources[] = {text};
  how.sources = sources;
  how.remarks = remarks.list();
  const LintReport report = lint(ruleset, how);
  MUST(std::ranges::is_sorted(report.findings, {}, &Finding::severity));
  const Stage stage(ruleset);
  for (const Finding& finding : report.findings) {
    MUST(!finding.id.empty() && !finding.text.empty());
    MUST(is_safe(finding.text) && is_safe(finding.fix) && is_safe(place_text(finding.place)));
    for (const RelatedPlace& related : finding.related) MUST(is_safe(related.text));
    if (!finding.witness) continue;
    const Played again = stage.play(finding.witness->packet, finding.witness->way);
    MUST(fate_text(again) == finding.witness->fate && is_safe(finding.witness->fate));
    MUST(finding.confidence != Confidence::Replayed || again.end != Played::End::Depends);
  }
  return 0;
}
