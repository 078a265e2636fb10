// Numbers that people and programs write as words: protocols, ICMP types, TCP flags, address types, services.
//
// Both directions, from one table each. Unknown words answer nothing: callers report them, nobody guesses.
// Sources: IANA's registries, linux/rtnetlink.h (RTN_*), linux/if_packet.h (PACKET_*), the help texts of iptables 1.8.9
// (`iptables -p icmp -h`) and `nft describe`. Service names are those of the machine's /etc/services.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mailweir::rules {

inline constexpr unsigned kFamilyIp4 = 2, kFamilyIp6 = 10;  // NFPROTO_*
inline constexpr std::uint8_t kProtocolIcmp = 1, kProtocolTcp = 6, kProtocolUdp = 17, kProtocolIcmp6 = 58;

// "tcp" or "6"; the other number for what has no word.
[[nodiscard]] std::optional<std::uint8_t> protocol_number(std::string_view text);
[[nodiscard]] std::string protocol_text(std::uint8_t number);
// Has it ports at the place where TCP has them? TCP, UDP, UDP-Lite, SCTP, DCCP.
[[nodiscard]] bool has_ports(std::uint8_t protocol);

// "25" or "smtp".
[[nodiscard]] std::optional<std::uint16_t> port_number(std::string_view text, std::string_view protocol);

// "SYN", "syn"; ALL and NONE are for callers. 0 for no flags.
[[nodiscard]] std::optional<std::uint8_t> flag_number(std::string_view word);
[[nodiscard]] std::string flags_text(std::uint8_t flags, std::string_view separator, bool upper);

struct IcmpRange {
  std::uint8_t type = 0, code_first = 0, code_last = 255;
  friend bool operator==(const IcmpRange&, const IcmpRange&) = default;
};
// "echo-request", "8", "3/4", "port-unreachable" (a code of type 3); iptables' names and nft's.
[[nodiscard]] std::optional<IcmpRange> icmp_range(std::string_view text, bool v6);

[[nodiscard]] std::optional<std::uint8_t> address_type_number(std::string_view word);
[[nodiscard]] std::string address_type_text(std::uint8_t number);
[[nodiscard]] std::optional<std::uint8_t> packet_type_number(std::string_view word);
[[nodiscard]] std::string packet_type_text(std::uint8_t number);
// "warning", "warn", "4".
[[nodiscard]] std::optional<std::uint8_t> log_level_number(std::string_view word);
[[nodiscard]] std::string_view log_level_text(std::uint8_t level);
// "cs1", "af41", "ef".
[[nodiscard]] std::optional<std::uint8_t> dscp_number(std::string_view word);

// A whole decimal or 0x number, at most `max`; octal with a leading 0 as the programs read it.
[[nodiscard]] std::optional<std::uint64_t> whole_number(std::string_view text, std::uint64_t max);

}  // namespace mailweir::rules
