#include "lint/redirections.h"

#include <algorithm>

#include "base/address_scope.h"
#include "lint/packet_kinds.h"
#include "ruleset/number_names.h"

namespace mailweir::rules {

std::vector<Redirection> redirections(LintSubject& subject, bool v4) {
  std::vector<Redirection> found;
  for (const RulePlace& place : subject.rules()) {
    const Nat* nat = nat_of(*place.rule);
    if (nat == nullptr || !sees(*place.table, v4)) continue;
    if (nat->kind != Nat::Kind::Destination && nat->kind != Nat::Kind::Redirect) continue;
    const auto hooks = subject.hooks_of(*place.chain);
    if (std::ranges::find(hooks, Hook::Prerouting) == hooks.end()) continue;
    const RuleSpace& space = subject.spaces().space_of(*place.rule);
    if (!space.exact || !space.box.facts().empty() || subject.dead().find(*place.rule) != nullptr) continue;
    Redirection one{place, nat, space.box, std::nullopt, false};
    if (nat->first_port && nat->first_port == nat->last_port.value_or(*nat->first_port)) one.port = nat->first_port;
    one.elsewhere = nat->kind == Nat::Kind::Destination && nat->first_address &&
                    scope_of(*nat->first_address) != AddressScope::Loopback;
    found.push_back(std::move(one));
  }
  return found;
}

std::optional<Redirected> play_redirected(LintSubject& subject, const PacketBox& box, bool v4, const Rule& by) {
  auto packet = sample_packet(box.intersected(in_state(ConnectionState::New)), Way::In, v4);
  if (!packet) return std::nullopt;
  packet->asserted_state.reset();  // only conntrack's own connections are translated
  const Played played = subject.stage().play(*packet, Way::In, true);
  if (!played.certain() || !played.matches(by) || played.end == Played::End::Depends) return std::nullopt;
  return Redirected{subject.stage().witness(*packet, Way::In, played), played.end == Played::End::Passes};
}

}  // namespace mailweir::rules
