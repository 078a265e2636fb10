// One mail server's side of an SMTP dialogue (RFC 5321), in the manner its address prescribes. Bytes in, bytes out; it
// owns no socket and reads no clock.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "lab/line_reader.h"
#include "lab/places.h"
#include "lab/tls_like.h"

namespace mailweir::lab {

class SmtpServer {
 public:
  struct Manner {
    Behaviour behaviour = Behaviour::Accept;
    std::uint16_t port = 25;  // 465 speaks TLS from the start, 587 after STARTTLS; both want AUTH
    // Asked by a greylisting server at RCPT: has this sender waited long enough? Called with its HELO name.
    std::function<bool(std::string_view sender)> admits;
  };
  explicit SmtpServer(Manner manner);

  // What the server says first: its banner, or nothing where the client has to begin with TLS.
  [[nodiscard]] std::string start();
  // Takes what the client sent; returns what is to be sent back.
  [[nodiscard]] std::string receive(std::string_view bytes);
  // True after QUIT or nonsense: send what receive() returned, then close.
  [[nodiscard]] bool finished() const { return finished_; }
  // Messages taken responsibility for, and by what name the client introduced itself.
  [[nodiscard]] std::uint32_t accepted() const { return accepted_; }
  [[nodiscard]] const std::string& client_name() const { return client_name_; }

 private:
  std::string answer(std::string_view line);
  std::string say(std::string_view text) const;

  Manner manner_;
  std::optional<TlsLike> tls_;
  LineReader lines_;
  std::string client_name_;
  std::uint32_t accepted_ = 0;
  bool authenticated_ = false;
  bool sender_ = false, recipient_ = false, data_ = false;
  bool upgrade_ = false;  // STARTTLS was granted: what follows is TLS
  bool finished_ = false;
};

}  // namespace mailweir::lab
