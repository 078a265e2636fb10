#include "simulate/walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace mailweir::rules {

namespace {

constexpr std::string_view kTooDeep = "more than 64 chains deep (jumps_max)";
constexpr std::string_view kTooManyRules = "more than 4,000,000 rules asked (rules_max)";
static_assert(Walk::kJumpsMax == 64 && Walk::kRulesMax == 4'000'000, "the texts above say so");

}  // namespace

ChainEnd Walk::run(std::uint32_t base) {
  const ChainEnd end = walk(base);
  world_.choices->spend(rules_run_);
  return end;
}

ChainEnd Walk::walk(std::uint32_t base) {
  const Program& program = *world_.program;
  std::array<Frame, kJumpsMax> frames;
  frames[0] = {base, program.chains()[base].rules_begin};
  std::uint32_t depth = 1;
  while (depth != 0) {
    Frame& frame = frames[depth - 1];
    const FlatChain& chain = program.chains()[frame.chain];
    const std::uint32_t rule = next_matched(frame.next_rule, chain);
    if (rules_run_ > kRulesMax) return {.kind = ChainEnd::Kind::TooLong, .limit = kTooManyRules};
    if (rule == chain.rules_end) {
      --depth;
      continue;
    }
    frame.next_rule = rule + 1;
    const RuleEnd end = run_rule(program.rules()[rule], chain);
    switch (end.kind) {
      case RuleEnd::Kind::Next:
        break;
      case RuleEnd::Kind::End:
        return end.end;
      case RuleEnd::Kind::Return:
        --depth;
        break;
      case RuleEnd::Kind::Goto:
        frame = {end.chain, program.chains()[end.chain].rules_begin};
        break;
      case RuleEnd::Kind::Jump:
        if (depth == kJumpsMax) return {.kind = ChainEnd::Kind::TooLong, .limit = kTooDeep};
        frames[depth++] = {end.chain, program.chains()[end.chain].rules_begin};
        break;
    }
  }
  return policy_of(program.chains()[base]);
}

inline Walk::FirstNo Walk::first_no(const FlatRule& rule) {
  const FlatMatch* const matches = world_.program->matches().data();
  const FlatMatch* const end = matches + rule.matches_end;
  const PacketValues& values = packet_->values;
  for (const FlatMatch* match = matches + rule.matches_begin; match != end; ++match) {
    if (values.is_known(match->field)) {
      if (!match->holds_for(values.value(match->field))) return {match, Answer::No};
    } else {
      const Answer answer = ask_without_value(*match->match);
      if (answer != Answer::Yes) return {match, answer};
    }
  }
  return {end, Answer::Yes};
}

std::uint32_t Walk::next_matched(std::uint32_t rule, const FlatChain& chain) {
  const std::vector<FlatRule>& rules = world_.program->rules();
  const FlatMatch* const matches = world_.program->matches().data();
  const bool by_stretches = world_.notebook == nullptr && !packet_->values.has_unknown();
  const std::uint32_t from = rule;
  for (; rule != chain.rules_end; ++rule) {
    if (by_stretches) {
      rule = world_.program->stretches().next(rule, chain.rules_end, packet_->values);
      if (rule == chain.rules_end) break;
    }
    const auto [match, answer] = first_no(rules[rule]);
    if (answer == Answer::Yes) {
      rules_run_ += rule + 1 - from;
      return rule;
    }
    if (world_.notebook != nullptr)
      note(chain, rules[rule], TraceStep::Result::NoMatch,
           &rules[rule].rule->parts[match - matches - rules[rule].matches_begin], answer == Answer::Assumed);
  }
  rules_run_ += rule - from;
  return rule;
}

