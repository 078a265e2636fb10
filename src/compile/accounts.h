// Users and groups of this machine, as a door: the real one asks the system (NSS), tests have their own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace mailweir {

class Accounts {
 public:
  virtual ~Accounts() = default;
  [[nodiscard]] virtual std::optional<std::uint32_t> user(const std::string& name) const = 0;
  [[nodiscard]] virtual std::optional<std::uint32_t> group(const std::string& name) const = 0;
};

class SystemAccounts final : public Accounts {
 public:
  [[nodiscard]] std::optional<std::uint32_t> user(const std::string& name) const override;
  [[nodiscard]] std::optional<std::uint32_t> group(const std::string& name) const override;
};

}  // namespace mailweir
