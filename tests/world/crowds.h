// Who lives in the made-up world: the rows of every table about detection, in the order in which tables show them.
#pragma once

#include <string_view>
#include <vector>

#include "tests/world/site.h"

namespace mailweir::world {

// How many clients of each sort.
struct Numbers {
  unsigned ordinary = 0;  // users
  unsigned shared = 0;    // of each kind of shared or changing address
  unsigned odd = 0;       // of each kind of machine that is neither
  unsigned servers = 0;   // of each kind of mail server
  unsigned spammers = 0;  // of each kind
};
[[nodiscard]] std::vector<Crowd> crowds(const Numbers& numbers);

namespace row {  // names that gates ask for
inline constexpr std::string_view kServer30 = "mail server, 30 a day", kServer500 = "mail server, 500 a day";
inline constexpr std::string_view kRegistered = "mail server, 500 a day, registered";
inline constexpr std::string_view kDirty = "mail server, dirty list (8 %/20 %)";
inline constexpr std::string_view kVeryDirty = "mail server, very dirty (15 %/30 %)";
inline constexpr std::string_view kFinal = "mail server, dirty list, no second try";
inline constexpr std::string_view kDirtyNewsletter = "newsletter to a dirty list (8 %/20 %)";
inline constexpr std::string_view kPadding = "bot, 60 an hour, sizes as people's";
inline constexpr std::string_view kBot600 = "bot, 600 an hour", kBot60 = "bot, 60 an hour", kBot6 = "bot, 6 an hour";
inline constexpr std::string_view kBot2 = "bot, 2 an hour";
inline constexpr std::string_view kHiding = "bot, 60 an hour, hides among repeats";
inline constexpr std::string_view kHopper = "bot, 60 an hour, a new /64 every 4";
inline constexpr std::string_view kHopperEach = "bot, 60 an hour, a new /64 each time";
inline constexpr std::string_view kInherited = "address inherited from a bot, new hardware";
inline constexpr std::string_view kInheritedUnseen = "address inherited from a bot, unseen";
inline constexpr std::string_view kNeighbours = "200 people, a /64 each of one /56";
inline constexpr std::string_view kCleanBot = "bot, clean list, 60 an hour";
inline constexpr std::string_view kAbuse = "587 abuse, many providers, 60 an hour";
}  // namespace row

}  // namespace mailweir::world
