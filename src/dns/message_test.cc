#include "dns/message.h"

#include <gtest/gtest.h>

#include "tests/support/dns_world.h"

namespace mailweir {
namespace {

using testing::wire;

std::vector<std::uint8_t> answer_with(std::vector<Record> records) {
  Message message;
  message.authoritative = true;
  message.answers = std::move(records);
  return wire(message, {"q.example", RecordType::Ptr}, 7);
}

std::string name_read(const std::string& on_the_wire) {
  const auto message =
      read_message(answer_with({{.owner = "q.example", .type = RecordType::Ptr, .target = on_the_wire}}));
  return message && message->answers.size() == 1 ? message->answers[0].target : "no";
}

TEST(Message, IsReadBackAsItWasWritten) {
  const auto message = read_message(answer_with(
      {{.owner = "q.example", .type = RecordType::Ptr, .ttl_s = 60, .target = "Mail.Example"},
       {.owner = "mail.example", .type = RecordType::A, .address = *IpAddress::parse("192.0.2.1")},
       {.owner = "mail.example", .type = RecordType::Aaaa, .address = *IpAddress::parse("2001:db8::1")},
       {.owner = "example", .type = RecordType::Soa, .target = "ns.example", .serial = 2026112201, .minimum_s = 60}}));
  ASSERT_TRUE(message);
  EXPECT_TRUE(message->authoritative);
  EXPECT_FALSE(message->truncated || message->recursion_available);
  ASSERT_EQ(message->answers.size(), 4U);
  EXPECT_EQ(message->answers[0].target, "mail.example") << "names are compared in lower case";
  EXPECT_EQ(message->answers[0].ttl_s, 60U);
  EXPECT_EQ(message->answers[1].address.text(), "192.0.2.1");
  EXPECT_EQ(message->answers[2].address.text(), "2001:db8::1");
  EXPECT_EQ(message->answers[3].serial, 2026112201U);
  EXPECT_EQ(message->answers[3].minimum_s, 60U);
}

TEST(Message, NamesAreHarmlessWhereverTheyAreShown) {
  EXPECT_EQ(name_read(R"(a\000b.example)"), R"(a\000b.example)");
  EXPECT_EQ(name_read(R"(\027[2j.example)"), R"(\027\0912j.example)");
  EXPECT_EQ(name_read(R"(\228\184.example)"), R"(\228\184.example)");
  EXPECT_EQ(name_read("<b>.example"), R"(\060b\062.example)");
  EXPECT_EQ(name_read(R"(a"b'c&d.example)"), R"(a\034b\039c\038d.example)");
  EXPECT_EQ(name_read(R"(two\032words.example)"), R"(two\032words.example)");
  EXPECT_EQ(name_read(R"(a\.b.example)"), R"(a\.b.example)");
  EXPECT_EQ(name_read(R"(a\\b.example)"), R"(a\\b.example)");
  EXPECT_EQ(name_read("100/30.2.0.192.in-addr.arpa"), "100/30.2.0.192.in-addr.arpa");
}

TEST(Message, EveryCutOffMessageIsRefusedOrShort) {
  const auto whole = answer_with({{.owner = "q.example", .type = RecordType::Ptr, .target = "mail.example"}});
  ASSERT_TRUE(read_message(whole));
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(read_message(std::span(whole).first(length))) << length;
}

TEST(Message, PointersInCirclesAndOutOfItAreRefused) {
  auto message = answer_with({{.owner = "q.example", .type = RecordType::Ptr, .target = "abc"}});
  const std::size_t target = message.size() - 5;                                    // "\3abc\0"
  message[target] = 0xc0, message[target + 1] = static_cast<std::uint8_t>(target);  // to itself
  EXPECT_FALSE(read_message(message));
  message[target] = 0xff, message[target + 1] = 0xff;  // past the end
  EXPECT_FALSE(read_message(message));
}

TEST(Message, ANameIsNoLongerThanTheProtocolAllows) {
  // Bytes whose escapes are the longest: what counts is the name, not how it is shown.
  const std::string label = std::string(15 * 4, 'x'), odd = "a\\000;" + std::string(60, 'x');
  const auto of_length = [&](std::size_t last) {
    return odd + "." + label + "." + label + "." + label + "." + std::string(last, 'y');  // 63 + 1 + 3 * 61 + last
  };
  EXPECT_NE(name_read(of_length(253 - 247)), "no");
  EXPECT_EQ(name_read(of_length(254 - 247)), "no");
}

TEST(Message, ANameThatGoesPastItsRecordIsRefused) {
  auto message = answer_with({{.owner = "q.example", .type = RecordType::Ptr, .target = "abc"},
                              {.owner = "q.example", .type = RecordType::Ptr, .target = "abc"}});
  ASSERT_TRUE(read_message(message));
  message[12 + 11 + 4 + 11 + 9] -= 1;  // the length of the first record's data
  EXPECT_FALSE(read_message(message));
}

TEST(Message, QuestionsAndOtherRecordsAreNoAnswers) {
  auto question = answer_with({});
  question[2] &= 0x7f;
  EXPECT_FALSE(read_message(question));
  const auto other =
      read_message(answer_with({{.owner = "q.example", .type = static_cast<RecordType>(99), .target = "x"}}));
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->answers.empty());
}

TEST(Message, NoMoreRecordsAreKeptThanAllowed) {
  std::vector<Record> many(Message::kRecordsMax + 10, Record{.owner = "q.example", .type = RecordType::A});
  const auto message = read_message(answer_with(many));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->answers.size(), Message::kRecordsMax);
}

}  // namespace
}  // namespace mailweir
