#include "explain/edit_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "ruleset/part_text.h"

namespace mailweir::rules {
namespace {

Match equals(Field field, IntervalSet values) { return {.operand = {.field = field}, .values = std::move(values)}; }

std::string iptables_command(const Table& table, std::string_view what) {
  return fmt::format("{}{} {}", table.family == RuleFamily::Ip6 ? "ip6tables" : "iptables",
                     table.name == "filter" ? "" : " -t " + table.name, what);
}

std::string rule_words(const Table& table, const Rule& rule) {
  const auto text = table.backend == Backend::Iptables ? iptables_rule_text(rule, table.family == RuleFamily::Ip6)
                                                       : nft_rule_text(rule, table.family, false);
  if (!text) return " …";
  return !text->empty() && text->front() != ' ' ? " " + *text : *text;
}

std::string nft_place(const Table& table, const Chain& chain) {
  return fmt::format("{} {} {}", name_of(table.family), table.name, chain.name);
}

std::string insert_command(const Table& table, const Chain& chain, std::size_t number, const Rule& rule) {
  const bool at_end = number > chain.rules.size();
  if (table.backend == Backend::Iptables)
    return iptables_command(table, at_end ? fmt::format("-A {}{}", chain.name, rule_words(table, rule))
                                          : fmt::format("-I {} {}{}", chain.name, number, rule_words(table, rule)));
  if (at_end) return fmt::format("nft add rule {}{}", nft_place(table, chain), rule_words(table, rule));
  return fmt::format("nft insert rule {} index {}{}", nft_place(table, chain), number - 1, rule_words(table, rule));
}

// nft names rules by handle; where none is known, the file has to be edited by hand.
std::string handle_words(const Chain& chain, std::size_t number) {
  const Rule& rule = chain.rules[number - 1];
  if (rule.handle != 0) return fmt::format("handle {}", rule.handle);
  return fmt::format("handle {{of rule {}: nft -a list chain}}", number);
}

std::string remove_command(const Table& table, const Chain& chain, std::size_t number) {
  if (table.backend == Backend::Iptables) return iptables_command(table, fmt::format("-D {} {}", chain.name, number));
  return fmt::format("nft delete rule {} {}", nft_place(table, chain), handle_words(chain, number));
}

}  // namespace

Rule rule_of(const RuleWish& wish, const Table& table) {
  Rule rule;
  if (!wish.in.empty())
    rule.parts.emplace_back(equals(Field::InputInterface, IntervalSet::single(interface_value(wish.in))));
  if (!wish.out.empty())
    rule.parts.emplace_back(equals(Field::OutputInterface, IntervalSet::single(interface_value(wish.out))));
  if (wish.destination)
    rule.parts.emplace_back(equals(Field::DestinationAddress, IntervalSet::single(address_value(*wish.destination))));
  if (wish.protocol) {
    Match protocol = equals(Field::Protocol, IntervalSet::single(*wish.protocol));
    protocol.implied = table.backend == Backend::Nft && (wish.port || wish.tcp_flag || wish.icmp_types);
    rule.parts.emplace_back(std::move(protocol));
  }
  if (wish.port) rule.parts.emplace_back(equals(Field::DestinationPort, IntervalSet::single(*wish.port)));
  if (wish.tcp_flag) {
    Match flag = equals(Field::TcpFlags, IntervalSet::single(*wish.tcp_flag));
    flag.operand.mask = *wish.tcp_flag;
    rule.parts.emplace_back(std::move(flag));
  }
  if (wish.icmp_types)
    rule.parts.emplace_back(equals(
        Field::IcmpTypeCode, IntervalSet::range(wish.icmp_types->first * 256, wish.icmp_types->second * 256 + 255)));
  if (wish.destination_type)
    rule.parts.emplace_back(equals(Field::DestinationType, IntervalSet::single(*wish.destination_type)));
  if (!wish.states.empty()) {
    IntervalSet states;
    for (const ConnectionState state : wish.states) states = states.united(values_of(state));
    rule.parts.emplace_back(equals(Field::ConnectionState, std::move(states)));
  }
  if (table.backend == Backend::Iptables) rule.parts.emplace_back(Counter{});
  if (wish.reject)
    rule.parts.emplace_back(*wish.reject);
  else
    rule.parts.emplace_back(Verdict{.kind = wish.verdict, .chain = {}});
  return rule;
}

RuleEdit insertion(const RulePlace& chain, std::size_t number, const RuleWish& wish) {
  RuleEdit edit;
  edit.kind = RuleEdit::Kind::Insert;
  edit.family = chain.table->family;
  edit.table = chain.table->name;
  edit.chain = chain.chain->name;
  edit.number = std::min(number, chain.chain->rules.size() + 1);
  edit.rule = rule_of(wish, *chain.table);
  return edit;
}

std::vector<std::string> commands_of(const Ruleset& ruleset, const RuleEdit& edit) {
  const Table* table = ruleset.find_table(edit.family, edit.table);
  const Chain* chain = table == nullptr ? nullptr : table->find_chain(edit.chain);
  if (chain == nullptr) return {};
  switch (edit.kind) {
    case RuleEdit::Kind::Insert:
      return {insert_command(*table, *chain, edit.number, edit.rule)};
    case RuleEdit::Kind::Remove:
      return {remove_command(*table, *chain, edit.number)};
    case RuleEdit::Kind::Replace:
      if (table->backend == Backend::Iptables)
        return {iptables_command(*table,
                                 fmt::format("-R {} {}{}", chain->name, edit.number, rule_words(*table, edit.rule)))};
      return {fmt::format("nft replace rule {} {}{}", nft_place(*table, *chain), handle_words(*chain, edit.number),
                          rule_words(*table, edit.rule))};
    case RuleEdit::Kind::Move:
      return {remove_command(*table, *chain, edit.number),
              insert_command(*table, *chain, edit.before - (edit.before > edit.number ? 1 : 0),
                             chain->rules[edit.number - 1])};
    case RuleEdit::Kind::Policy:
      return {iptables_command(
          *table, fmt::format("-P {} {}", chain->name, edit.policy == Verdict::Kind::Drop ? "DROP" : "ACCEPT"))};
  }
  return {};
}

}  // namespace mailweir::rules
