#include "compile/ip_sets.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

std::vector<IpPrefix> prefixes(std::initializer_list<const char*> texts) {
  std::vector<IpPrefix> list;
  for (const char* text : texts) list.push_back(*IpPrefix::parse(text));
  return list;
}

Rule rule(const char* id, std::vector<IpPrefix> from) {
  Rule made;
  made.id = id;
  made.from = {"", std::move(from)};
  return made;
}

TEST(IpSets, ListsAreSetsOfOneFamilyAndSinglePrefixesAreNot) {
  Rules rules;
  rules.list = {rule("a.b", prefixes({"10.0.0.0/8", "172.16.0.0/12", "fd16::/32"}))};
  const IpSets sets(rules);
  EXPECT_EQ(sets.name_of(*rules.list[0].from, true), "mw-a.b-from4");
  EXPECT_FALSE(sets.name_of(*rules.list[0].from, false));
  const std::string text = sets.text({});
  EXPECT_NE(text.find("create mw-a.b-from4 hash:net family inet maxelem 65536\nflush mw-a.b-from4\n"
                      "add mw-a.b-from4 10.0.0.0/8\nadd mw-a.b-from4 172.16.0.0/12\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("blocked4 hash"), std::string::npos) << "no gateway";
}

TEST(IpSets, EqualListsAreOneSetAndNamesThatMeetAreToldApart) {
  const std::string longer(40, 'x');
  Rules rules;
  rules.gateway = true;
  rules.list = {rule("one", prefixes({"10.0.0.1", "10.0.0.2"})), rule("two", prefixes({"10.0.0.2", "10.0.0.1"})),
                rule((longer + "1").c_str(), prefixes({"10.0.0.1", "10.0.0.3"})),
                rule((longer + "2").c_str(), prefixes({"10.0.0.1", "10.0.0.4"}))};
  const IpSets sets(rules);
  EXPECT_EQ(sets.name_of(*rules.list[0].from, true), "mw-one-from4");
  EXPECT_EQ(sets.name_of(*rules.list[1].from, true), "mw-one-from4");
  const auto third = sets.name_of(*rules.list[2].from, true), fourth = sets.name_of(*rules.list[3].from, true);
  ASSERT_TRUE(third && fourth);
  EXPECT_NE(*third, *fourth);
  EXPECT_EQ(third->size(), 31U);
  EXPECT_EQ(fourth->size(), 31U);
  EXPECT_NE(sets.text({}).find("create mw-blocked6 hash:ip family inet6 netmask 64 timeout"), std::string::npos);
}

}  // namespace
}  // namespace mailweir
