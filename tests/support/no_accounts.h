// A machine where nobody has an account.
#pragma once

#include "compile/accounts.h"

namespace mailweir {

struct NoAccounts final : Accounts {
  [[nodiscard]] std::optional<std::uint32_t> user(const std::string&) const override { return std::nullopt; }
  [[nodiscard]] std::optional<std::uint32_t> group(const std::string&) const override { return std::nullopt; }
};

}  // namespace mailweir
