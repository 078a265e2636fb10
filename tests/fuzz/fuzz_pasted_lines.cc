// What people paste: any bytes, read as log lines, tcpdump's text and hex, and explained under rules that log
// everything.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/must.h"
#include "explain/explain.h"
#include "explain/packet_bytes.h"
#include "ruleset/read_ruleset.h"

namespace {

const mailweir::rules::Ruleset& logging_rules() {
  using namespace mailweir::rules;
  static const Ruleset kRules = [] {
    mailweir::Diagnostics remarks;
    return read_iptables(
        "-A INPUT -m state --state ESTABLISHED -j ACCEPT\n-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -j LOG "
        "--log-prefix \"L: \"\n"
        "-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n-A FORWARD -j LOG --log-prefix \"L: \"\n-A OUTPUT -m state "
        "--state "
        "RELATED,ESTABLISHED -j ACCEPT\n-A OUTPUT -j LOG --log-prefix \"L: \"\n",
        {}, remarks);
  }();
  return kRules;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir::rules;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)read_packet_bytes({data, size});
  const PastedText pasted = read_pasted_text(text);
  MUST(pasted.groups.size() <= kPasteLimits.groups_max && pasted.captured.size() <= CaptureText::kPacketsMax);
  std::size_t lines = pasted.lines_left_out;
  for (const LineGroup& group : pasted.groups) lines += group.lines;
  MUST(lines == pasted.log_lines);
  static const Program kProgram(logging_rules());
  const LinesExplained answer = explain_lines(pasted, &kProgram, nullptr);
  for (const Explanation& one : answer.groups)
    for (const Remedy& remedy : one.remedies) MUST(!remedy.verified || (remedy.tried && remedy.gone));
  return 0;
}
