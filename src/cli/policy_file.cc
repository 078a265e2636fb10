#include "cli/policy_file.h"

#include "policy/read_policy.h"

namespace mailweir {

Result<Policy> load_policy(const std::string& path, std::FILE* remarks_to) {
  const auto text = read_policy_text(path);
  if (!text) return fail(text.error());
  Diagnostics diagnostics;
  auto policy = parse_policy(*text, path, diagnostics);
  for (const Diagnostic& remark : diagnostics.list()) std::fputs(render(remark, *text).c_str(), remarks_to);
  return policy;
}

}  // namespace mailweir
