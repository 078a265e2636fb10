#include "lab/demo.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace mailweir::lab {
namespace {

// A program in the guard's place.
class DemoWithGuard : public testing::Test {
 protected:
  void guard_is(const std::string& script) {
    options_.program = path_;
    std::ofstream(path_) << "#!/bin/sh\n" << script;
    ASSERT_EQ(chmod(path_.c_str(), 0755), 0);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  const std::string path_ = testing::TempDir() + "guard-" + std::to_string(getpid());
  DemoOptions options_{.clients = 40, .seconds = kSecondsMin, .quiet = true};
};

TEST_F(DemoWithGuard, AGuardThatDoesNotStartIsToldWithItsOwnWords) {
  guard_is("echo 'no such luck' >&2; exit 3\n");
  testing::internal::CaptureStderr();
  const auto status = run_demo(options_);
  const std::string said = testing::internal::GetCapturedStderr();
  if (!status) GTEST_SKIP() << status.error().text();
  EXPECT_EQ(*status, 4);
  EXPECT_NE(said.find("no such luck"), std::string::npos) << said;
}

}  // namespace
}  // namespace mailweir::lab
