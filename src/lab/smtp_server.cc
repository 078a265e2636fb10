#include "lab/smtp_server.h"

#include <strings.h>

#include <utility>

namespace mailweir::lab {
namespace {

constexpr std::string_view kName = "mx.lab.test";

bool starts(std::string_view line, std::string_view verb) {
  return line.size() >= verb.size() && strncasecmp(line.data(), verb.data(), verb.size()) == 0;
}

}  // namespace

SmtpServer::SmtpServer(Manner manner) : manner_(std::move(manner)) {
  if (manner_.port == 465) tls_.emplace(TlsLike::Side::Server);
}

std::string SmtpServer::say(std::string_view text) const {
  std::string line(text);
  line += "\r\n";
  return tls_ && tls_->ready() ? tls_->send(line) : line;
}

std::string SmtpServer::start() {
  if (tls_) return {};
  return say(std::string("220 ") + std::string(kName) + " ESMTP");
}

std::string SmtpServer::receive(std::string_view bytes) {
  std::string out;
  if (tls_) {
    const bool was_ready = tls_->ready();
    std::string plain;
    if (!tls_->receive(bytes, plain, out)) {
      finished_ = true;
      return out;
    }
    if (!was_ready && tls_->ready() && manner_.port == 465)
      out += say(std::string("220 ") + std::string(kName) + " ESMTP");
    lines_.add(plain);
  } else {
    lines_.add(bytes);
  }
  while (!finished_ && !upgrade_) {
    const auto line = lines_.next();
    if (!line) break;
    out += answer(*line);
  }
  if (std::exchange(upgrade_, false)) {
    tls_.emplace(TlsLike::Side::Server);
    lines_ = LineReader();  // RFC 3207 section 4.2: what came before is forgotten
  }
  if (lines_.overflowed()) finished_ = true;
  return out;
}

std::string SmtpServer::answer(std::string_view line) {
  if (data_) {
    if (line != ".") return {};
    data_ = sender_ = recipient_ = false;
    ++accepted_;
    return say("250 2.0.0 Ok: queued");
  }
  const bool submission = manner_.port != 25;
  if (starts(line, "EHLO ") || starts(line, "HELO ")) {
    client_name_ = line.substr(5, 64);
    if (!submission) return say("250-mx.lab.test\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES");
    return say(tls_ ? "250-mx.lab.test\r\n250-SIZE 52428800\r\n250 AUTH PLAIN LOGIN"
                    : "250-mx.lab.test\r\n250-SIZE 52428800\r\n250 STARTTLS");
  }
  if (starts(line, "QUIT")) {
    finished_ = true;
    return say("221 2.0.0 Bye");
  }
  if (starts(line, "STARTTLS") && manner_.port == 587 && !tls_) {
    upgrade_ = true;
    return say("220 2.0.0 Ready to start TLS");
  }
  if (starts(line, "AUTH PLAIN ") && submission && tls_) {
    if (manner_.behaviour == Behaviour::RefuseRecipients) return say("535 5.7.8 Authentication credentials invalid");
    authenticated_ = true;
    return say("235 2.7.0 Authentication successful");
  }
  if (starts(line, "MAIL FROM:")) {
    if (client_name_.empty()) return say("503 5.5.1 Say EHLO first");
    if (submission && !authenticated_) return say("530 5.7.0 Authentication required");
    sender_ = true;
    return say("250 2.1.0 Ok");
  }
  if (starts(line, "RCPT TO:")) {
    if (!sender_) return say("503 5.5.1 Need MAIL first");
    if (manner_.behaviour == Behaviour::RefuseRecipients) return say("550 5.1.1 No such user here");
    if (manner_.behaviour == Behaviour::Greylist && manner_.admits && !manner_.admits(client_name_)) {
      return say("450 4.2.0 Greylisted, come back later");
    }
    recipient_ = true;
    return say("250 2.1.5 Ok");
  }
  if (starts(line, "DATA")) {
    if (!recipient_) return say("503 5.5.1 Need RCPT first");
    data_ = true;
    return say("354 End data with <CR><LF>.<CR><LF>");
  }
  return say("502 5.5.2 Command not understood");
}

}  // namespace mailweir::lab
