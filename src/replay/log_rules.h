// The log rules of a firewall, told apart by their prefix, and what each can show.
//
// A rule whose packets are all SYNs logs first packets only; one that logs others as well shows the client's side of
// whole connections. Firewalls take up connections in the middle (nf_conntrack_tcp_loose), so a few other packets do
// not count: a quarter as many as SYNs do. The question is asked anew after every stretch of log, with all there was so
// far.
//
// A prefix that says so ("UFW BLOCK", ":DROP:", "-D-2147483647]") tells that the packet was stopped.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ingest/log_block.h"
#include "record/packet_sighting.h"

namespace mailweir {

[[nodiscard]] bool prefix_says_stopped(std::string_view prefix);

class LogRules {
 public:
  // A number above 0 for a prefix; the same prefix has the same number in every file.
  std::uint16_t number_of(std::string_view prefix);
  void learn(std::uint16_t rule, std::uint8_t flags, std::uint64_t packets = 1);
  struct Shown {
    View view;
    bool stops;
  };
  [[nodiscard]] Shown shown(std::uint16_t rule) const;
  [[nodiscard]] std::vector<Shown> shown() const;  // of every rule, by its number

 private:
  struct Rule {
    bool stops = false;
    std::uint64_t syns = 0, others = 0;
  };
  Names prefixes_{60'000};
  std::vector<Rule> rules_{Rule{}};
};

}  // namespace mailweir
