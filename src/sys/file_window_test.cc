#include "sys/file_window.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "sys/input_file.h"
#include "tests/support/scratch_file.h"

namespace mailweir {
namespace {

const auto kPage = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

std::string pages_of_letters(std::size_t pages) {
  std::string text;
  for (std::size_t i = 0; i < pages; ++i) text += std::string(kPage, static_cast<char>('a' + i % 26));
  return text;
}

TEST(FileWindow, ShowsThePartThatWasAskedFor) {
  const std::string text = pages_of_letters(5) + "the end";
  const test::ScratchFile scratch(text);
  const auto file = InputFile::open(scratch.path());
  ASSERT_TRUE(file);
  for (const std::size_t begin : {std::size_t{0}, std::size_t{1}, kPage - 1, kPage, 4 * kPage + 7}) {
    const auto window = file->map(begin, text.size() - begin);
    ASSERT_TRUE(window);
    window->fetch(1, window->text().size() - 1);
    EXPECT_EQ(window->text(), text.substr(begin));
    window->release(3, window->text().size() - 3);
    EXPECT_EQ(window->text(), text.substr(begin)) << "what was given back is fetched again";
    EXPECT_FALSE(window->is_cut());
  }
  EXPECT_FALSE(file->map(0, text.size() + 1));  // not what is not there
  EXPECT_FALSE(file->map(0, 0));
}

TEST(FileWindow, ReadsZerosWhereTheFileWasCut) {
  const test::ScratchFile scratch(pages_of_letters(4));
  const auto file = InputFile::open(scratch.path());
  ASSERT_TRUE(file);
  const auto window = file->map(0, 4 * kPage);
  const auto other = file->map(0, kPage);
  ASSERT_TRUE(window && other);
  ASSERT_EQ(::truncate(scratch.path().c_str(), static_cast<off_t>(kPage)), 0);
  EXPECT_EQ(window->text()[3 * kPage], '\0');
  EXPECT_EQ(window->text()[kPage], '\0');
  EXPECT_EQ(window->text()[kPage - 1], 'a');
  EXPECT_TRUE(window->is_cut());
  EXPECT_FALSE(other->is_cut());
}

// No signal tells of that: the rest of the last page is there, and empty.
TEST(FileWindow, NoticesACutWithinThePage) {
  const test::ScratchFile scratch(pages_of_letters(1));
  const auto file = InputFile::open(scratch.path());
  ASSERT_TRUE(file);
  const auto window = file->map(0, kPage);
  ASSERT_TRUE(window);
  ASSERT_EQ(::truncate(scratch.path().c_str(), static_cast<off_t>(kPage / 2)), 0);
  EXPECT_TRUE(window->is_cut());
}

TEST(FileWindow, IsRefusedWhenThereAreTooMany) {
  const test::ScratchFile scratch("text");
  const auto file = InputFile::open(scratch.path());
  ASSERT_TRUE(file);
  std::vector<std::unique_ptr<FileWindow>> windows;
  for (std::size_t i = 0; i < FileWindow::kWindowsMax; ++i) windows.push_back(file->map(0, 4));
  EXPECT_TRUE(windows.back());
  EXPECT_FALSE(file->map(0, 4));
  windows.pop_back();
  EXPECT_TRUE(file->map(0, 4));
}

}  // namespace
}  // namespace mailweir
