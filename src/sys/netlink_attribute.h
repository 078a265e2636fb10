// Netlink messages and attributes as the kernel (or anybody) wrote them: type-length-value over a byte range.
//
// In:  bytes of any length and content.   Out: what is well formed, in order; the walk ends at the first length that is
// not.
// Invariants: never reads past the range; linear time; copies nothing.
// Sources: RFC 3549 section 2.3; linux/netlink.h (alignment 4, NLA_F_NESTED, NLA_F_NET_BYTEORDER).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mailweir {

using Bytes = std::span<const std::uint8_t>;

struct NetlinkAttribute {
  std::uint16_t type = 0;  // without the two flag bits
  Bytes value;

  // Numbers are in network order unless said; nothing when the value has another length.
  [[nodiscard]] std::optional<std::uint8_t> u8() const;
  [[nodiscard]] std::optional<std::uint16_t> be16() const;
  [[nodiscard]] std::optional<std::uint32_t> be32() const;
  [[nodiscard]] std::optional<std::uint64_t> be64() const;
  [[nodiscard]] std::string_view text() const;  // up to the first NUL
};

// for (NetlinkAttribute a : NetlinkAttributes(bytes))
class NetlinkAttributes {
 public:
  explicit NetlinkAttributes(Bytes bytes) : bytes_(bytes) {}

  class Iterator {
   public:
    Iterator() = default;
    explicit Iterator(Bytes rest) : rest_(rest) { read(); }
    NetlinkAttribute operator*() const { return now_; }
    Iterator& operator++() {
      read();
      return *this;
    }
    bool operator==(const Iterator& other) const { return at_end_ == other.at_end_; }

   private:
    void read();
    Bytes rest_;
    NetlinkAttribute now_;
    bool at_end_ = true;
  };
  [[nodiscard]] Iterator begin() const { return Iterator(bytes_); }
  [[nodiscard]] Iterator end() const { return {}; }

  // The first of that type, or nothing.
  [[nodiscard]] std::optional<NetlinkAttribute> find(std::uint16_t type) const;

 private:
  Bytes bytes_;
};

struct NetlinkMessage {
  std::uint16_t type = 0;  // nfnetlink: subsystem << 8 | message
  std::uint16_t flags = 0;
  std::uint32_t sequence = 0;
  std::uint32_t port = 0;  // whose request caused it; 0: the kernel's own doing
  Bytes body;              // after the header

  [[nodiscard]] std::uint8_t subsystem() const { return static_cast<std::uint8_t>(type >> 8); }
  [[nodiscard]] std::uint8_t kind() const { return static_cast<std::uint8_t>(type & 0xff); }
  // Of an nfnetlink message (struct nfgenmsg stands before the attributes).
  [[nodiscard]] std::uint8_t family() const { return body.empty() ? 0 : body[0]; }
  [[nodiscard]] NetlinkAttributes attributes() const {
    return NetlinkAttributes(body.size() >= 4 ? body.subspan(4) : Bytes{});
  }
};

// Takes the next message off the front of `bytes`; nothing at the end or when the rest is not a message.
[[nodiscard]] std::optional<NetlinkMessage> take_message(Bytes& bytes);

}  // namespace mailweir
