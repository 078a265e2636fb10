#include "policy/read_policy.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <tuple>

#include "base/escape.h"
#include "base/must.h"

namespace mailweir {
namespace {

// Far beyond any policy written by hand or by a script for every network of a provider.
constexpr std::size_t kPolicyBytesMax = 1 << 20;

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

// Fragments one machine can have; each is opened by every verb.
constexpr std::size_t kFragmentsMax = 256;

Result<std::string> read_text(const std::string& path) {
  const std::string named = escape(path);
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rbe"));
  if (!file) return fail(Error::from_errno(errno, named));
  struct stat facts {};
  if (fstat(fileno(file.get()), &facts) == 0 && S_ISDIR(facts.st_mode))
    return fail(ErrorCode::BadInput, named + ": is a directory, not a policy file");
  std::string text;
  std::array<char, 1 << 14> part;
  while (const std::size_t got = std::fread(part.data(), 1, part.size(), file.get())) {
    text.append(part.data(), got);
    if (text.size() > kPolicyBytesMax)
      return fail(ErrorCode::Limit, fmt::format("{}: longer than {} bytes", named, kPolicyBytesMax));
  }
  if (std::ferror(file.get())) return fail(Error::from_errno(errno, named));
  return text;
}

}  // namespace

Result<std::vector<PolicyText>> read_policy_texts(const std::string& path) {
  auto text = read_text(path);
  if (!text) return fail(std::move(text).error());
  std::vector<PolicyText> texts{{path, std::move(*text)}};
  std::vector<std::string> fragments;
  std::error_code none;
  const auto folder = std::filesystem::path(path).parent_path() / "conf.d";
  for (std::filesystem::directory_iterator entry(folder, none), end; !none && entry != end; entry.increment(none)) {
    if (entry->path().extension() == ".toml") fragments.push_back(entry->path().string());
  }
  if (none && none != std::errc::no_such_file_or_directory && none != std::errc::not_a_directory)
    return fail(Error::from_errno(none.value(), escape(folder.string())));
  if (fragments.size() > kFragmentsMax)
    return fail(ErrorCode::Limit, fmt::format("{}: more than {} policy files", escape(folder.string()), kFragmentsMax));
  std::sort(fragments.begin(), fragments.end());
  for (const std::string& fragment : fragments) {
    auto more = read_text(fragment);
    if (!more) return fail(std::move(more).error());
    texts.push_back({fragment, std::move(*more)});
  }
  return texts;
}

std::string_view text_of(const std::vector<PolicyText>& texts, const std::string& file) {
  const auto found =
      std::find_if(texts.begin(), texts.end(), [&](const PolicyText& text) { return text.file == file; });
  return found == texts.end() ? std::string_view{} : std::string_view(found->text);
}

Result<Policy> parse_policy(const std::vector<PolicyText>& texts, Diagnostics& diagnostics) {
  MUST(!texts.empty());
  Policy policy;
  policy.file = texts.front().file;
  std::vector<Diagnostic> remarks = interpret_policy(texts, policy);
  const auto order = [&](const Diagnostic& remark) {
    const auto of_file = [&](const PolicyText& text) { return text.file == remark.span.file; };
    return std::tuple(std::find_if(texts.begin(), texts.end(), of_file) - texts.begin(), remark.span.line,
                      remark.span.column);
  };
  std::stable_sort(remarks.begin(), remarks.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return order(a) < order(b); });
  std::size_t errors = 0;
  for (Diagnostic& remark : remarks) {
    errors += remark.severity == Severity::Error ? 1 : 0;
    diagnostics.add(std::move(remark));
  }
  if (errors > 0)
    return fail(ErrorCode::BadInput,
                fmt::format("{}: {} error{} in the policy", escape(policy.file), errors, errors == 1 ? "" : "s"));
  return policy;
}

Result<Policy> parse_policy(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  return parse_policy({{file, std::string(text)}}, diagnostics);
}

Result<Policy> read_policy(const std::string& path, Diagnostics& diagnostics) {
  const auto texts = read_policy_texts(path);
  if (!texts) return fail(texts.error());
  return parse_policy(*texts, diagnostics);
}

}  // namespace mailweir
