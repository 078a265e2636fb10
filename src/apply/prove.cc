#include "apply/prove.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace mailweir {
namespace {

// A dropped probe is not answered; its packet has met the rule long before.
constexpr Duration kPatience = std::chrono::milliseconds(300);
// Of a wide range its first and last port stand for all.
constexpr int kPortsEach = 16;

std::uint64_t number_after(std::string_view text, std::string_view word) {
  const auto at = text.find(word);
  if (at == std::string_view::npos) return 0;
  std::uint64_t number = 0;
  std::from_chars(text.data() + at + word.size(), text.data() + text.size(), number);
  return number;
}

std::vector<std::uint16_t> ports_of(const RuleInfo& rule) {
  std::vector<std::uint16_t> ports;
  for (const PortRange& range : rule.ports) {
    if (range.transport != Transport::Tcp) continue;
    if (range.last - range.first < kPortsEach) {
      for (int port = range.first; port <= range.last; ++port) ports.push_back(static_cast<std::uint16_t>(port));
    } else {
      ports.push_back(range.first);
      ports.push_back(range.last);
    }
  }
  return ports;
}

// Why a rule cannot be tried from here; empty: it can.
std::string hindrance(const RuleInfo& rule) {
  if (rule.hook == RuleHook::Forward) return "only a client's traffic takes this way, and none was attached";
  if (rule.hook == RuleHook::Input) return "only traffic from outside takes this way";
  if (rule.effect == RuleEffect::Limit) return "a limit stops only many connections in a short time";
  return {};
}

std::string seen(const RuleInfo& rule, const Proof& proof) {
  const std::uint64_t packets = proof.packets_after - proof.packets_before;
  std::string place = rule.id;
  if (rule.line > 0) place += fmt::format(" ({}:{})", rule.file.substr(rule.file.find_last_of('/') + 1), rule.line);
  return fmt::format("{} packet{}, {} bytes {} by rule {}", packets, packets == 1 ? "" : "s", proof.bytes,
                     rule.effect == RuleEffect::Stop ? "stopped" : "seen", place);
}

std::string unmet(ProbeEnd end) {
  switch (end) {
    case ProbeEnd::Established:
      return "the connection was established and the rule never saw it: something before it lets this traffic pass";
    case ProbeEnd::Refused:
      return "the connection was refused, but not by this rule: another rule or somebody on the way did it";
    case ProbeEnd::NoAnswer:
      return "nothing answered and the rule never saw it: another rule takes this traffic first";
    case ProbeEnd::NoRoute:
      return "this machine knows no way out for it";
  }
  return "";
}

Result<Proof> prove_one(Kernel& kernel, const RuleInfo& rule, bool v4, std::uint16_t port,
                        const TryConnection& try_connection) {
  Proof proof{&rule, v4, port, ProofResult::Unproven, 0, 0, 0, hindrance(rule)};
  if (!proof.text.empty()) return proof;
  const auto before = kernel.listing();
  if (!before) return fail(before.error());
  const auto end = try_connection(v4, port);
  if (!end) return fail(end.error());
  const auto after = kernel.listing();
  if (!after) return fail(after.error());
  const RuleCount first = count_of_rule(*before, rule.id), then = count_of_rule(*after, rule.id);
  proof.packets_before = first.packets;
  proof.packets_after = then.packets;
  proof.bytes = then.bytes - std::min(first.bytes, then.bytes);
  if (then.packets > first.packets) {
    proof.result = ProofResult::Proven;
    proof.text = seen(rule, proof);
  } else if (then.rules == 0) {
    proof.result = ProofResult::Inert;
    proof.text = "the rule is not in the kernel: `mailweir apply` puts it there";
  } else {
    proof.result = *end == ProbeEnd::NoRoute ? ProofResult::Unproven : ProofResult::Inert;
    proof.text = unmet(*end);
  }
  return proof;
}

}  // namespace

std::string_view name_of(ProofResult result) {
  constexpr std::array<std::string_view, 3> kNames{"proven", "unproven", "inert"};
  return kNames[static_cast<std::size_t>(result)];
}

std::string_view name_of(RuleHook hook) {
  constexpr std::array<std::string_view, 3> kNames{"output", "forward", "input"};
  return kNames[static_cast<std::size_t>(hook)];
}

RuleCount count_of_rule(std::string_view listing, std::string_view id) {
  RuleCount count;
  const std::string plain = fmt::format("comment \"{}\"", id), with_line = fmt::format("comment \"{} ", id);
  while (!listing.empty()) {
    const auto end = std::min(listing.find('\n'), listing.size());
    const std::string_view line = listing.substr(0, end);
    listing.remove_prefix(std::min(end + 1, listing.size()));
    if (line.find(plain) == std::string_view::npos && line.find(with_line) == std::string_view::npos) continue;
    ++count.rules;
    count.packets += number_after(line, "counter packets ");
    count.bytes += number_after(line, " bytes ");
  }
  return count;
}

Result<ProbeEnd> try_from_here(bool v4, std::uint16_t port) {
  // Of TEST-NET-3 (RFC 5737) and the documentation prefix (RFC 3849): no server has them; their last addresses, so that
  // a laboratory that uses these networks has them neither.
  const IpAddress nobody = v4 ? *IpAddress::parse("203.0.113.254") : *IpAddress::parse("2001:db8:ffff:ffff::fffe");
  auto end = probe_connection(nobody, port, kPatience);
  if (!end || *end != ProbeEnd::NoRoute) return end;
  const auto neighbour = neighbour_address(v4);
  return neighbour ? probe_connection(*neighbour, port, kPatience) : end;
}

Result<std::vector<Proof>> prove(Kernel& kernel, const CompiledTable& table, const TryConnection& try_connection) {
  std::vector<Proof> proofs;
  for (const RuleInfo& rule : table.rules) {
    if (rule.effect == RuleEffect::Pass) continue;
    for (const std::uint16_t port : ports_of(rule)) {
      for (const bool v4 : {true, false}) {
        if (!(v4 ? rule.v4 : rule.v6)) continue;
        auto proof = prove_one(kernel, rule, v4, port, try_connection);
        if (!proof) return fail(std::move(proof).error());
        proofs.push_back(std::move(*proof));
      }
    }
  }
  return proofs;
}

}  // namespace mailweir
