// A DNS message as it came over the wire, read without trusting a byte of it.
//
// In:  bytes of anybody.   Out: header, question and the records this room knows; or nothing when it is no message.
// Invariants
//   (1) Every name is canonical (dns/name.h); no text holds a byte that was not escaped.
//   (2) Records of other types and classes are passed over, and of each section at most kRecordsMax are kept.
// Threads: any.  Sources: RFC 1035 section 4, RFC 3596 (AAAA).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ip.h"

namespace mailweir {

// Numbers of the IANA registry "Resource Record (RR) TYPEs".
enum class RecordType : std::uint16_t { A = 1, Ns = 2, Cname = 5, Soa = 6, Ptr = 12, Txt = 16, Aaaa = 28 };
[[nodiscard]] std::string_view name_of(RecordType type);

struct Record {
  std::string owner;
  RecordType type = RecordType::A;
  std::uint32_t ttl_s = 0;
  std::string target{};         // Ns, Cname, Ptr: the name; Soa: the primary server; Txt: the text, escaped
  IpAddress address{};          // A, Aaaa
  std::uint32_t serial = 0;     // Soa
  std::uint32_t minimum_s = 0;  // Soa: how long "there is none" holds (RFC 2308)
};

// IANA "DNS RCODEs".
enum class ResponseCode : std::uint8_t {
  NoError = 0,
  FormErr = 1,
  ServFail = 2,
  NxDomain = 3,
  NotImp = 4,
  Refused = 5
};

struct Message {
  static constexpr std::size_t kRecordsMax = 2000;  // a message of 64 KiB has room for 4,000 of the shortest

  ResponseCode code = ResponseCode::NoError;  // other numbers stay as they are
  bool authoritative = false, truncated = false, recursion_available = false;
  std::vector<Record> answers{}, authority{}, additional{};
};

[[nodiscard]] std::optional<Message> read_message(std::span<const std::uint8_t> bytes);

}  // namespace mailweir
