// The policy file: any text gives a policy or remarks, and every remark can be shown.
#include <cstdint>
#include <string_view>

#include "base/must.h"
#include "policy/read_policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  mailweir::Diagnostics diagnostics;
  const auto policy = mailweir::parse_policy(text, "fuzz.toml", diagnostics);
  MUST(policy.has_value() != diagnostics.has_errors());
  for (const mailweir::Diagnostic& remark : diagnostics.list()) {
    for (const char c : mailweir::render(remark, text)) MUST(c == '\n' || (c >= ' ' && c <= '~'));
  }
  return 0;
}
