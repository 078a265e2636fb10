// Rules that several checks' examples share: they deny by default and let in what a mail or web machine needs.
#pragma once

namespace mailweir::rules {

inline constexpr char kDenyByDefault[] =
    "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n"
    "-A INPUT -i lo -j ACCEPT\n"
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
    "-A INPUT -p tcp --dport 22 -j ACCEPT\n"
    "COMMIT\n";

// The same of ip6tables.
inline constexpr char kDenyByDefaultV6[] =
    "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT ACCEPT\n"
    "-A INPUT -i lo -j ACCEPT\n"
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
    "-A INPUT -p ipv6-icmp -j ACCEPT\n"
    "-A INPUT -p tcp --dport 22 -j ACCEPT\n"
    "COMMIT\n";

}  // namespace mailweir::rules
