// What rules log to an NFLOG group, prefix by prefix, as a program like ulogd would get it.
#pragma once

#include <gtest/gtest.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <map>
#include <string>

#include "sys/netlink.h"
#include "sys/netlink_attribute.h"
#include "sys/netlink_request.h"

namespace mailweir {

// Of the network namespace of the calling thread. The kernel hands over each packet before the call that sent it
// returns, so what was logged is there to be read.
class NflogLines {
 public:
  explicit NflogLines(std::uint16_t group) : socket_(open()) {
    constexpr std::uint16_t kConfig = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
    socket_.receive_buffer(std::size_t{4} << 20);
    NetlinkRequest request(1024);
    request.message(kConfig, NLM_F_ACK, AF_UNSPEC, group);
    request.put_u8(NFULA_CFG_CMD, NFULNL_CFG_CMD_BIND);
    EXPECT_TRUE(socket_.request(request));
    request.clear();
    request.message(kConfig, NLM_F_ACK, AF_UNSPEC, group);
    request.put_be32(NFULA_CFG_QTHRESH, 1);
    EXPECT_TRUE(socket_.request(request));
  }

  // Packets by prefix since the last call.
  std::map<std::string, int> take() {
    std::map<std::string, int> lines;
    for (;;) {
      auto received = socket_.receive();
      EXPECT_TRUE(received);
      if (!received || received->kind != NetlinkSocket::Received::Kind::Data) return lines;
      while (const auto message = take_message(received->bytes)) {
        if (message->subsystem() != NFNL_SUBSYS_ULOG || message->kind() != NFULNL_MSG_PACKET) continue;
        const auto prefix = message->attributes().find(NFULA_PREFIX);
        ++lines[prefix ? std::string(prefix->text()) : std::string()];
      }
    }
  }

 private:
  static NetlinkSocket open() {
    auto socket = NetlinkSocket::open();
    EXPECT_TRUE(socket);
    return std::move(*socket);
  }
  NetlinkSocket socket_;
};

}  // namespace mailweir
