// How fast are lines read, without judging anybody? And which part of it takes the time?
//
// usage: read_kernel_log FILE      one core, the file in the page cache; the best of ten passes
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <vector>

#include "ingest/log_block.h"
#include "ingest/log_marks.h"
#include "sys/input_file.h"

namespace {

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Processor time of handing every piece of the file to `work`.
double time_pass(const mailweir::InputFile& file, std::size_t piece,
                 const std::function<void(std::string_view)>& work) {
  std::vector<char> buffer(piece);
  const double start = processor_seconds();
  for (std::uint64_t at = 0; at < file.size(); at += piece) {
    work({buffer.data(), file.read_at(at, buffer).value_or(0)});
  }
  return processor_seconds() - start;
}

}  // namespace

int main(int argc, char** argv) {
  const auto file = mailweir::InputFile::open(argc > 1 ? argv[1] : "");
  if (!file) {
    fmt::print(stderr, "usage: read_kernel_log FILE\n{}\n", file.error().text());
    return 2;
  }
  for (const std::size_t piece :
       {std::size_t{64} << 10, std::size_t{256} << 10, std::size_t{512} << 10, std::size_t{2} << 20}) {
    std::vector<std::uint32_t> marks(piece + 64);
    mailweir::LogBlock block;
    std::uint64_t lines = 0;
    const std::array<std::function<void(std::string_view)>, 3> works{
        [](std::string_view) {},
        [&](std::string_view text) { mailweir::find_log_marks(text.data(), 0, text.size(), marks.data()); },
        [&](std::string_view text) {
          block.clear();
          mailweir::read_log_block(text, block);
          lines += block.lines;
        }};
    std::array<double, 3> best{1e9, 1e9, 1e9};
    for (int pass = 0; pass < 10; ++pass) {
      for (std::size_t i = 0; i < works.size(); ++i) {
        lines = 0;
        best[i] = std::min(best[i], time_pass(*file, piece, works[i]));
      }
    }
    const double ns = 1e9 / static_cast<double>(std::max<std::uint64_t>(1, lines));
    fmt::print(
        "pieces of {:5} KiB: copied {:5.1f} ns, marks {:5.1f} ns, read {:5.1f} ns a line; {:.1f} million lines/s\n",
        piece >> 10, best[0] * ns, best[1] * ns, best[2] * ns, 1e3 / (best[2] * ns));
  }
  return 0;
}
