#include "sys/enclosure.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "sys/fd.h"

namespace mailweir {
namespace {

std::string network_namespace() { return std::filesystem::read_symlink("/proc/self/ns/net").string(); }

TEST(Enclosure, IsAWorldOfItsOwn) {
  const std::string network = network_namespace();
  const auto status = run_enclosed(Walls::All, [&] {
    if (getpid() != 1) return 1;
    if (network_namespace() == network) return 2;
    if (!std::filesystem::is_empty("/run")) return 3;
    std::ofstream("/run/mailweir-enclosure-test") << "gone with us";
    return std::filesystem::exists("/run/mailweir-enclosure-test") ? 42 : 4;
  });
  if (!status) GTEST_SKIP() << status.error().text();
  EXPECT_EQ(*status, 42);
  EXPECT_FALSE(std::filesystem::exists("/run/mailweir-enclosure-test"));
  EXPECT_EQ(network_namespace(), network);
}

// The reading end tells when the last process that holds the writing end is gone.
struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    reads = Fd(ends[0]);
    writes = Fd(ends[1]);
  }
  Fd reads, writes;
};

// A process that holds a laboratory with a grandchild inside; killed by `signal` once all of them run.
void everything_ends_with_its_owner(int signal, int* status) {
  Pipe pipe;
  const pid_t owner = fork();
  ASSERT_GE(owner, 0);
  if (owner == 0) {
    pipe.reads.close();
    const auto enclosed = run_enclosed(Walls::All, [&] {
      if (fork() == 0) {
        (void)!write(pipe.writes.get(), "+", 1);
      }
      while (true) pause();
      return 0;
    });
    _exit(enclosed ? *enclosed : 77);
  }
  pipe.writes.close();
  char byte = 0;
  const ssize_t began = read(pipe.reads.get(), &byte, 1);
  if (began == 1) kill(owner, signal);
  ASSERT_EQ(read(pipe.reads.get(), &byte, 1), 0);  // waits for the end of all of them
  ASSERT_EQ(waitpid(owner, status, 0), owner);
}

TEST(Enclosure, NobodyInsideOutlivesTheOwner) {
  for (const int signal : {SIGKILL, SIGTERM, SIGINT, SIGHUP}) {
    int status = 0;
    everything_ends_with_its_owner(signal, &status);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no namespaces here";
    if (signal == SIGKILL) {
      EXPECT_TRUE(WIFSIGNALED(status));
    } else {
      ASSERT_TRUE(WIFEXITED(status));
      EXPECT_EQ(WEXITSTATUS(status), 128 + signal);
    }
  }
}

}  // namespace
}  // namespace mailweir
