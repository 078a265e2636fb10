// The policy file: any text gives a policy or remarks, every remark can be shown, and every policy can be compiled.
#include <cstdint>
#include <string_view>

#include "base/must.h"
#include "compile/export.h"
#include "policy/read_policy.h"

namespace {

class AnyAccounts final : public mailweir::Accounts {
 public:
  [[nodiscard]] std::optional<std::uint32_t> user(const std::string&) const override { return 1; }
  [[nodiscard]] std::optional<std::uint32_t> group(const std::string&) const override { return 2; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  mailweir::Diagnostics diagnostics;
  const auto policy = mailweir::parse_policy(text, "fuzz.toml", diagnostics);
  MUST(policy.has_value() != diagnostics.has_errors());
  for (const mailweir::Diagnostic& remark : diagnostics.list()) {
    for (const char c : mailweir::render(remark, text)) MUST(c == '\n' || (c >= ' ' && c <= '~'));
  }
  if (!policy) return 0;
  MUST(mailweir::compile(*policy, AnyAccounts{}).has_value());
  for (const auto format : {mailweir::RulesFormat::Nft, mailweir::RulesFormat::Iptables,
                            mailweir::RulesFormat::IptablesSets, mailweir::RulesFormat::Ipset})
    MUST(mailweir::export_rules(*policy, AnyAccounts{}, format).has_value());
  return 0;
}
