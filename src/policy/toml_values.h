// Values of a policy file, each with its mistakes: wrong type, wrong word, no such network. Used by policy_text.cc
// only.
#pragma once

#include <toml++/toml.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "policy/cross_check.h"
#include "policy/policy.h"

namespace mailweir {

using Words = std::span<const std::string_view>;

[[nodiscard]] bool is_one_of(std::string_view word, Words words);
[[nodiscard]] std::string_view type_of(const toml::node& node);

// Reads one file after the other into one policy; what a later file says replaces what an earlier one said, which is
// remarked on.
class TomlValues {
 public:
  explicit TomlValues(std::string main_file) : main_(std::move(main_file)), file_(main_) {}

  void begin_file(const std::string& file) { file_ = file; }
  [[nodiscard]] SourceSpan place(const toml::source_region& region) const;
  // Of a setting: empty for the main file.
  [[nodiscard]] std::string file_of_setting() const { return file_ == main_ ? std::string() : file_; }

  // A value that cannot be read leaves the setting as it was.
  void read_prefixes(const toml::key& key, const toml::node& value, Setting<std::vector<IpPrefix>>& setting,
                     PrefixList& places);
  void read_ports(const toml::key& key, const toml::node& value, Setting<std::vector<PortRange>>& setting,
                  PortList& places);
  // A list of texts; each goes through `take`, which says false to what is none of `wanted` ("a DNS name").
  void read_texts(const toml::key& key, const toml::node& value, std::string_view wanted, const std::string& example,
                  const std::function<bool(std::string_view)>& take);
  void read_accounts(const toml::key& key, const toml::node& value, Setting<std::vector<Account>>& setting);
  [[nodiscard]] std::optional<std::string_view> read_word(const toml::key& key, const toml::node& value, Words known);
  void read_switch(const toml::key& key, const toml::node& value, Setting<bool>& setting);
  void read_duration(const toml::key& key, const toml::node& value, Setting<Duration>& setting);
  void read_number(const toml::key& key, const toml::node& value, std::uint32_t max, Setting<std::uint32_t>& setting);

  template <typename T>
  void set(const toml::key& key, const toml::node& value, Setting<T>& setting, T read) {
    const SourceSpan where = place(value.source());
    said_again(key, where, setting.line, setting.file);
    setting = {std::move(read), where.line, file_of_setting()};
  }

  void unknown(const toml::key& key, std::string_view where_in, std::string_view what, Words known);
  void wrong_type(const toml::key& key, const toml::node& value, std::string_view wanted, std::string hint);
  void error(const SourceSpan& where, std::string id, std::string text, std::string hint);
  void remark(Severity severity, const SourceSpan& where, std::string id, std::string text, std::string hint);
  std::vector<Diagnostic>& remarks() { return remarks_; }

 private:
  void said_again(const toml::key& key, const SourceSpan& where, int line, const std::string& file);
  void read_prefix_text(std::string_view text, const SourceSpan& where, std::vector<IpPrefix>& prefixes,
                        PrefixList& places);
  bool read_range(std::string_view text, const SourceSpan& where, std::vector<IpPrefix>& prefixes, PrefixList& places);

  std::string main_, file_;
  std::vector<Diagnostic> remarks_;
};

// "watch" or "allow"
[[nodiscard]] std::string list_of(Words words);

}  // namespace mailweir
