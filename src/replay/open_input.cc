#include "replay/open_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/escape.h"
#include "replay/capture_input.h"
#include "replay/log_input.h"

namespace mailweir {
namespace {

constexpr std::size_t kFirstText = 64 << 10;

struct Magic {
  std::string_view bytes;
  const char* what;
};
using namespace std::string_view_literals;
constexpr std::array kUnreadable{
    Magic{"\xfd"
          "7zXZ"sv,
          "packed with xz: unpack it first (xz -dc FILE | mailweir analyze -)"},
    Magic{"BZh"sv, "packed with bzip2: unpack it first (bzip2 -dc FILE | mailweir analyze -)"},
    Magic{"PK\x03\x04"sv, "a zip archive: unpack it first"},
    Magic{"LPKSHHRH"sv, "a journal database: export it (journalctl -k -o json --file FILE | mailweir analyze -)"},
};

bool is_capture(std::string_view text) {
  // draft-ietf-opsawg-pcap: microseconds and nanoseconds, both byte orders; pcapng's section header.
  for (const std::string_view magic :
       {"\xa1\xb2\xc3\xd4"sv, "\xd4\xc3\xb2\xa1"sv, "\xa1\xb2\x3c\x4d"sv, "\x4d\x3c\xb2\xa1"sv, "\x0a\x0d\x0d\x0a"sv}) {
    if (text.starts_with(magic)) return true;
  }
  return false;
}

// Logs hold text; a crash may leave zero bytes in one, but not among the first lines.
bool is_binary(std::string_view text) {
  const auto first = text.substr(0, 4096);
  const auto odd = std::count_if(first.begin(), first.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r' && c != '\x1b';
  });
  return odd * 10 > static_cast<std::ptrdiff_t>(first.size());
}

Result<void> check_text(std::string_view text) {
  for (const Magic& magic : kUnreadable) {
    if (text.starts_with(magic.bytes)) return fail(ErrorCode::BadInput, fmt::format("this is {}", magic.what));
  }
  if (is_binary(text)) return fail(ErrorCode::BadInput, "this is neither a kernel log nor a capture");
  return {};
}

// The beginning of a file that can be read anywhere; nothing of others.
Result<std::string> peek_file(const InputFile& file) {
  std::string first(file.is_seekable() ? kFirstText : 0, '\0');
  const auto got = file.read_at(0, first);
  if (!got) return fail(got.error());
  first.resize(*got);
  return first;
}

Result<std::unique_ptr<Input>> open(const std::string& path, InputFile file, Time written, std::size_t piece_bytes) {
  const auto first = peek_file(file);
  if (!first) return fail(first.error());
  if (file.is_seekable() && !is_packed(*first) && !is_capture(*first)) {
    if (auto checked = check_text(*first); !checked) return fail(std::move(checked).error());
    return std::make_unique<LogInput>(path, text_of_file(std::move(file), piece_bytes), *first, written);
  }
  auto unpacked = open_stream(std::move(file));
  if (!unpacked) return fail(std::move(unpacked).error());
  auto stream = std::make_unique<PeekedStream>(std::move(*unpacked));
  const auto text = stream->peek(kFirstText);
  if (!text) return fail(text.error());
  if (is_capture(*text)) return CaptureInput::open(path, std::move(stream));
  if (auto checked = check_text(*text); !checked) return fail(std::move(checked).error());
  const std::string start(*text);
  return std::make_unique<LogInput>(path, text_of_stream(std::move(stream), piece_bytes), start, written);
}

}  // namespace

Result<OpenedInput> open_input(const std::string& path, Time now, std::size_t piece_bytes) {
  auto file = InputFile::open(path);
  if (!file) return fail(std::move(file).error());
  const Time written = file->modified().value_or(now);
  const std::uint64_t size = file->size();
  auto input = open(path, std::move(*file), written, piece_bytes);
  if (!input) return fail(std::move(input).error().in(path == "-" ? "standard input" : escape(path)));
  return OpenedInput{std::move(*input), size};
}

}  // namespace mailweir
