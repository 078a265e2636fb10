#include "replay/text_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <random>

#include "ingest/log_block.h"
#include "tests/support/scratch_file.h"

namespace mailweir {
namespace {

// The lines of all pieces, in order.
std::vector<std::string> lines_of(TextSource& source) {
  std::vector<std::string> lines;
  for (;;) {
    const auto pieces = source.next();
    EXPECT_TRUE(pieces);
    if (!pieces || *pieces == 0) return lines;
    for (std::size_t i = 0; i < *pieces; ++i) {
      const auto read = source.piece(i, [&](std::string_view text) {
        while (!text.empty()) {
          const auto end = std::min(text.find('\n'), text.size());
          lines.emplace_back(text.substr(0, end));
          text.remove_prefix(std::min(end + 1, text.size()));
        }
      });
      EXPECT_TRUE(read);
    }
  }
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string> through_file(const std::string& text, std::size_t piece) {
  const test::ScratchFile file(text);
  auto opened = InputFile::open(file.path());
  EXPECT_TRUE(opened);
  return lines_of(*text_of_file(std::move(*opened), piece));
}

std::vector<std::string> through_stream(const std::string& text, std::size_t piece) {
  const test::ScratchFile file(text);
  auto stream = open_stream(std::move(*InputFile::open(file.path())));
  EXPECT_TRUE(stream);
  return lines_of(*text_of_stream(std::move(*stream), piece));
}

TEST(TextSource, EveryLineOnceWhateverThePieces) {
  std::mt19937_64 random(3);
  for (const char* end : {"", "\n", "last without an end"}) {
    std::string text;
    for (int i = 0; i < 300; ++i) text += std::string(random() % 40, static_cast<char>('a' + i % 26)) + '\n';
    text += end;
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{64}, std::size_t{1000},
                                    text.size(), text.size() + 1}) {
      EXPECT_EQ(through_file(text, piece), split(text)) << piece;
      EXPECT_EQ(through_stream(text, piece), split(text)) << piece;
    }
  }
}

TEST(TextSource, WindowsEndWhereLinesDo) {
  std::string text;
  while (text.size() < 2 * TextSource::kWindow + 5000)
    text += std::string(97, static_cast<char>('a' + text.size() % 26)) + '\n';
  EXPECT_EQ(through_file(text, 0), split(text));
  EXPECT_EQ(through_stream(text, 0), split(text));
}

TEST(TextSource, OverLongLinesAreCutAndTheRestOfThemSkipped) {
  const std::string text = "first\n" + std::string(3 * kLogLineMax, 'x') + "\nlast\n";
  for (const std::size_t piece : {std::size_t{1000}, std::size_t{100'000}, std::size_t{0}}) {
    for (const auto& lines : {through_file(text, piece), through_stream(text, piece)}) {
      ASSERT_EQ(lines.size(), 3U) << piece;
      EXPECT_GT(lines[1].size(), kLogLineMax);
      EXPECT_EQ(lines[2], "last");
    }
  }
}

// As logrotate's copytruncate does. The first window is copied, the second is seen in place.
TEST(TextSource, AFileCutWhileItIsReadGivesWhatIsLeftOfIt) {
  std::string text;
  while (text.size() < 2 * TextSource::kWindow)
    text += std::string(96, static_cast<char>('a' + text.size() % 26)) + '\n';
  for (const std::size_t left : {TextSource::kWindow + 100'000, TextSource::kWindow + 3, TextSource::kWindow / 2}) {
    const test::ScratchFile scratch(text);
    const auto source = text_of_file(std::move(*InputFile::open(scratch.path())), TextSource::kWindow);
    ASSERT_TRUE(source->next());
    ASSERT_EQ(source->next(), 1U);
    ASSERT_EQ(::truncate(scratch.path().c_str(), static_cast<off_t>(left)), 0);
    std::string read = "nothing was handed out";
    ASSERT_TRUE(source->piece(0, [&](std::string_view lines) { read = lines; }));
    const std::size_t first = text.find('\n', TextSource::kWindow - 1) + 1;
    EXPECT_EQ(read, left > first ? text.substr(first, left - first) : "");
  }
}

TEST(TextSource, NothingInNothingOut) {
  EXPECT_TRUE(through_file("", 0).empty());
  EXPECT_TRUE(through_stream("", 0).empty());
}

}  // namespace
}  // namespace mailweir
