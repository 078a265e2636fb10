#include "sys/namespace.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/enclosure.h"
#include "sys/process.h"

namespace mailweir {
namespace {

ino_t network_of_this_thread() {
  struct stat status {};
  return stat("/proc/thread-self/ns/net", &status) == 0 ? status.st_ino : 0;
}

TEST(Namespace, ChildHasItsOwnNetworkAndParentKeepsIts) {
  const ino_t before = network_of_this_thread();
  const auto status = run_enclosed(Walls::Network, [&] {
    if (network_of_this_thread() == before) return 1;
    const auto links = run_process({"ip", "-brief", "link"});
    return links && links->out.find("lo ") != std::string::npos && links->out.find("UP") != std::string::npos ? 42 : 2;
  });
  if (!status) GTEST_SKIP() << status.error().text();
  EXPECT_EQ(*status, 42);
  EXPECT_EQ(network_of_this_thread(), before);
}

TEST(Namespace, VethJoinsTwoNamespacesOfOneProcess) {
  const auto status = run_enclosed(Walls::Network, [] {
    const auto other = NetworkNamespace::create();
    if (!other) return 1;
    const auto joined =
        run_process({"ip", "link", "add", "here", "type", "veth", "peer", "name", "there", "netns", other->path()});
    if (!joined || joined->status != 0) return 2;
    const InNamespace inside(*other);
    const auto links = run_process({"ip", "-brief", "link", "show", "there"});
    return links && links->status == 0 ? 42 : 3;
  });
  if (!status) GTEST_SKIP() << status.error().text();
  EXPECT_EQ(*status, 42);
}

TEST(Namespace, ASignalInTheChildIsItsStatus) {
  const auto status = run_enclosed(Walls::Network, []() -> int {
    kill(getpid(), SIGKILL);
    return 0;
  });
  if (!status) GTEST_SKIP() << status.error().text();
  EXPECT_EQ(*status, 128 + SIGKILL);
}

}  // namespace
}  // namespace mailweir
