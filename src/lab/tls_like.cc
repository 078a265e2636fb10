#include "lab/tls_like.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace mailweir::lab {
namespace {

constexpr char kHandshake = 22, kApplicationData = 23;  // RFC 8446 appendix B.1
constexpr std::size_t kHeader = 5;
constexpr std::size_t kRecordMax = 16'384;
// Sizes seen with ordinary programs: a client hello padded to 512, a certificate chain of two with 2048-bit keys, and a
// finished message with its tag.
constexpr std::size_t kHello = 512, kCertificates = 3'000, kFinished = 53;

std::string record(char type, std::string_view body) {
  std::string out;
  out.reserve(kHeader + body.size());
  out += type;
  out += "\x03\x03";
  out += static_cast<char>(body.size() >> 8);
  out += static_cast<char>(body.size() & 0xff);
  out += body;
  return out;
}

}  // namespace

std::string TlsLike::start() const {
  return side_ == Side::Client ? record(kHandshake, std::string(kHello, '\x01')) : std::string();
}

bool TlsLike::receive(std::string_view bytes, std::string& plain, std::string& answer) {
  pending_ += bytes;
  std::size_t at = 0;
  while (pending_.size() - at >= kHeader) {
    const auto high = static_cast<std::uint8_t>(pending_[at + 3]), low = static_cast<std::uint8_t>(pending_[at + 4]);
    const std::size_t length = (static_cast<std::size_t>(high) << 8) | low;
    if (length > kRecordMax) return false;
    if (pending_.size() - at < kHeader + length) break;
    const char type = pending_[at];
    if (type == kApplicationData && ready_) {
      plain.append(pending_, at + kHeader, length);
    } else if (type == kHandshake && !ready_) {
      answer += side_ == Side::Server ? record(kHandshake, std::string(kCertificates, '\x02'))
                                      : record(kHandshake, std::string(kFinished, '\x03'));
      ready_ = true;
    } else if (type != kHandshake) {
      return false;
    }
    at += kHeader + length;
  }
  pending_.erase(0, at);
  return true;
}

std::string TlsLike::send(std::string_view plain) const {
  std::string out;
  while (!plain.empty()) {
    const std::size_t size = std::min(plain.size(), kRecordMax);
    out += record(kApplicationData, plain.substr(0, size));
    plain.remove_prefix(size);
  }
  return out;
}

}  // namespace mailweir::lab