ChainEnd Walk::policy_of(const FlatChain& base) {
  PacketCount& count = world_.memory->policies[base.chain];
  ++count.packets;
  count.bytes += packet_->values.number<std::uint32_t>(Field::Length);
  const Verdict::Kind policy = base.chain->hook->policy;
  if (world_.notebook != nullptr)
    world_.notebook->add({.hook = hook_,
                          .table = base.table,
                          .chain = base.chain,
                          .result = TraceStep::Result::Policy,
                          .verdict = policy});
  return {.kind = policy == Verdict::Kind::Drop ? ChainEnd::Kind::Drop : ChainEnd::Kind::Accept, .chain = base.chain};
}

Walk::RuleEnd Walk::run_rule(const FlatRule& rule, const FlatChain& chain) {
  counter_ = rule.counter;
  const std::vector<RulePart>& parts = rule.rule->parts;
  for (std::size_t i = rule.parts_begin; i != parts.size(); ++i) {
    const bool asks = is_match(parts[i]) || std::holds_alternative<SetUpdate>(parts[i]);
    if (asks) {
      const Answer answer = ask(parts[i], chain);
      if (answer == Answer::Yes) continue;
      note(chain, rule, TraceStep::Result::NoMatch, &parts[i], answer == Answer::Assumed);
      return {};
    }
    RuleEnd end = run_part(parts[i], chain, rule);
    if (end.kind != RuleEnd::Kind::Next) return end;
  }
  note(chain, rule, TraceStep::Result::Matched);
  return {};
}

Walk::RuleEnd Walk::run_part(const RulePart& part, const FlatChain& chain, const FlatRule& rule) {
  const auto ended = [&](ChainEnd::Kind kind, TraceStep::Result result) {
    note(chain, rule, result, &part);
    RuleEnd end{RuleEnd::Kind::End, kNoChain, {.kind = kind, .rule = rule.rule, .chain = chain.chain}};
    end.end.reject = std::get_if<Reject>(&part);
    end.end.nat = std::get_if<Nat>(&part);
    return end;
  };
  if (std::holds_alternative<Counter>(part)) {
    PacketCount& count = world_.memory->counters[counter_++];
    ++count.packets;
    count.bytes += packet_->values.number<std::uint32_t>(Field::Length);
    return {};
  }
  if (const auto* verdict = std::get_if<Verdict>(&part)) return follow(*verdict, chain, rule);
  if (const auto* map = std::get_if<VerdictMap>(&part)) {
    bool known = true;
    const Verdict* verdict = find(*map, chain, known);
    if (!known && !world_.choices->choose(part_text(part) + " sends the packet on to the next rule"))
      return ended(ChainEnd::Kind::Unknown, TraceStep::Result::Unknown);
    if (verdict != nullptr) return follow(*verdict, chain, rule);
    note(chain, rule, TraceStep::Result::NoMatch, &part);
    return {RuleEnd::Kind::Next, kNoChain, {}};
  }
  if (std::holds_alternative<Reject>(part)) return ended(ChainEnd::Kind::Reject, TraceStep::Result::Reject);
  if (std::holds_alternative<Nat>(part)) return ended(ChainEnd::Kind::Translate, TraceStep::Result::Translate);
  if (const auto* assignment = std::get_if<Assign>(&part)) assign(*assignment);
  if (const auto* copy = std::get_if<CopyMark>(&part)) copy_mark(*copy);
  if (std::holds_alternative<Notrack>(part)) *world_.untracked = true;
  const auto* opaque = std::get_if<OpaqueStatement>(&part);
  if (opaque != nullptr && !opaque->harmless && !world_.choices->choose(part_text(part) + " lets the packet go on"))
    return ended(ChainEnd::Kind::Unknown, TraceStep::Result::Unknown);
  return {};
}

