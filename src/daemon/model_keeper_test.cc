#include "daemon/model_keeper.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "daemon/model_file.h"
#include "sys/state_file.h"
#include "tests/support/temporary_directory.h"

namespace mailweir {
namespace {

using std::chrono::minutes;

const Time kNoon = *parse_time("2026-11-22T12:00:00Z");

LearnedModel version(std::uint32_t number) {
  LearnedModel model;
  model.hazards.table.version = number;
  return model;
}

TEST(ModelKeeper, WhatIsKeptNowAndThenIsThereAfterARestart) {
  const TemporaryDirectory directory;
  {
    ModelKeeper keeper(directory.path(), minutes(10));
    EXPECT_EQ(keeper.read(kNoon).error().code(), ErrorCode::NotFound);
    EXPECT_FALSE(keeper.written());
    EXPECT_EQ(keeper.next_due(), kNoon + minutes(10));
    keeper.keep(kNoon + minutes(10), [] { return version(1); });
    EXPECT_EQ(keeper.next_due(), kNoon + minutes(20));
    keeper.finish(kNoon + minutes(11), version(2));
    EXPECT_EQ(keeper.written(), kNoon + minutes(11));
    EXPECT_FALSE(keeper.take_trouble());
  }
  ModelKeeper next(directory.path(), minutes(10));
  const auto read = next.read(kNoon + minutes(12));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->hazards.table.version, 2U);
}

TEST(ModelKeeper, WhatCannotBeReadIsPutAsideAndLearningStartsAnew) {
  const TemporaryDirectory directory;
  std::ofstream(model_file(directory.path())) << "what is this?";
  ModelKeeper keeper(directory.path(), minutes(10));
  const auto read = keeper.read(kNoon);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::BadInput);
  EXPECT_NE(read.error().text().find("model.broken"), std::string::npos) << read.error().text();
  EXPECT_EQ(read_state_file(broken_model_file(directory.path())).value(), "what is this?");
  keeper.finish(kNoon, version(1));
  EXPECT_TRUE(ModelKeeper(directory.path(), minutes(10)).read(kNoon));
}

TEST(ModelKeeper, ADiskThatDoesNotTakeItIsToldOnce) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() + "/file") << "no folder";
  ModelKeeper keeper(directory.path() + "/file", minutes(10));
  static_cast<void>(keeper.read(kNoon));
  keeper.finish(kNoon, version(1));
  EXPECT_TRUE(keeper.take_trouble());
  keeper.finish(kNoon, version(1));
  EXPECT_FALSE(keeper.take_trouble());
  EXPECT_FALSE(keeper.written());
}

}  // namespace
}  // namespace mailweir
