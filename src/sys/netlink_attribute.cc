#include "sys/netlink_attribute.h"

#include <linux/netlink.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace mailweir {
namespace {

// Netlink's own header fields are in the byte order of the machine.
template <typename T>
T host_order(Bytes bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

template <typename T>
std::optional<T> network_order(Bytes bytes) {
  if (bytes.size() != sizeof(T)) return std::nullopt;
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return static_cast<T>(value);
}

Bytes after(Bytes bytes, std::size_t length) {
  const std::size_t aligned = (length + 3) & ~std::size_t{3};
  return bytes.subspan(std::min(aligned, bytes.size()));
}

}  // namespace

std::optional<std::uint8_t> NetlinkAttribute::u8() const { return network_order<std::uint8_t>(value); }
std::optional<std::uint16_t> NetlinkAttribute::be16() const { return network_order<std::uint16_t>(value); }
std::optional<std::uint32_t> NetlinkAttribute::be32() const { return network_order<std::uint32_t>(value); }
std::optional<std::uint64_t> NetlinkAttribute::be64() const { return network_order<std::uint64_t>(value); }

std::string_view NetlinkAttribute::text() const {
  const auto end = std::find(value.begin(), value.end(), std::uint8_t{0});
  return {reinterpret_cast<const char*>(value.data()), static_cast<std::size_t>(end - value.begin())};
}

void NetlinkAttributes::Iterator::read() {
  constexpr std::size_t kHeader = sizeof(nlattr);
  at_end_ = true;
  if (rest_.size() < kHeader) return;
  const auto length = host_order<std::uint16_t>(rest_, offsetof(nlattr, nla_len));
  if (length < kHeader || length > rest_.size()) return;
  now_.type = host_order<std::uint16_t>(rest_, offsetof(nlattr, nla_type)) & NLA_TYPE_MASK;
  now_.value = rest_.subspan(kHeader, length - kHeader);
  rest_ = after(rest_, length);
  at_end_ = false;
}

std::optional<NetlinkAttribute> NetlinkAttributes::find(std::uint16_t type) const {
  for (const NetlinkAttribute attribute : *this) {
    if (attribute.type == type) return attribute;
  }
  return std::nullopt;
}

std::optional<NetlinkMessage> take_message(Bytes& bytes) {
  constexpr std::size_t kHeader = sizeof(nlmsghdr);
  if (bytes.size() < kHeader) return std::nullopt;
  const auto length = host_order<std::uint32_t>(bytes, offsetof(nlmsghdr, nlmsg_len));
  if (length < kHeader || length > bytes.size()) return std::nullopt;
  NetlinkMessage message;
  message.type = host_order<std::uint16_t>(bytes, offsetof(nlmsghdr, nlmsg_type));
  message.flags = host_order<std::uint16_t>(bytes, offsetof(nlmsghdr, nlmsg_flags));
  message.sequence = host_order<std::uint32_t>(bytes, offsetof(nlmsghdr, nlmsg_seq));
  message.port = host_order<std::uint32_t>(bytes, offsetof(nlmsghdr, nlmsg_pid));
  message.body = bytes.subspan(kHeader, length - kHeader);
  bytes = after(bytes, length);
  return message;
}

}  // namespace mailweir
