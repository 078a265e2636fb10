// Bytes with the shape of TLS, without its secrecy: records (RFC 8446 section 5.1) around plain text, after an exchange
// of hello and certificate of ordinary size. What a gateway counts (bytes and turns) is right; nothing is encrypted.
#pragma once

#include <string>
#include <string_view>

namespace mailweir::lab {

class TlsLike {
 public:
  enum class Side { Client, Server };
  explicit TlsLike(Side side) : side_(side) {}

  // What this side sends first: the client its hello, the server nothing.
  [[nodiscard]] std::string start() const;
  // Takes bytes from the wire. Plain text is appended to `plain`, handshake bytes owed to the peer to `answer`.
  // False: this is not what it should be; the connection is of no use any more.
  bool receive(std::string_view bytes, std::string& plain, std::string& answer);
  // From then on send() may be used.
  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] std::string send(std::string_view plain) const;

 private:
  Side side_;
  bool ready_ = false;
  std::string pending_;  // an incomplete record
};

}  // namespace mailweir::lab
