#include "sys/vigil.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace mailweir {
namespace {

// In a process of its own: the signals stay blocked there.
int in_child(const std::function<bool()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body() ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

TEST(Vigil, WakesForItsTimeAndForASignalAndEndsWhenItIsTold) {
  EXPECT_EQ(in_child([] {
              auto vigil = Vigil::begin();
              if (!vigil) return false;
              if (!vigil->wait(std::chrono::milliseconds(1))) return false;
              raise(SIGUSR1);
              if (!vigil->wait(std::chrono::hours(1))) return false;
              raise(SIGTERM);
              return !vigil->wait(std::chrono::hours(1));
            }),
            0);
}

TEST(Vigil, WhoIsWokenAndToldToEndEnds) {
  EXPECT_EQ(in_child([] {
              auto vigil = Vigil::begin();
              if (!vigil) return false;
              raise(SIGINT);
              raise(SIGUSR1);
              return !vigil->wait(std::chrono::hours(1));
            }),
            0);
}

}  // namespace
}  // namespace mailweir
