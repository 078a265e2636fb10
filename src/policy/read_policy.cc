#include "policy/read_policy.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "base/escape.h"
#include "policy/policy_text.h"

namespace mailweir {
namespace {

// Far beyond any policy written by hand or by a script for every network of a provider.
constexpr std::size_t kPolicyBytesMax = 1 << 20;

struct CloseFile {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

}  // namespace

Result<std::string> read_policy_text(const std::string& path) {
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

Result<Policy> parse_policy(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  Policy policy;
  policy.file = file;
  std::vector<Diagnostic> remarks = interpret_policy(text, file, policy);
  std::stable_sort(remarks.begin(), remarks.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::pair(a.span.line, a.span.column) < std::pair(b.span.line, b.span.column);
  });
  std::size_t errors = 0;
  for (Diagnostic& remark : remarks) {
    errors += remark.severity == Severity::Error ? 1 : 0;
    diagnostics.add(std::move(remark));
  }
  if (errors > 0)
    return fail(ErrorCode::BadInput,
                fmt::format("{}: {} error{} in the policy", escape(file), errors, errors == 1 ? "" : "s"));
  return policy;
}

Result<Policy> read_policy(const std::string& path, Diagnostics& diagnostics) {
  const auto text = read_policy_text(path);
  if (!text) return fail(text.error());
  return parse_policy(*text, path, diagnostics);
}

}  // namespace mailweir
