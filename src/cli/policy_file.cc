#include "cli/policy_file.h"

#include "policy/read_policy.h"

namespace mailweir {

Result<Policy> load_policy(const std::string& path, std::FILE* remarks_to) {
  const auto texts = read_policy_texts(path);
  if (!texts) return fail(texts.error());
  Diagnostics diagnostics;
  auto policy = parse_policy(*texts, diagnostics);
  for (const Diagnostic& remark : diagnostics.list())
    std::fputs(render(remark, text_of(*texts, remark.span.file)).c_str(), remarks_to);
  return policy;
}

}  // namespace mailweir
