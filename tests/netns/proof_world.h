// A policy in force in the namespace of the calling process, and the proofs of its rules.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "apply/linux_kernel.h"
#include "compile/compile.h"
#include "policy/read_policy.h"
#include "proof/prove.h"
#include "sys/process.h"
#include "tests/netns/gateway_world.h"

namespace mailweir {

inline void run_script(const std::string& script) {
  const auto ran = run_process({"sh", "-e"}, script);
  ASSERT_TRUE(ran) << ran.error().text();
  ASSERT_EQ(ran->status, 0) << ran->err << "\nin\n" << script;
}

class ProvenPolicy {
 public:
  // Installs `policy`, then does `script` to the machine.
  explicit ProvenPolicy(const std::string& policy, const std::string& script = {}) {
    Diagnostics diagnostics;
    auto parsed = parse_policy(policy, "mailweir.toml", diagnostics);
    EXPECT_TRUE(parsed) << parsed.error().text();
    auto compiled = compile(*parsed, SystemAccounts{});
    EXPECT_TRUE(compiled) << compiled.error().text();
    table_ = std::move(*compiled);
    kernel_ = std::move(*open_linux_kernel());
    const auto installed = kernel_->install(table_);
    EXPECT_TRUE(installed) << installed.error().text();
    if (!script.empty()) run_script(script);
  }

  void prove(const ProveSettings& settings = {}) {
    auto report = mailweir::prove(*kernel_, table_, settings);
    ASSERT_TRUE(report) << report.error().text();
    report_ = std::move(*report);
  }

  [[nodiscard]] const ProofReport& report() const { return report_; }
  // Of one rule; a port of 0 is the first there is.
  [[nodiscard]] Proof of(const std::string& rule, bool v4, int port = 0) const {
    for (const Proof& proof : report_.proofs) {
      if (proof.rule->id == rule && proof.v4 == v4 && (port == 0 || proof.port == port)) return proof;
    }
    ADD_FAILURE() << "no proof of " << rule << (v4 ? " IPv4 " : " IPv6 ") << port;
    return {};
  }
  void expect(const std::string& rule, ProofResult result, int port = 0) const {
    for (const bool v4 : {true, false}) {
      const Proof proof = of(rule, v4, port);
      EXPECT_EQ(proof.result, result) << rule << (v4 ? " IPv4: " : " IPv6: ") << proof.text;
    }
  }
  // Both families are inert for this reason, and the sentence names it.
  void expect_cause(const std::string& rule, CauseKind kind, const std::string& name) const {
    for (const bool v4 : {true, false}) {
      const Proof proof = of(rule, v4);
      EXPECT_EQ(proof.result, ProofResult::Inert) << proof.text;
      EXPECT_FALSE(proof.causes.empty()) << proof.text;
      for (const Cause& cause : proof.causes) EXPECT_EQ(name_of(cause.kind), name_of(kind)) << proof.text;
      EXPECT_NE(proof.text.find(name), std::string::npos) << proof.text;
    }
  }

 private:
  CompiledTable table_;
  std::unique_ptr<Kernel> kernel_;
  ProofReport report_;
};

}  // namespace mailweir
