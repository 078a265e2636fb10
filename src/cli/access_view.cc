#include "cli/access_view.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace mailweir {

void add_access(nlohmann::ordered_json& answer, const AccessReport& access) {
  answer["lockout"] = nullptr;
  if (const auto& lockout = access.lockout) {
    answer["lockout"]["session"] = lockout->session;
    answer["lockout"]["rule"] = lockout->rule;
    answer["lockout"]["policy_line"] =
        lockout->line > 0 ? nlohmann::ordered_json(lockout->line) : nlohmann::ordered_json();
    answer["lockout"]["ongoing"] = lockout->ongoing;
    answer["lockout"]["text"] = lockout->text;
  }
  answer["access"] = name_of(access.by);
  answer["remarks"] = access.remarks;
}

void remark_on_access(const AccessReport& access, const CommonOptions& common) {
  if (common.quiet) return;
  for (const std::string& remark : access.remarks) fmt::print(stderr, "mailweir: {}\n", remark);
}

std::string way_out_of(const Lockout& lockout) {
  const bool inbound = lockout.rule.starts_with("inbound.");
  return inbound && !lockout.ongoing ? "open it in [inbound], or say --force" : "say --force to do it all the same";
}

}  // namespace mailweir
