#include "sys/answer_socket.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

#include "tests/support/temporary_directory.h"

namespace mailweir {
namespace {

TEST(AnswerSocket, WhoeverAsksGetsTheText) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/guard.sock";
  EXPECT_EQ(ask(path).error().code(), ErrorCode::NotFound);
  auto socket = AnswerSocket::listen(path);
  ASSERT_TRUE(socket) << socket.error().text();
  const std::string text(3'000'000, 'x');  // more than a socket takes at once
  for (int i = 0; i < 2; ++i) {
    Result<std::string> answer = fail(ErrorCode::NotFound, "");
    std::thread asker([&] { answer = ask(path); });
    pollfd waiting{socket->fd(), POLLIN, 0};
    EXPECT_EQ(poll(&waiting, 1, 10'000), 1);
    socket->answer([&] { return text; });
    asker.join();
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(*answer, text);
  }
  ASSERT_TRUE(AnswerSocket::listen(path)) << "what is left of an earlier run is no hindrance";
}

TEST(AnswerSocket, NobodyAnswersBehindASocketThatWasLeft) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/guard.sock";
  ASSERT_TRUE(AnswerSocket::listen(path));
  EXPECT_EQ(ask(path).error().code(), ErrorCode::NotFound);
  EXPECT_EQ(ask(std::string(200, 'x')).error().code(), ErrorCode::BadInput);
}

}  // namespace
}  // namespace mailweir
