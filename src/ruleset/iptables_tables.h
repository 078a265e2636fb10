// Tables of one family while commands change them: what -A, -I, -D, -R, -N, -P, -F, -X and -E do, in order.
//
// Invariant: costs are bounded by RulesetLimits, whatever the order of commands.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "ruleset/model.h"
#include "ruleset/read_ruleset.h"

namespace mailweir::rules {

class IptablesTables {
 public:
  IptablesTables(RuleFamily family, const RulesetLimits& limits) : family_(family), limits_(limits) {}

  // Makes it with its built-in chains where it is not there. True: it is new.
  bool open(const std::string& table, const Origin& origin);
  [[nodiscard]] bool has(std::string_view table) const;
  // As a restore does: an empty one in its place.
  void reset(const std::string& table, const Origin& origin);

  [[nodiscard]] bool is_chain(std::string_view table, std::string_view chain) const;
  // Makes it. False: it is there.
  bool declare(const std::string& table, const std::string& chain, const Origin& origin, bool declared = true);
  // The chain without its rules; null: it is not there. Valid until another is made.
  [[nodiscard]] Chain* chain(std::string_view table, std::string_view chain);

  // REQUIRES: the chain is there; numbers count from 1 as iptables does. Errors: Limit; NotFound: no such rule.
  [[nodiscard]] Result<void> append(std::string_view table, std::string_view chain, std::vector<Rule> rules);
  [[nodiscard]] Result<void> insert(std::string_view table, std::string_view chain, std::size_t number,
                                    std::vector<Rule> rules);
  [[nodiscard]] Result<void> replace(std::string_view table, std::string_view chain, std::size_t number, Rule rule);
  [[nodiscard]] Result<void> remove(std::string_view table, std::string_view chain, std::size_t number);
  [[nodiscard]] Result<void> remove(std::string_view table, std::string_view chain, const Rule& equal);
  // An empty chain: all of them; of remove_chain() those that are not built in.
  [[nodiscard]] Result<void> flush(std::string_view table, std::string_view chain);
  [[nodiscard]] Result<void> remove_chain(std::string_view table, std::string_view chain);
  [[nodiscard]] Result<void> rename(std::string_view table, std::string_view chain, const std::string& to);

  // Moves them out.
  [[nodiscard]] std::vector<Table> take();

 private:
  // Rules are reached through pointers, so that inserting one moves eight bytes per rule behind it.
  struct OpenChain {
    Chain chain;
    std::vector<std::unique_ptr<Rule>> rules;
  };
  struct OpenTable {
    Table table;
    std::vector<OpenChain> chains;
    std::unordered_map<std::string, std::size_t> index;
  };

  [[nodiscard]] OpenTable* find(std::string_view table);
  [[nodiscard]] OpenChain& at(std::string_view table, std::string_view chain);
  [[nodiscard]] Result<void> count_rules(std::size_t more);
  [[nodiscard]] Result<void> count_steps(std::size_t more);
  static void index_again(OpenTable& table);

  RuleFamily family_;
  RulesetLimits limits_;
  std::vector<OpenTable> tables_;
  std::size_t rules_ = 0, steps_ = 0, chains_ = 0;
};

}  // namespace mailweir::rules
