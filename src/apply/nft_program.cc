#include "apply/nft_program.h"

#include <fmt/format.h>

#include "base/escape.h"
#include "sys/memory_file.h"
#include "sys/process.h"

namespace mailweir {
namespace {

constexpr std::size_t kLineMax = 400;

// "netlink: Error: …" and "Error: …" of nft, with the words an operator needs.
Error nft_error(const ProcessOutput& ran) {
  const auto says = [&](std::string_view text) { return ran.err.find(text) != std::string::npos; };
  const ErrorCode code = says("Operation not permitted")     ? ErrorCode::NotPermitted
                         : says("No such file or directory") ? ErrorCode::NotFound
                                                             : ErrorCode::Refused;
  const std::string first_line = escape(std::string_view(ran.err).substr(0, ran.err.find('\n')), kLineMax);
  return Error(code, fmt::format("nft says: {}", first_line));
}

}  // namespace

Result<void> run_nft(std::vector<std::string> arguments, std::string_view text) {
  // As a complete file: what arrives through a pipe ends where we are killed, and half a text is a text too.
  const auto file = MemoryFile::of(text);
  if (!file) return fail(file.error());
  arguments.insert(arguments.begin(), "nft");
  arguments.insert(arguments.end(), {"-f", file->path()});
  const auto ran = run_process(arguments);
  if (!ran) return fail(ran.error());
  if (ran->status != 0) return fail(nft_error(*ran));
  return {};
}

Result<std::string> ask_nft(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "nft");
  auto ran = run_process(arguments);
  if (!ran) return fail(ran.error());
  if (ran->status != 0) return fail(nft_error(*ran));
  return std::move(ran->out);
}

}  // namespace mailweir