Walk::RuleEnd Walk::follow(const Verdict& verdict, const FlatChain& chain, const FlatRule& rule) {
  const auto end = [&](ChainEnd::Kind kind, TraceStep::Result result) {
    note(chain, rule, result);
    return RuleEnd{RuleEnd::Kind::End, kNoChain, {.kind = kind, .rule = rule.rule, .chain = chain.chain}};
  };
  switch (verdict.kind) {
    case Verdict::Kind::Accept:
      return end(ChainEnd::Kind::Accept, TraceStep::Result::Accept);
    case Verdict::Kind::Drop:
      return end(ChainEnd::Kind::Drop, TraceStep::Result::Drop);
    case Verdict::Kind::Queue:
      // Nobody listening: dropped, or with bypass on to the next rule (nf_queue.c).
      if (world_.choices->choose(fmt::format("a program listens at queue {} and accepts", verdict.queue_first)))
        return end(ChainEnd::Kind::Accept, TraceStep::Result::Queue);
      if (!verdict.queue_bypass) return end(ChainEnd::Kind::Drop, TraceStep::Result::Queue);
      note(chain, rule, TraceStep::Result::Matched);
      return {};
    case Verdict::Kind::Return:
      note(chain, rule, TraceStep::Result::Return);
      return {RuleEnd::Kind::Return, kNoChain, {}};
    case Verdict::Kind::Continue:
      note(chain, rule, TraceStep::Result::Matched);
      return {};
    case Verdict::Kind::Jump:
    case Verdict::Kind::Goto: {
      const std::uint32_t target = world_.program->chain_of(*chain.table, verdict.chain);
      if (target == kNoChain) {  // a fragment: the chain is somewhere we were not shown
        if (world_.choices->choose("chain " + verdict.chain + " returns the packet")) return {};
        return end(ChainEnd::Kind::Unknown, TraceStep::Result::Unknown);
      }
      note(chain, rule, TraceStep::Result::Jump);
      return {verdict.kind == Verdict::Kind::Jump ? RuleEnd::Kind::Jump : RuleEnd::Kind::Goto, target, {}};
    }
  }
  return {};
}

// (field & ~mask) ^ value, as xt_mark.c and nft_bitwise.c compute it.
void Walk::assign(const Assign& assign) {
  const auto changed = [&](FieldValue old) { return (old & ~assign.mask) ^ assign.value; };
  if (assign.field == Field::ConnectionMark) {
    if (world_.connection_mark->has_value()) {
      *world_.connection_mark = static_cast<std::uint32_t>(changed(**world_.connection_mark));
      packet_->values.set(Field::ConnectionMark, **world_.connection_mark);
    }
    return;
  }
  const bool whole = (assign.mask & largest_value(width_of(assign.field))) == largest_value(width_of(assign.field));
  if (!packet_->values.is_known(assign.field) && !whole) return;
  packet_->values.set(assign.field,
                      changed(packet_->values.value(assign.field)) & largest_value(width_of(assign.field)));
}

void Walk::copy_mark(const CopyMark& copy) {
  if (!world_.connection_mark->has_value()) return;
  const std::uint32_t from =
      copy.from == Field::ConnectionMark ? **world_.connection_mark : packet_->values.number<std::uint32_t>(copy.from);
  const auto changed = [&](std::uint32_t to) { return (to & ~copy.to_mask) ^ (from & copy.from_mask); };
  if (copy.to == Field::ConnectionMark) {
    *world_.connection_mark = changed(**world_.connection_mark);
    packet_->values.set(Field::ConnectionMark, **world_.connection_mark);
  } else {
    packet_->values.set(copy.to, changed(packet_->values.number<std::uint32_t>(copy.to)));
  }
}

void Walk::note(const FlatChain& chain, const FlatRule& rule, TraceStep::Result result, const RulePart* part,
                bool assumed) {
  if (world_.notebook == nullptr) return;
  TraceStep step{.hook = hook_,
                 .table = chain.table,
                 .chain = chain.chain,
                 .rule = rule.rule,
                 .number = static_cast<std::uint32_t>(rule.rule - chain.chain->rules.data()) + 1,
                 .result = result,
                 .part = part,
                 .assumed = assumed};
  if (const auto* match = part == nullptr ? nullptr : std::get_if<Match>(part)) {
    step.knowledge = packet_->values.knowledge_of(match->operand.field);
    step.value = packet_->values.value(match->operand.field) & match->operand.mask;
  }
  world_.notebook->add(step);
}

}  // namespace mailweir::rules
