// Notices that somebody else touched our table: `nft flush ruleset`, a reload of nftables.service, a hand at work.
//
// In:  the kernel's announcements.   Out: "look at the table", and which blocks (or throttles) were put in or taken
// out; also by ourselves. A block that ends by itself is not announced. Threads: one at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "sys/netlink.h"

namespace mailweir {

// The element of a client, in the order in which things happened to it.
struct BlockTouched {
  IpPrefix client = IpPrefix::host({});
  std::optional<std::string> case_id;  // put in with this comment; nothing: taken out
};

struct TableTouched {
  bool rules = false;   // they may have changed
  bool blocks = false;  // announcements were lost: `touched` does not tell all
  std::vector<BlockTouched> touched;
};

class TableWatch {
 public:
  static constexpr std::size_t kTouchedMax = 10'000;  // in one read; more count as lost

  static Result<TableWatch> open();
  [[nodiscard]] int fd() const { return socket_.fd(); }
  // Reads what is there.
  [[nodiscard]] Result<TableTouched> read();

 private:
  explicit TableWatch(NetlinkSocket socket) : socket_(std::move(socket)) {}
  NetlinkSocket socket_;
};

}  // namespace mailweir
