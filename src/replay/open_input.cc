#include "replay/open_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/escape.h"

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
  if (is_capture(text)) return fail(ErrorCode::BadInput, "this is a packet capture, which this version cannot read");
  if (is_binary(text)) return fail(ErrorCode::BadInput, "this is neither a kernel log nor a capture");
  return {};
}

}  // namespace

Result<OpenedInput> open_input(const std::string& path, Time now, std::size_t piece_bytes) {
  const std::string name = path == "-" ? "standard input" : escape(path);
  auto file = InputFile::open(path);
  if (!file) return fail(std::move(file).error());
  const Time written = file->modified().value_or(now);
  const std::uint64_t size = file->size();
  std::string first;
  if (file->is_seekable()) {
    first.resize(kFirstText);
    const auto got = file->read_at(0, first);
    if (!got) return fail(Error(got.error()).in(name));
    first.resize(*got);
  }
  if (file->is_seekable() && !is_packed(first)) {
    if (auto checked = check_text(first); !checked) return fail(Error(checked.error()).in(name));
    return OpenedInput{LogInput(path, text_of_file(std::move(*file), piece_bytes), first, written), size};
  }
  auto unpacked = open_stream(std::move(*file));
  if (!unpacked) return fail(Error(unpacked.error()).in(name));
  auto stream = std::make_unique<PeekedStream>(std::move(*unpacked));
  const auto text = stream->peek(kFirstText);
  if (!text) return fail(Error(text.error()).in(name));
  if (auto checked = check_text(*text); !checked) return fail(Error(checked.error()).in(name));
  first = *text;
  return OpenedInput{LogInput(path, text_of_stream(std::move(stream), piece_bytes), first, written), size};
}

}  // namespace mailweir
