#include "sys/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>

#include "sys/fd.h"
#include "tests/support/temporary_directory.h"

namespace mailweir {
namespace {

class NotifySocket : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    const bool is_abstract = GetParam();
    name_ = directory_.path() + "/notify";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name_.data(), name_.size());
    if (is_abstract) address.sun_path[0] = '\0', name_[0] = '@';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    ASSERT_EQ(bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  }
  void TearDown() override { unsetenv("NOTIFY_SOCKET"); }

  std::string heard() const {
    char bytes[64];
    const ssize_t length = recv(listener_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    return length < 0 ? std::string() : std::string(bytes, static_cast<std::size_t>(length));
  }

  TemporaryDirectory directory_;
  std::string name_;
  Fd listener_{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

TEST_P(NotifySocket, HearsTheNews) {
  EXPECT_TRUE(tell_service_manager(kServiceReady));
  EXPECT_EQ(heard(), "") << "nobody asked";
  setenv("NOTIFY_SOCKET", name_.c_str(), 1);
  const auto told = tell_service_manager(kServiceReady);
  EXPECT_TRUE(told) << told.error().text();
  EXPECT_EQ(heard(), "READY=1");
}

INSTANTIATE_TEST_SUITE_P(Kinds, NotifySocket, testing::Bool(),
                         [](const auto& instance) { return instance.param ? "abstract" : "file"; });

TEST(ServiceManager, WhatIsNoSocketIsSaid) {
  for (const std::string path : {"relative", "/nowhere/at/all"}) {
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
    EXPECT_FALSE(tell_service_manager(kServiceReady)) << path;
  }
  setenv("NOTIFY_SOCKET", ("/" + std::string(200, 'x')).c_str(), 1);
  EXPECT_FALSE(tell_service_manager(kServiceReady));
  unsetenv("NOTIFY_SOCKET");
}

}  // namespace
}  // namespace mailweir
