#include "detect/destination_count.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "detect/destination_group.h"

namespace mailweir {
namespace {

// Against plain sets, at every size from none to many, with servers that come again soon, late and never.
TEST(DestinationCount, IsExactUpToItsLimit) {
  const KeyedHash hash(KeyedHash::Key{1});
  for (const std::uint32_t servers : {1U, 4U, 11U, 12U, 13U, 14U, 300U, 9'000U}) {
    std::mt19937 random(20261122);
    DestinationCount count;
    std::set<IpAddress> model;
    std::set<DestinationGroup> groups;
    for (int i = 0; i < 20'000; ++i) {
      const auto number = static_cast<std::uint32_t>(random()) % servers;
      const IpAddress server =
          number % 5 == 4
              ? IpAddress{0x2001'0db8'0000'0000 + (std::uint64_t{number} << 15), 25}
              : IpAddress::v4((number % 3 == 0 ? 0x4a7d'0000 : 0x1000'0000) + number * 91);  // Google, others
      count.add(server, hash);
      model.insert(server);
      groups.insert(destination_group(server));
      if (i % 1'000 == 0) {
        ASSERT_EQ(count.answer(hash).servers, model.size());
        ASSERT_EQ(count.answer(hash).groups, groups.size());
      }
    }
  }
}

TEST(DestinationCount, EstimatesBeyondIt) {
  const KeyedHash hash(KeyedHash::Key{1});
  DestinationCount count;
  for (std::uint32_t i = 0; i < 40'000; ++i) count.add(IpAddress::v4(0x1000'0000 + i * 64), hash);
  EXPECT_NEAR(static_cast<double>(count.answer(hash).servers), 40'000, 40'000 * 0.08);
  EXPECT_NEAR(static_cast<double>(count.answer(hash).groups), 10'000, 10'000 * 0.08);
}

}  // namespace
}  // namespace mailweir
