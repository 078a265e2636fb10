// Notices that somebody else touched our table: `nft flush ruleset`, a reload of nftables.service, a hand at work.
//
// In:  the kernel's announcements of changed rules.   Out: "look at the table". Additions and removals of set elements
// are no reason: blocks come and go. Threads: one at a time.
#pragma once

#include "base/result.h"
#include "sys/netlink.h"

namespace mailweir {

class TableWatch {
 public:
  static Result<TableWatch> open();
  [[nodiscard]] int fd() const { return socket_.fd(); }
  // Reads what is there; true when our table may have changed, or announcements were lost.
  [[nodiscard]] Result<bool> read();

 private:
  explicit TableWatch(NetlinkSocket socket) : socket_(std::move(socket)) {}
  NetlinkSocket socket_;
};

}  // namespace mailweir
