#include "ruleset/reject_names.h"

#include <fmt/format.h>

#include <span>

#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

struct Name {
  std::uint8_t code;
  std::string_view word, other;
};
// Of iptables: the whole word, which iptables-save writes, and a short one.
constexpr Name kIptables[] = {
    {0, "icmp-net-unreachable", "net-unreach"},     {1, "icmp-host-unreachable", "host-unreach"},
    {2, "icmp-proto-unreachable", "proto-unreach"}, {3, "icmp-port-unreachable", "port-unreach"},
    {9, "icmp-net-prohibited", "net-prohib"},       {10, "icmp-host-prohibited", "host-prohib"},
    {13, "icmp-admin-prohibited", "admin-prohib"}};
constexpr Name kIptables6[] = {{0, "icmp6-no-route", "no-route"},
                               {1, "icmp6-adm-prohibited", "adm-prohibited"},
                               {3, "icmp6-addr-unreachable", "addr-unreach"},
                               {4, "icmp6-port-unreachable", "port-unreach"},
                               {5, "icmp6-policy-fail", "policy-fail"},
                               {6, "icmp6-reject-route", "reject-route"}};
// Of nft; the second is the same in other versions.
constexpr Name kIcmp[] = {{0, "net-unreachable", ""},  {1, "host-unreachable", ""}, {2, "prot-unreachable", ""},
                          {3, "port-unreachable", ""}, {4, "frag-needed", ""},      {9, "net-prohibited", ""},
                          {10, "host-prohibited", ""}, {13, "admin-prohibited", ""}};
constexpr Name kIcmp6[] = {{0, "no-route", ""},         {1, "admin-prohibited", ""}, {3, "addr-unreachable", ""},
                           {4, "port-unreachable", ""}, {5, "policy-fail", ""},      {6, "reject-route", ""}};
// NFT_REJECT_ICMPX_*
constexpr Name kIcmpx[] = {
    {0, "no-route", ""}, {1, "port-unreachable", ""}, {2, "host-unreachable", ""}, {3, "admin-prohibited", ""}};

std::span<const Name> names_of(Reject::Kind kind) {
  switch (kind) {
    case Reject::Kind::Icmp:
      return kIcmp;
    case Reject::Kind::Icmp6:
      return kIcmp6;
    case Reject::Kind::Icmpx:
      return kIcmpx;
    case Reject::Kind::TcpReset:
      break;
  }
  return {};
}

std::optional<std::uint8_t> find_code(std::span<const Name> names, std::string_view word) {
  for (const Name& name : names)
    if (name.word == word || (!name.other.empty() && name.other == word)) return name.code;
  return std::nullopt;
}

std::string_view find_word(std::span<const Name> names, std::uint8_t code) {
  for (const Name& name : names)
    if (name.code == code) return name.word;
  return {};
}

}  // namespace

std::optional<Reject> reject_of_iptables(std::string_view word, bool v6) {
  if (word == "tcp-reset" || word == "tcp-rst") return Reject{Reject::Kind::TcpReset, 0};
  const auto code = find_code(v6 ? std::span<const Name>(kIptables6) : std::span<const Name>(kIptables), word);
  if (!code) return std::nullopt;
  return Reject{v6 ? Reject::Kind::Icmp6 : Reject::Kind::Icmp, *code};
}

std::optional<std::string> iptables_word(const Reject& reject, bool v6) {
  if (reject.kind == Reject::Kind::TcpReset) return "tcp-reset";
  if (reject.kind != (v6 ? Reject::Kind::Icmp6 : Reject::Kind::Icmp)) return std::nullopt;
  const auto word = find_word(v6 ? std::span<const Name>(kIptables6) : std::span<const Name>(kIptables), reject.code);
  if (word.empty()) return std::nullopt;
  return std::string(word);
}

std::optional<Reject> reject_of_nft(std::string_view type, std::string_view code) {
  if (type == "tcp reset") return Reject{Reject::Kind::TcpReset, 0};
  Reject reject;
  if (type == "icmp")
    reject.kind = Reject::Kind::Icmp;
  else if (type == "icmpv6")
    reject.kind = Reject::Kind::Icmp6;
  else if (type == "icmpx")
    reject.kind = Reject::Kind::Icmpx;
  else
    return std::nullopt;
  auto number = find_code(names_of(reject.kind), code);
  if (!number) {
    const auto read = whole_number(code, 255);
    if (!read) return std::nullopt;
    number = static_cast<std::uint8_t>(*read);
  }
  reject.code = *number;
  return reject;
}

std::string nft_text(const Reject& reject) {
  if (reject.kind == Reject::Kind::TcpReset) return "reject with tcp reset";
  constexpr std::string_view kTypes[] = {"", "icmp", "icmpv6", "icmpx"};
  const std::string_view word = find_word(names_of(reject.kind), reject.code);
  return fmt::format("reject with {} {}", kTypes[static_cast<std::size_t>(reject.kind)],
                     word.empty() ? std::to_string(reject.code) : std::string(word));
}

}  // namespace mailweir::rules
