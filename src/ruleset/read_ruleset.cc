#include "ruleset/read_ruleset.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"
#include "base/trim.h"

namespace mailweir::rules {
namespace {

// Does a line begin so?
bool has_line(std::string_view text, std::string_view beginning) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end), " \t\r\n");
    if (line.starts_with(beginning)) return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

bool has_any_line(std::string_view text, std::initializer_list<std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(), [text](std::string_view b) { return has_line(text, b); });
}

// The same chains with as many rules each; a chain that iptables has not made yet is not in nft's table.
bool is_twin(const Table& nft, const Table& saved) {
  if (!std::all_of(nft.chains.begin(), nft.chains.end(),
                   [&](const Chain& chain) { return saved.find_chain(chain.name) != nullptr; }))
    return false;
  return std::all_of(saved.chains.begin(), saved.chains.end(), [&](const Chain& chain) {
    const Chain* twin = nft.find_chain(chain.name);
    return (twin == nullptr ? 0 : twin->rules.size()) == chain.rules.size();
  });
}

}  // namespace

std::optional<Notation> notation_of(std::string_view text) {
  const std::string_view begin = trimmed(text, " \t\r\n");
  if (begin.starts_with('{') && begin.substr(0, 200).find("\"nftables\"") != std::string_view::npos)
    return Notation::NftJson;
  if (has_any_line(text, {"*filter", "*nat", "*mangle", "*raw", "*security"})) return Notation::Save;
  const bool nft_table = has_any_line(text, {"table ip ", "table ip6 ", "table inet ", "table arp ", "table bridge ",
                                             "table netdev ", "flush ruleset", "add table ", "add rule "}) ||
                         (has_line(text, "table ") && has_line(text, "chain "));
  const bool commands = text.find("iptables") != std::string_view::npos ||
                        text.find("ip6tables") != std::string_view::npos ||
                        has_any_line(text, {"-A ", "-I ", "-P ", "-N ", "$IPT", "${IPT", "$ipt"});
  if (nft_table && !has_any_line(text, {"-A ", "iptables -"})) return Notation::NftText;
  if (commands || has_line(text, ":")) return Notation::Commands;
  return std::nullopt;
}

Result<Ruleset> read_ruleset(std::string_view text, const ReadOptions& options, Diagnostics& remarks) {
  const auto notation = notation_of(text);
  if (!notation)
    return fail(Error(ErrorCode::BadInput,
                      "this looks like no ruleset: neither iptables-save, nor iptables commands, nor nft"));
  switch (*notation) {
    case Notation::Save:
    case Notation::Commands:
      return read_iptables(text, options, remarks);
    case Notation::NftJson: {
      Ruleset ruleset = read_nft_json(text, options, remarks);
      for (const Table& table : ruleset.tables)
        if (table.needs_save)
          remarks.add(
              {Severity::Warning,
               "ruleset.needs-save",
               {options.name, 0, 0},
               fmt::format("the table {} {} was made by iptables, and nft shows its matches without their options",
                           name_of(table.family), escape(table.name, 40)),
               "give the output of iptables-save or ip6tables-save too"});
      return ruleset;
    }
    case Notation::NftText:
      break;
  }
  return read_nft_text(text, options, remarks);
}

Ruleset joined(Ruleset base, Ruleset more) {
  const auto shift = static_cast<std::uint32_t>(base.files.size());
  base.files.insert(base.files.end(), more.files.begin(), more.files.end());
  for (Table& table : more.tables) {
    table.origin.file += shift;
    for (Chain& chain : table.chains) {
      chain.origin.file += shift;
      for (Rule& rule : chain.rules) rule.origin.file += shift;
    }
    // iptables-nft's tables are nft tables too: the same one, told twice, once without options.
    const auto twin = std::find_if(base.tables.begin(), base.tables.end(), [&](const Table& there) {
      return there.family == table.family && there.name == table.name && there.backend == Backend::Nft &&
             table.backend == Backend::Iptables && is_twin(there, table);
    });
    if (twin == base.tables.end()) {
      base.tables.push_back(std::move(table));
      continue;
    }
    for (Chain& chain : table.chains) {
      const Chain* known = twin->find_chain(chain.name);
      if (known == nullptr || known->rules.size() != chain.rules.size()) continue;
      for (std::size_t i = 0; i < chain.rules.size(); ++i) chain.rules[i].handle = known->rules[i].handle;
    }
    *twin = std::move(table);
  }
  base.whole = base.whole && more.whole;
  return base;
}

}  // namespace mailweir::rules
