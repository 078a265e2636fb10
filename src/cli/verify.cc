#include "cli/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "apply/linux_kernel.h"
#include "base/escape.h"
#include "cli/give_up.h"
#include "cli/policy_table.h"
#include "cli/screen.h"
#include "proof/prove.h"
#include "report/json.h"
#include "sys/resolve.h"

namespace mailweir {
namespace {

Style style_of(ProofResult result) {
  switch (result) {
    case ProofResult::Proven:
      return Style::Good;
    case ProofResult::Inert:
      return Style::Bad;
    default:
      return Style::Doubtful;
  }
}

// "mail.example.net:25", "192.0.2.25:25", "[2001:db8::25]:25".
Result<NamedTarget> read_target(const std::string& text) {
  const auto wrong = [&] {
    return fail(ErrorCode::Usage, fmt::format("--target: '{}' is not HOST:PORT; examples: smtp.example.net:25, "
                                              "[2001:db8::25]:587",
                                              escape(text, 64)));
  };
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return wrong();
  NamedTarget target;
  target.text = escape(text, 120);
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + colon + 1, end, target.port);
  if (read.ec != std::errc{} || read.ptr != end || target.port == 0) return wrong();
  std::string host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string::npos) return wrong();
  auto addresses = resolve_name(host);
  if (!addresses) return fail(std::move(addresses).error().in("--target"));
  target.addresses = std::move(*addresses);
  return target;
}

std::string what_of(const Proof& proof) { return fmt::format("{}/{}", name_of(proof.protocol), proof.port); }

void print_lines(const ProofReport& report, const CommonOptions& common) {
  const Screen screen = screen_of(stdout, common);
  std::size_t proven = 0;
  for (const Proof& proof : report.proofs) {
    const bool by_rule = proof.result == ProofResult::Proven || proof.result == ProofResult::UpstreamBlocked;
    proven += by_rule ? 1 : 0;
    std::string text = proof.text;
    if (text.find(proof.rule->id) == std::string::npos) text += fmt::format(" [rule {}]", rule_and_line(*proof.rule));
    fmt::print("{} {} {} {}: {}\n", name_of(proof.rule->hook), what_of(proof), proof.v4 ? "IPv4" : "IPv6",
               screen.paint(style_of(proof.result), name_of(proof.result)), text);
  }
  if (!report.proofs.empty()) fmt::print("\n");
  for (const Remark& remark : report.remarks) fmt::print("Note: {}.\n", remark.text);
  fmt::print("{} of {} proven.\n", proven, report.proofs.size());
}

nlohmann::ordered_json json_of(const Cause& cause) {
  nlohmann::ordered_json entry;
  entry["id"] = name_of(cause.kind);
  entry["text"] = cause.text;
  entry["counted"] = cause.convicted;
  const bool named = !cause.chain.empty();
  entry["table"] = named ? nlohmann::ordered_json(cause.table) : nlohmann::ordered_json();
  entry["chain"] = named ? nlohmann::ordered_json(cause.chain) : nlohmann::ordered_json();
  entry["hook"] = named ? nlohmann::ordered_json(cause.hook) : nlohmann::ordered_json();
  entry["priority"] = named ? nlohmann::ordered_json(cause.priority) : nlohmann::ordered_json();
  return entry;
}

nlohmann::ordered_json json_of(const Proof& proof) {
  nlohmann::ordered_json entry;
  entry["rule"] = proof.rule->id;
  entry["path"] = name_of(proof.rule->hook);
  entry["family"] = proof.v4 ? "ipv4" : "ipv6";
  entry["protocol"] = name_of(proof.protocol);
  entry["port"] = proof.port;
  entry["result"] = name_of(proof.result);
  entry["packets_before"] = proof.packets_before;
  entry["packets_after"] = proof.packets_after;
  entry["attempts"] = proof.attempts;
  entry["policy_line"] = proof.rule->line == 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(proof.rule->line);
  entry["withheld"] = proof.withheld;
  entry["text"] = proof.text;
  auto causes = nlohmann::ordered_json::array();
  for (const Cause& cause : proof.causes) causes.push_back(json_of(cause));
  entry["causes"] = std::move(causes);
  return entry;
}

void print_answer(const ProofReport& report) {
  auto answer = json_answer("verify");
  auto proofs = nlohmann::ordered_json::array();
  for (const Proof& proof : report.proofs) proofs.push_back(json_of(proof));
  answer["proofs"] = std::move(proofs);
  auto notes = nlohmann::ordered_json::array();
  for (const Remark& remark : report.remarks) notes.push_back({{"id", remark.id}, {"text", remark.text}});
  answer["notes"] = std::move(notes);
  std::fputs(print_json(answer).c_str(), stdout);
}

}  // namespace

int verify(const VerifyOptions& options, const CommonOptions& common) {
  ProveSettings settings{options.forward_probe, options.limit_probe, std::nullopt};
  if (!options.target.empty()) {
    auto target = read_target(options.target);
    if (!target) return give_up(target.error());
    settings.target = std::move(*target);
  }
  const auto wish = load_policy_table(common.config);
  if (!wish) return give_up(wish.error());
  const auto kernel = open_linux_kernel();
  if (!kernel) return give_up(kernel.error());
  const auto report = prove(**kernel, wish->table, settings);
  if (!report) return give_up(report.error());
  if (common.json) {
    print_answer(*report);
  } else {
    print_lines(*report, common);
  }
  return all_proven(report->proofs) ? 0 : 1;
}

}  // namespace mailweir
