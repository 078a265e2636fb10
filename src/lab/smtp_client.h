// One client's side of an SMTP dialogue that carries one message (RFC 5321). Bytes in, bytes out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lab/line_reader.h"
#include "lab/tls_like.h"

namespace mailweir::lab {

class SmtpClient {
 public:
  struct Letter {
    std::string name;             // how it introduces itself
    std::uint16_t port = 25;      // 465 and 587 mean TLS and AUTH
    std::uint32_t bytes = 2'000;  // of the message
    std::uint32_t recipients = 1;
  };
  enum class End : std::uint8_t {
    Open,       // not at the end yet
    Delivered,  // 250 after the message
    TryLater,   // 4xx
    Rejected,   // 5xx
    Nonsense,   // not SMTP
  };
  explicit SmtpClient(Letter letter);

  [[nodiscard]] std::string start();
  [[nodiscard]] std::string receive(std::string_view bytes);
  [[nodiscard]] bool finished() const { return finished_; }  // close now
  [[nodiscard]] End end() const { return end_; }

 private:
  enum class Step : std::uint8_t { Banner, Ehlo, StartTls, Handshake, EhloAgain, Auth, Mail, Rcpt, Data, Body, Quit };
  std::string answer(int code);
  std::string say(std::string_view text) const;
  std::string give_up(End end);
  std::string after_hello();
  [[nodiscard]] std::string message() const;

  Letter letter_;
  std::optional<TlsLike> tls_;
  LineReader lines_;
  Step step_ = Step::Banner;
  End end_ = End::Open;
  std::uint32_t recipients_named_ = 0;
  bool finished_ = false;
};

}  // namespace mailweir::lab
