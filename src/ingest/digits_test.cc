#include "ingest/digits.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/ip.h"

namespace mailweir {
namespace {

TEST(Digits, AreCountedAndReadWhateverFollows) {
  std::mt19937_64 random(1);
  for (std::uint32_t length = 0; length <= 8; ++length) {
    for (int after = 0; after < 256; ++after) {
      if (after >= '0' && after <= '9') continue;
      std::string text;
      for (std::uint32_t i = 0; i < length; ++i) text += static_cast<char>('0' + random() % 10);
      const std::uint64_t value = text.empty() ? 0 : std::stoull(text);
      text += static_cast<char>(after);
      while (text.size() < 8) text += static_cast<char>(random());
      const Digits digits = read_digits(text.data());
      ASSERT_EQ(digits.count, length) << text;
      ASSERT_EQ(digits.value, value) << text;
    }
  }
}

TEST(DottedQuad, IsWhatInetPtonSays) {
  std::mt19937_64 random(2);
  const auto check = [&](std::string text) {
    const auto expected = IpAddress::parse(text);
    const std::size_t length = text.size();
    const std::string before = "...............       SRC=" + text;
    const DottedQuad last = read_dotted_quad_before(before.data() + before.size());
    text = "DST=" + text + ' ';
    while (text.size() < 4 + 16) text += static_cast<char>(random());
    const DottedQuad first = read_dotted_quad(text.data() + 4);
    ASSERT_EQ(first.length == length, expected.has_value()) << text;
    ASSERT_EQ(last.length == length, expected.has_value()) << before;
    if (expected) {
      ASSERT_EQ(IpAddress::v4(first.bits), *expected) << text;
      ASSERT_EQ(IpAddress::v4(last.bits), *expected) << before;
    }
  };
  for (int i = 0; i < 20'000; ++i) {
    std::string text = IpAddress::v4(static_cast<std::uint32_t>(random() >> (random() % 32))).text();
    check(text);
    text[random() % text.size()] = "0123456789./: "[random() % 13];
    if (text.size() < 16) check(text);
  }
  for (const char* text : {".", "1", "1.2.3", "1.2.3.", ".1.2.3", "01.2.3.4", "256.1.1.1", "1.1.1.256", "1111.1.1.1",
                           "1.2.3.4.", "1..2.3", "a.b.c.d"}) {
    check(text);
  }
}

}  // namespace
}  // namespace mailweir
