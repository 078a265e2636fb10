// Requests to the kernel's netfilter, written one behind the other into one buffer of a fixed size.
//
//   NetlinkRequest request(64 * 1024);
//   request.message(type, flags, family);
//   request.put_be32(NFULA_CFG_TIMEOUT, 1);
//
// REQUIRES of every put: room() is enough; a caller of long lists asks first. A broken promise ends the program.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sys/netlink_attribute.h"

namespace mailweir {

class NetlinkRequest {
 public:
  explicit NetlinkRequest(std::size_t bytes_max);

  // Starts the next message. Flags: NLM_F_*; NLM_F_REQUEST is added. `resource`: of struct nfgenmsg.
  void message(std::uint16_t type, std::uint16_t flags, std::uint8_t family, std::uint16_t resource = 0);
  void put(std::uint16_t type, Bytes value);
  void put_u8(std::uint16_t type, std::uint8_t value);
  void put_be16(std::uint16_t type, std::uint16_t value);
  void put_be32(std::uint16_t type, std::uint32_t value);
  void put_be64(std::uint16_t type, std::uint64_t value);
  void put_text(std::uint16_t type, std::string_view value);  // with the closing NUL
  // Attributes between begin and end are inside one attribute; nests may nest.
  [[nodiscard]] std::size_t begin_nest(std::uint16_t type);
  void end_nest(std::size_t nest);
  // A batch of nftables messages: all or nothing.
  void begin_batch(std::uint16_t subsystem);
  void end_batch(std::uint16_t subsystem);
  void ask_acknowledgement();  // of the last message

  [[nodiscard]] std::size_t room() const { return buffer_.size() - used_; }
  [[nodiscard]] Bytes bytes() const { return Bytes(buffer_).first(used_); }
  [[nodiscard]] std::uint32_t messages() const { return messages_; }
  // The sequence number of the first message is 1, and so on.
  [[nodiscard]] std::uint32_t acknowledged_sequence() const { return acknowledged_; }
  void clear();

 private:
  void batch_edge(std::uint16_t type, std::uint16_t subsystem);
  std::vector<std::uint8_t> buffer_;
  std::size_t used_ = 0;
  std::size_t last_ = 0;  // where the last message begins
  std::uint32_t messages_ = 0;
  std::uint32_t acknowledged_ = 0;
};

}  // namespace mailweir
