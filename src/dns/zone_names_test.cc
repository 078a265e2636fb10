#include "dns/zone_names.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

const std::vector<AddressRange> kRanges{*parse_range("198.51.100.254-198.51.101.1")};

std::string names(const std::string& pattern, const std::vector<AddressRange>& ranges = kRanges,
                  std::uint64_t first = 1) {
  const auto list = names_by_pattern(pattern, first, ranges);
  if (!list) return list.error().text();
  std::string text;
  for (const NamedAddress& one : *list) text += (text.empty() ? "" : " ") + one.name;
  return text;
}

TEST(ZoneNames, ByPattern) {
  EXPECT_EQ(names("out{n}.example.net"), "out1.example.net out2.example.net out3.example.net out4.example.net");
  EXPECT_EQ(names("Out-{c}-{d}.Example.NET.", {*parse_range("198.51.100.7")}), "out-100-7.example.net");
  EXPECT_EQ(names("o{n}.example.net", {*parse_range("198.51.100.7")}, 40), "o40.example.net");
  EXPECT_EQ(names("{ip}.example.net", {*parse_range("2001:db8::")}), "2001-db8--0.example.net");
}

TEST(ZoneNames, NoWildcardsAndNothingNoHostCanHave) {
  for (const char* pattern :
       {"*.example.net", "{x}.example.net", "{n.example.net", "out_{n}.example.net", "out{n}", "", "{}.a.b"})
    EXPECT_NE(names(pattern).find("--name"), std::string::npos) << pattern;
  EXPECT_NE(names("{a}.example.net", {*parse_range("2001:db8::1")}).find("IPv6"), std::string::npos);
}

TEST(ZoneNames, ByTable) {
  const auto list = names_by_table(
      "# our pool\n198.51.101.1  Mail.example.net.  # the mail server\n\n198.51.100.254\tout.example.net\r\n", kRanges);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 2U);
  EXPECT_EQ((*list)[0].name, "out.example.net");
  EXPECT_EQ((*list)[1].name, "mail.example.net");
  for (const char* wrong :
       {"198.51.100.254", "x out.example.net", "198.51.100.254 *.example.net", "192.0.2.1 a.example.net",
        "198.51.100.254 a.example.net\n198.51.100.254 b.example.net", "198.51.100.254 a.example.net b"}) {
    const auto read = names_by_table(wrong, kRanges);
    ASSERT_FALSE(read) << wrong;
    EXPECT_TRUE(read.error().text().starts_with("line ")) << read.error().text();
  }
}

TEST(ZoneNames, TheDomainIsWhatAllHaveInCommon) {
  EXPECT_EQ(domain_of("out{n}.example.net"), "example.net");
  EXPECT_EQ(domain_of("{d}.{c}.out.example.net"), "out.example.net");
  EXPECT_EQ(domain_of("mail.example.net"), "example.net");
}

TEST(ZoneNames, GenericOnesAreFoundAsTheCheckWould) {
  EXPECT_EQ(generic_names(*names_by_pattern("out{n}.example.net", 1, kRanges)).count, 0U);
  const GenericNames generic = generic_names(*names_by_pattern("{ip}.pool.example.net", 1, kRanges));
  EXPECT_EQ(generic.count, 4U);
  EXPECT_EQ(generic.name, "198-51-100-254.pool.example.net");
}

}  // namespace
}  // namespace mailweir
