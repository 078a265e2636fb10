#include "dns/message.h"

#include <fmt/format.h>

#include "base/escape.h"
#include "dns/name.h"
#include "packet/bytes.h"
#include "sys/dns_sockets.h"

namespace mailweir {
namespace {

constexpr std::size_t kHeaderBytes = 12, kRecordHeadBytes = 10, kQuestionTailBytes = 4;
constexpr std::uint16_t kInternet = 1;

// Letters, digits and what else names of zones are made of stay; all other characters become \DDD, so that a name is
// harmless wherever it is shown: on a terminal, in HTML, between spaces. Nothing when it is longer than a name may be:
// pointers within a message can put longer ones together.
std::optional<std::string> harmless(std::string_view text) {
  constexpr int kCharactersMax = 253;  // RFC 1035 section 3.1: 255 bytes, two of them the first length and the root
  std::string name;
  int characters = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool escaped = text[at] == '\\' && at + 1 < text.size();
    const char c = escaped ? text[++at] : text[at];
    const bool digit = c >= '0' && c <= '9', letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    characters += escaped && digit ? -1 : 1;  // of "\065" two digits follow
    if (escaped && (digit || c == '.' || c == '\\'))
      name += {'\\', c};  // "\065": the digits follow as they are
    else if (digit || letter || std::string_view("-_./*").find(c) != std::string_view::npos)
      name += c;
    else
      name += fmt::format("\\{:03}", static_cast<unsigned char>(c));
  }
  if (characters > kCharactersMax) return std::nullopt;
  return name;
}

class MessageReader {
 public:
  explicit MessageReader(Bytes bytes) : bytes_(bytes) {}

  std::optional<Message> read() {
    if (bytes_.size() < kHeaderBytes) return std::nullopt;
    const std::uint16_t flags = read_u16(bytes_, 2);
    if ((flags & 0x8000) == 0) return std::nullopt;  // a question
    Message message;
    message.code = static_cast<ResponseCode>(flags & 15);
    message.authoritative = (flags & 0x0400) != 0;
    message.truncated = (flags & 0x0200) != 0;
    message.recursion_available = (flags & 0x0080) != 0;
    at_ = kHeaderBytes;
    for (int i = read_u16(bytes_, 4); i > 0; --i)
      if (!name() || !skip(kQuestionTailBytes)) return std::nullopt;
    if (!section(read_u16(bytes_, 6), message.answers) || !section(read_u16(bytes_, 8), message.authority) ||
        !section(read_u16(bytes_, 10), message.additional))
      return std::nullopt;
    return message;
  }

 private:
  bool skip(std::size_t count) {
    if (bytes_.size() - at_ < count) return false;
    at_ += count;
    return true;
  }

  std::optional<std::string> name() { return name_within(bytes_.size()); }

  // A name that must not go past `end`.
  std::optional<std::string> name_within(std::size_t end) {
    auto read = read_dns_name(bytes_, at_);
    if (!read || read->end > end) return std::nullopt;
    at_ = read->end;
    const auto text = harmless(read->text);
    if (!text) return std::nullopt;
    return canonical_name(*text);
  }

  bool section(int count, std::vector<Record>& records) {
    for (; count > 0; --count) {
      auto owner = name();
      if (!owner || bytes_.size() - at_ < kRecordHeadBytes) return false;
      const std::uint16_t type = read_u16(bytes_, at_), of_class = read_u16(bytes_, at_ + 2);
      Record record{.owner = std::move(*owner), .type = static_cast<RecordType>(type), .ttl_s = ttl(at_ + 4)};
      const std::size_t length = read_u16(bytes_, at_ + 8);
      at_ += kRecordHeadBytes;
      if (bytes_.size() - at_ < length) return false;
      const std::size_t end = at_ + length;
      if (of_class == kInternet && is_known(record.type)) {
        if (!data(end, record)) return false;
        if (records.size() < Message::kRecordsMax) records.push_back(std::move(record));
      }
      at_ = end;
    }
    return true;
  }

  // RFC 2181 section 8: the highest bit set means zero.
  std::uint32_t ttl(std::size_t at) const {
    const std::uint32_t seconds = read_u32(bytes_, at);
    return (seconds & 0x8000'0000U) != 0 ? 0 : seconds;
  }

  static bool is_known(RecordType type) { return !name_of(type).empty(); }

  bool data(std::size_t end, Record& record) {
    const std::size_t length = end - at_;
    switch (record.type) {
      case RecordType::A:
        if (length != 4) return false;
        record.address = IpAddress::v4(std::span<const std::uint8_t, 4>(bytes_.data() + at_, 4));
        return true;
      case RecordType::Aaaa:
        if (length != 16) return false;
        record.address = IpAddress::v6(std::span<const std::uint8_t, 16>(bytes_.data() + at_, 16));
        return true;
      case RecordType::Ns:
      case RecordType::Cname:
      case RecordType::Ptr:
        return target(end, record);
      case RecordType::Soa:
        return soa(end, record);
      case RecordType::Txt:
        for (std::size_t i = at_; i < end;) {
          const std::size_t part = std::min<std::size_t>(bytes_[i], end - i - 1);
          record.target += escape({reinterpret_cast<const char*>(bytes_.data()) + i + 1, part});
          i += 1 + part;
        }
        return true;
    }
    return false;
  }

  bool target(std::size_t end, Record& record) {
    auto read = name_within(end);
    if (!read) return false;
    record.target = std::move(*read);
    return true;
  }

  bool soa(std::size_t end, Record& record) {
    constexpr std::size_t kNumbersBytes = 20;
    if (!target(end, record) || !name_within(end) || end - at_ < kNumbersBytes) return false;
    record.serial = read_u32(bytes_, at_);
    record.minimum_s = ttl(at_ + 16);
    return true;
  }

  Bytes bytes_;
  std::size_t at_ = 0;
};

}  // namespace

std::string_view name_of(RecordType type) {
  switch (type) {
    case RecordType::A:
      return "A";
    case RecordType::Ns:
      return "NS";
    case RecordType::Cname:
      return "CNAME";
    case RecordType::Soa:
      return "SOA";
    case RecordType::Ptr:
      return "PTR";
    case RecordType::Txt:
      return "TXT";
    case RecordType::Aaaa:
      return "AAAA";
  }
  return "";
}

std::optional<Message> read_message(std::span<const std::uint8_t> bytes) { return MessageReader(bytes).read(); }

}  // namespace mailweir
