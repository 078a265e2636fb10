// `mailweir trace PACKET`: what becomes of a packet, rule by rule, and why each rule that did not take it did not.
#pragma once

#include <string>
#include <vector>

#include "cli/common.h"

namespace mailweir {

struct TraceOptions {
  std::string packet;   // simulate/packet_notation.h
  std::string ruleset;  // a file in any notation, "-" is standard input; empty: the rules of this network namespace
  bool brief = false;   // only the rules that matched
  // Instead of a packet: those of a capture file, in order, so that each meets the connections before it.
  std::string capture;
  bool each = false;             // no groups of packets of one fate
  std::string in, out;           // interfaces by which they arrive and leave; empty: as routing says
  std::vector<std::string> own;  // addresses of the machine the rules are for; empty: this one
};

// 0: the packet is delivered, sent or forwarded in every case; 1: it is stopped, at least in one; else the error's.
int trace(const TraceOptions& options, const CommonOptions& common);

}  // namespace mailweir
