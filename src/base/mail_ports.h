// The TCP ports of mail, and what they are for. Names: IANA service registry; roles: design.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mailweir {

enum class MailRole : std::uint8_t {
  Transfer,    // 25: server to server (RFC 5321)
  Submission,  // 465, 587: a person's mail program (RFC 8314, RFC 6409)
  Retrieval,   // 109, 110, 143, 993, 995: POP2, POP3, IMAP
};

inline constexpr std::array<std::uint16_t, 1> kTransferPorts{25};
inline constexpr std::array<std::uint16_t, 2> kSubmissionPorts{465, 587};
inline constexpr std::array<std::uint16_t, 5> kRetrievalPorts{109, 110, 143, 993, 995};

[[nodiscard]] constexpr std::optional<MailRole> mail_role(std::uint16_t port) {
  switch (port) {
    case 25:
      return MailRole::Transfer;
    case 465:
    case 587:
      return MailRole::Submission;
    case 109:
    case 110:
    case 143:
    case 993:
    case 995:
      return MailRole::Retrieval;
    default:
      return std::nullopt;
  }
}

// Ports over which mail leaves: what the detector judges.
[[nodiscard]] constexpr bool is_sending_port(std::uint16_t port) { return port == 25 || port == 465 || port == 587; }

[[nodiscard]] constexpr std::string_view name_of(MailRole role) {
  switch (role) {
    case MailRole::Transfer:
      return "transfer";
    case MailRole::Submission:
      return "submission";
    case MailRole::Retrieval:
      return "retrieval";
  }
  return "";
}

}  // namespace mailweir
