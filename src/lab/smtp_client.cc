#include "lab/smtp_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mailweir::lab {

SmtpClient::SmtpClient(Letter letter) : letter_(std::move(letter)) {
  if (letter_.port == 465) tls_.emplace(TlsLike::Side::Client);
}

std::string SmtpClient::say(std::string_view text) const {
  const std::string line = fmt::format("{}\r\n", text);
  return tls_ && tls_->ready() ? tls_->send(line) : line;
}

std::string SmtpClient::start() { return tls_ ? tls_->start() : std::string(); }

std::string SmtpClient::receive(std::string_view bytes) {
  std::string out;
  if (tls_) {
    const bool was_ready = tls_->ready();
    std::string plain;
    if (!tls_->receive(bytes, plain, out)) return give_up(End::Nonsense);
    if (!was_ready && tls_->ready() && step_ == Step::Handshake) {
      step_ = Step::EhloAgain;
      out += say(fmt::format("EHLO {}", letter_.name));
    }
    lines_.add(plain);
  } else {
    lines_.add(bytes);
  }
  while (!finished_) {
    const auto line = lines_.next();
    if (!line) break;
    if (line->size() < 3 || (*line)[0] < '2' || (*line)[0] > '5') return out + give_up(End::Nonsense);
    if (line->size() > 3 && (*line)[3] == '-') continue;  // more lines of this answer follow
    out += answer((*line)[0] - '0');
  }
  if (lines_.overflowed()) return give_up(End::Nonsense);
  return out;
}

std::string SmtpClient::give_up(End end) {
  end_ = end;
  if (end == End::Nonsense) {
    finished_ = true;
    return {};
  }
  step_ = Step::Quit;
  return say("QUIT");
}

std::string SmtpClient::after_hello() {
  if (letter_.port == 25) {
    step_ = Step::Mail;
    return say(fmt::format("MAIL FROM:<news@{}> SIZE={}", letter_.name, letter_.bytes));
  }
  step_ = Step::Auth;
  return say(fmt::format("AUTH PLAIN {:=^48}", letter_.name));
}

std::string SmtpClient::answer(int code) {
  if (step_ == Step::Quit) {
    finished_ = true;
    return {};
  }
  if (code == 4) return give_up(End::TryLater);
  if (code == 5) return give_up(End::Rejected);
  switch (step_) {
    case Step::Banner:
      step_ = Step::Ehlo;
      return say(fmt::format("EHLO {}", letter_.name));
    case Step::Ehlo:
      if (letter_.port != 587) return after_hello();
      step_ = Step::StartTls;
      return say("STARTTLS");
    case Step::StartTls:
      step_ = Step::Handshake;
      tls_.emplace(TlsLike::Side::Client);
      return tls_->start();
    case Step::EhloAgain:
      return after_hello();
    case Step::Auth:
      step_ = Step::Mail;
      return say(fmt::format("MAIL FROM:<user@{}> SIZE={}", letter_.name, letter_.bytes));
    case Step::Mail:
    case Step::Rcpt:
      if (recipients_named_ < letter_.recipients) {
        step_ = Step::Rcpt;
        return say(fmt::format("RCPT TO:<reader{}@lab.test>", ++recipients_named_));
      }
      step_ = Step::Data;
      return say("DATA");
    case Step::Data:
      step_ = Step::Body;
      return message();
    case Step::Body:
      end_ = End::Delivered;
      step_ = Step::Quit;
      return say("QUIT");
    case Step::Handshake:
    case Step::Quit:
      break;
  }
  return give_up(End::Nonsense);
}

std::string SmtpClient::message() const {
  std::string text =
      fmt::format("From: <user@{0}>\r\nTo: <reader1@lab.test>\r\nSubject: a letter from {0}\r\n\r\n", letter_.name);
  while (text.size() + 2 < letter_.bytes) {
    const std::size_t width = std::min<std::size_t>(72, letter_.bytes - text.size() - 2);
    text.append(width, 'm');
    text += "\r\n";
  }
  return say(text + ".");
}

}  // namespace mailweir::lab
