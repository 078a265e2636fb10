#include "cli/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "apply/linux_kernel.h"
#include "apply/prove.h"
#include "base/escape.h"
#include "cli/give_up.h"
#include "cli/policy_table.h"
#include "cli/screen.h"
#include "report/json.h"

namespace mailweir {
namespace {

Style style_of(ProofResult result) {
  return result == ProofResult::Proven ? Style::Good : result == ProofResult::Inert ? Style::Bad : Style::Doubtful;
}

void print_lines(const std::vector<Proof>& proofs, const CommonOptions& common) {
  const Screen screen = screen_of(stdout, common);
  std::size_t proven = 0;
  for (const Proof& proof : proofs) {
    proven += proof.result == ProofResult::Proven ? 1 : 0;
    std::string text = escape(proof.text, 400);
    if (proof.result != ProofResult::Proven) text += fmt::format(" [rule {}]", proof.rule->id);
    fmt::print("{} tcp/{} {} {}: {}\n", name_of(proof.rule->hook), proof.port, proof.v4 ? "IPv4" : "IPv6",
               screen.paint(style_of(proof.result), name_of(proof.result)), text);
  }
  fmt::print("{}{} of {} proven.\n", proofs.empty() ? "" : "\n", proven, proofs.size());
}

void print_answer(const std::vector<Proof>& proofs) {
  auto answer = json_answer("verify");
  auto list = nlohmann::ordered_json::array();
  for (const Proof& proof : proofs) {
    nlohmann::ordered_json entry;
    entry["rule"] = proof.rule->id;
    entry["path"] = name_of(proof.rule->hook);
    entry["family"] = proof.v4 ? "ipv4" : "ipv6";
    entry["port"] = proof.port;
    entry["result"] = name_of(proof.result);
    entry["packets_before"] = proof.packets_before;
    entry["packets_after"] = proof.packets_after;
    entry["policy_line"] = proof.rule->line == 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(proof.rule->line);
    entry["text"] = proof.text;
    list.push_back(std::move(entry));
  }
  answer["proofs"] = std::move(list);
  std::fputs(print_json(answer).c_str(), stdout);
}

}  // namespace

int verify(const CommonOptions& common) {
  const auto wish = load_policy_table(common.config);
  if (!wish) return give_up(wish.error());
  const auto kernel = open_linux_kernel();
  if (!kernel) return give_up(kernel.error());
  const auto proofs = prove(**kernel, wish->table, try_from_here);
  if (!proofs) return give_up(proofs.error());
  if (common.json) {
    print_answer(*proofs);
  } else {
    print_lines(*proofs, common);
  }
  return std::any_of(proofs->begin(), proofs->end(),
                     [](const Proof& proof) { return proof.result == ProofResult::Inert; })
             ? 1
             : 0;
}

}  // namespace mailweir
