// A trial as text, so that what once disagreed is tried again for ever (cases/).
//
//   # why it is kept
//   layer nft            iptables-nft, iptables-legacy, nft
//   family 4             of iptables' layers
//   loose 1              nf_conntrack_tcp_loose
//   rules
//   …                    as the layer's program reads them
//   packets
//   left tcp 172.16.0.7:2000 > 203.0.113.9:25 syn seq 1 … | id 0 scale 7 sack bad-checksum
//
// A packet: where it comes from (left, right, here), the notation of mailweir(1), and behind the bar what that has no
// words for.
#pragma once

#include <string>
#include <string_view>

#include "tests/differential/trial.h"

namespace mailweir::rules::differential {

[[nodiscard]] std::string write_case(const Trial& trial, std::string_view why);
[[nodiscard]] Result<Trial> read_case(std::string_view text);

}  // namespace mailweir::rules::differential
