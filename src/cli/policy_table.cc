#include "cli/policy_table.h"

#include <algorithm>

#include "cli/policy_file.h"
#include "compile/compile.h"
#include "policy/read_policy.h"

namespace mailweir {

Result<PolicyTable> load_policy_table(const std::string& file) {
  const auto files = read_policy_texts(file);
  if (!files) return fail(files.error());
  std::string text;
  for (const PolicyText& part : *files) text += "# " + part.file + "\n" + part.text;
  auto policy = load_policy(file, stderr);
  if (!policy) return fail(std::move(policy).error());
  auto table = compile(*policy, SystemAccounts{});
  if (!table) return fail(std::move(table).error());
  if (table->rules.empty()) return fail(ErrorCode::BadInput, "the policy asks for nothing: it has no rule");
  return PolicyTable{std::move(text), std::move(*policy), std::move(*table)};
}

const RuleInfo* rule_of_line(const CompiledTable& table, std::string_view line) {
  constexpr std::string_view kComment = "comment \"";
  const auto at = line.rfind(kComment);
  if (at == std::string_view::npos) return nullptr;
  const auto comment = line.substr(at + kComment.size());
  const std::string_view id = comment.substr(0, comment.find_first_of(" \""));
  // "host.transfer.log" serves "host.transfer".
  const auto found = std::find_if(table.rules.begin(), table.rules.end(), [&](const RuleInfo& rule) {
    return id == rule.id || (id.size() > rule.id.size() && id.starts_with(rule.id + "."));
  });
  return found == table.rules.end() ? nullptr : &*found;
}

}  // namespace mailweir
