#include "ingest/log_head.h"

#include <gtest/gtest.h>

#include "tests/support/kernel_log_lines.h"

namespace mailweir {
namespace {

constexpr std::string_view kPacket = "IN= OUT=eth0 SRC=192.0.2.1 DST=198.51.100.1 ";

LogHead head_of(std::string_view line) {
  const auto head = read_log_head(line);
  EXPECT_TRUE(head) << line;
  return head.value_or(LogHead{});
}

TEST(LogHead, EveryDialectOfTheKernelIsKnown) {
  for (const test::Dialect& dialect : test::kDialects) {
    const std::string line = std::string(dialect.head) + std::string(kPacket);
    const LogHead head = head_of(line);
    EXPECT_NE(head.writer, LogWriter::Program) << dialect.name;
    EXPECT_TRUE(head.message.ends_with(kPacket)) << dialect.name << ": " << head.message;
    if (head.time.base == LogTime::Base::Epoch) {
      EXPECT_EQ(head.time.us, test::kDialectTime * 1'000'000) << dialect.name;
    }
  }
}

TEST(LogHead, TheMessageBeginsAfterTagAndKernelTime) {
  EXPECT_EQ(head_of("Jun 13 23:29:15 gw kernel: [ 12.345678] FW IN=").message, "FW IN=");
  EXPECT_EQ(head_of("Jun 13 23:29:15 gw kernel: [ 12.345678][    C1] FW IN=").message, "FW IN=");
  EXPECT_EQ(head_of("Jun 13 23:29:15 gw kernel: [FW-A]IN=").message, "[FW-A]IN=");
  EXPECT_EQ(head_of("Jun 13 23:29:15 gw kernel:IN=").message, "IN=");
  EXPECT_EQ(head_of("<4>1 2021-06-13T23:29:15Z gw kernel - - - \xef\xbb\xbfIN=").message, "IN=");
  EXPECT_EQ(head_of("kern  :warn  : [  12.3] IN=").message, "IN=");
  EXPECT_EQ(head_of("[  12.345678] gw kernel: IN=").message, "IN=");
}

TEST(LogHead, WhatAProgramWroteIsAProgramsWhateverItSays) {
  for (const char* front : {"Jun 13 23:29:15 gw sshd[1]: ",
                            "Jun 13 23:29:15 gw sshd[1]: kernel: ",
                            "Jun 13 23:29:15 gw root: ",
                            "Jun 13 23:29:15 gw logger: kernel: ",
                            "Jun 13 23:29:15 gw gw sshd[1]: ",
                            "Jun 13 23:29:15 gw user.notice kernel: ",
                            "<13>Jun 13 23:29:15 gw kernel: ",
                            "<13>1 2021-06-13T23:29:15Z gw kernel - - - ",
                            "<4>1 2021-06-13T23:29:15Z gw app kernel - - ",
                            "<4>1 2021-06-13T23:29:15Z gw - - - - kernel: ",
                            "2021-06-13T23:29:15Z gw app[12]: kernel: ",
                            "2021-06-13T23:29:15Z gw my app: ",
                            "Sun Jun 13 23:29:15 2021 daemon.info kernel: ",
                            "Sun Jun 13 23:29:15 2021 kern.warn app: ",
                            "[   12.345678] systemd[1]: ",
                            "[   12.345678] gw sshd[77]: kernel: ",
                            "[Sun Jun 13 23:29:15 2021] systemd[1]: ",
                            "Jun 13 23:29:15 gw [LAN-A-1]: ",
                            "Jun 13 23:29:15 gw [LAN out-A-1] ",
                            "Jun 13 23:29:15 gw [LAN-X-1] ",
                            "Jun 13 23:29:15 gw kernel[1]: ",
                            "Jun 13 23:29:15 gw notkernel: "}) {
    EXPECT_EQ(head_of(std::string(front) + std::string(kPacket)).writer, LogWriter::Program) << front;
  }
}

TEST(LogHead, WithoutATimeThereIsNoHead) {
  for (const char* line : {"", "IN=eth0 OUT=", "kernel: IN=eth0 OUT=", "<4>",
                           "<4>1 now gw kernel - - - IN=", "[Sun Jun 13] IN=", "2021 IN=", "<999999>x"}) {
    EXPECT_FALSE(read_log_head(line)) << line;
  }
}

TEST(LogHeadReader, SaysTheSameAsWithoutMemory) {
  const std::string front = "<4>1 2021-06-13T23:29:15Z gw kernel - - ";
  LogHeadReader reader;
  for (const char* rest :
       {"- IN=", "- \xef\xbb\xbfIN=", "- [1269.733882] IN=", "[a]IN=", "[a][b] IN=", "[a] IN=", "[a] [b] IN="}) {
    const std::string line = front + rest;
    const LogHead* const head = reader.read(line);
    ASSERT_TRUE(head) << line;
    EXPECT_EQ(head->message, head_of(line).message) << line;
    EXPECT_EQ(head->writer, head_of(line).writer) << line;
  }
  EXPECT_TRUE(reader.read(front + "- IN=a"));
  EXPECT_TRUE(reader.read(front + "- IN=b") && reader.knew());
}

TEST(LogHead, SurvivesACutAnywhere) {
  for (const test::Dialect& dialect : test::kDialects) {
    for (std::size_t length = 0; length <= dialect.head.size(); ++length) {
      const std::string exact(dialect.head.substr(0, length));  // its own memory: reading past it is found
      (void)read_log_head(exact);
    }
  }
}

}  // namespace
}  // namespace mailweir
