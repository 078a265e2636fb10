// Both sides of SMTP against each other, over a real stream.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include "lab/smtp_client.h"
#include "lab/smtp_server.h"
#include "sys/fd.h"

namespace mailweir::lab {
namespace {

struct Talk {
  SmtpClient::End end = SmtpClient::End::Open;
  std::uint32_t accepted = 0;
  std::string client_name;
  std::size_t client_bytes = 0;
  bool server_finished = false;
};

void send_all(const Fd& fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd.get(), bytes.data(), bytes.size());
    ASSERT_GT(n, 0);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

// What is there, in pieces of `piece` bytes: a dialogue must not depend on how the stream is cut.
template <typename Side>
std::string hear(const Fd& fd, Side& side, std::size_t piece) {
  std::string answer;
  std::array<char, 4'096> bytes;
  ssize_t n = 0;
  while (!side.finished() && (n = recv(fd.get(), bytes.data(), std::min(piece, bytes.size()), MSG_DONTWAIT)) > 0) {
    answer += side.receive({bytes.data(), static_cast<std::size_t>(n)});
  }
  return answer;
}

Talk talk(Behaviour behaviour, std::uint16_t port, std::uint32_t letter_bytes, std::size_t piece = 4'096,
          bool waited = false) {
  std::array<int, 2> ends{};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const Fd client_end(ends[0]), server_end(ends[1]);
  SmtpServer server({behaviour, port, [&](std::string_view) { return waited; }});
  SmtpClient client({"c7.lab.test", port, letter_bytes, 2});
  Talk talk;
  send_all(server_end, server.start());
  std::string said = client.start();
  for (int turns = 0; turns < 40 && !client.finished(); ++turns) {
    talk.client_bytes += said.size();
    send_all(client_end, said);
    send_all(server_end, hear(server_end, server, piece));
    said = hear(client_end, client, piece);
  }
  talk.end = client.end();
  talk.accepted = server.accepted();
  talk.client_name = server.client_name();
  talk.server_finished = server.finished();
  return talk;
}

constexpr std::size_t kShortBelow = 350, kShortBelowSubmission = 1'500, kDeliveredFrom = 700;  // docs/detection.md, 2

class EveryPort : public testing::TestWithParam<std::uint16_t> {};

TEST_P(EveryPort, AMessageIsDelivered) {
  const Talk t = talk(Behaviour::Accept, GetParam(), 3'000);
  EXPECT_EQ(t.end, SmtpClient::End::Delivered);
  EXPECT_EQ(t.accepted, 1);
  EXPECT_EQ(t.client_name, "c7.lab.test");
  EXPECT_GE(t.client_bytes, 3'000u);
  EXPECT_TRUE(t.server_finished);
}

TEST_P(EveryPort, HowTheStreamIsCutDoesNotMatter) {
  for (const std::size_t piece : {1u, 2u, 7u, 100u}) {
    EXPECT_EQ(talk(Behaviour::Accept, GetParam(), 900, piece).end, SmtpClient::End::Delivered) << piece;
  }
}

TEST_P(EveryPort, TheSmallestLetterCountsAsDelivered) {
  EXPECT_GE(talk(Behaviour::Accept, GetParam(), 900).client_bytes, kDeliveredFrom);
}

TEST_P(EveryPort, ARefusalIsShort) {
  const Talk t = talk(Behaviour::RefuseRecipients, GetParam(), 30'000);
  EXPECT_EQ(t.end, SmtpClient::End::Rejected);
  EXPECT_EQ(t.accepted, 0);
  EXPECT_LT(t.client_bytes, GetParam() == 25 ? kShortBelow : kShortBelowSubmission);
}

INSTANTIATE_TEST_SUITE_P(Ports, EveryPort, testing::Values(25, 465, 587),
                         [](const auto& param) { return "port" + std::to_string(param.param); });

TEST(SmtpDialogue, AGreylistLetsPassOnlyThoseWhoWaited) {
  EXPECT_EQ(talk(Behaviour::Greylist, 25, 2'000).end, SmtpClient::End::TryLater);
  EXPECT_EQ(talk(Behaviour::Greylist, 25, 2'000, 4'096, true).end, SmtpClient::End::Delivered);
}

TEST(SmtpDialogue, SubmissionWithoutPasswordGoesNowhere) {
  SmtpServer server({Behaviour::Accept, 587, {}});
  (void)server.start();
  EXPECT_NE(server.receive("EHLO x\r\n").find("STARTTLS"), std::string::npos);
  EXPECT_EQ(server.receive("MAIL FROM:<a@b>\r\n").substr(0, 3), "530");
  EXPECT_EQ(server.receive("AUTH PLAIN AAAA\r\n").substr(0, 3), "502");
}

TEST(SmtpDialogue, OrderIsKept) {
  SmtpServer server({Behaviour::Accept, 25, {}});
  (void)server.start();
  EXPECT_EQ(server.receive("MAIL FROM:<a@b>\r\n").substr(0, 3), "503");
  EXPECT_EQ(server.receive("EHLO x\r\n").substr(0, 3), "250");
  EXPECT_EQ(server.receive("RCPT TO:<a@b>\r\n").substr(0, 3), "503");
  EXPECT_EQ(server.receive("DATA\r\n").substr(0, 3), "503");
  EXPECT_EQ(server.accepted(), 0);
}

TEST(SmtpDialogue, AClientHangsUpOnNonsense) {
  SmtpClient client({"c1.lab.test", 25, 1'000, 1});
  (void)client.receive("HTTP/1.1 200 OK\r\n");
  EXPECT_TRUE(client.finished());
  EXPECT_EQ(client.end(), SmtpClient::End::Nonsense);
}

TEST(SmtpDialogue, AServerHangsUpOnALineWithoutEnd) {
  SmtpServer server({Behaviour::Accept, 25, {}});
  const std::string endless(1 << 16, 'x');
  for (int i = 0; i < 20 && !server.finished(); ++i) (void)server.receive(endless);
  EXPECT_TRUE(server.finished());
}

TEST(SmtpDialogue, TlsThatIsNoneEndsTheDialogue) {
  SmtpServer server({Behaviour::Accept, 465, {}});
  EXPECT_EQ(server.start(), "");
  (void)server.receive("EHLO plain text where a hello is due\r\n");
  EXPECT_TRUE(server.finished());
}

}  // namespace
}  // namespace mailweir::lab
