// A gateway with the program installed, for tests that act as a person there: what it is told and says, and `mailweir
// run` in a process of its own. REQUIRES: inside with_gateway, or another namespace of the test's own.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sys/process.h"
#include "tests/netns/gateway_world.h"
#include "tests/support/temporary_directory.h"

namespace mailweir {

// A gateway with the program installed: its policy, its folders.
class Desk {
 public:
  explicit Desk(const std::string& policy =
                    "[gateway]\nclients = [\"172.16.0.0/24\", \"fd16::/32\"]\n"
                    "mail_servers = [\"172.16.0.8\"]\nexempt = [\"172.16.0.9\"]\n") {
    write_policy(policy);
  }
  void write_policy(const std::string& text) const { std::ofstream(policy_) << text; }

  ProcessOutput type(std::vector<std::string> words, const std::string& input = "") const {
    words.insert(words.begin(), MAILWEIR_PROGRAM);
    for (const std::string& common : common_) words.push_back(common);
    const auto ran = run_process(words, input);
    EXPECT_TRUE(ran) << ran.error().text();
    return ran ? *ran : ProcessOutput{};
  }
  // Expects the exit status; answers what was said on standard output.
  std::string says(std::vector<std::string> words, int status = 0, const std::string& input = "") const {
    const ProcessOutput ran = type(words, input);
    EXPECT_EQ(ran.status, status) << words.front() << ": " << ran.out << ran.err;
    return ran.out;
  }
  [[nodiscard]] nlohmann::json answers(std::vector<std::string> words, int status = 0) const {
    words.emplace_back("--json");
    return nlohmann::json::parse(says(words, status), nullptr, false);
  }

  [[nodiscard]] const std::vector<std::string>& common() const { return common_; }
  [[nodiscard]] std::string state_dir() const { return folder_.path() + "/state"; }
  [[nodiscard]] std::string ledger() const { return state_dir() + "/ledger.db"; }

 private:
  TemporaryDirectory folder_;
  std::string policy_ = folder_.path() + "/mailweir.toml";
  std::vector<std::string> common_{
      "--config", policy_, "--state-dir", folder_.path() + "/state", "--runtime-dir", folder_.path() + "/run"};
};

// `mailweir run`, until the end of the scope.
class DeskGuard {
 public:
  explicit DeskGuard(const Desk& desk) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    child_ = fork();
    if (child_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(ends[1], STDOUT_FILENO);
      std::vector<std::string> words{MAILWEIR_PROGRAM, "run"};
      words.insert(words.end(), desk.common().begin(), desk.common().end());
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      execv(arguments[0], arguments.data());
      _exit(127);
    }
    close(ends[1]);
    lines_ = fdopen(ends[0], "r");
    await("ready ");
  }
  DeskGuard(const DeskGuard&) = delete;
  DeskGuard& operator=(const DeskGuard&) = delete;
  ~DeskGuard() {
    if (child_ > 0) {
      kill(child_, SIGTERM);
      await("stopped ");
      int status = 0;
      waitpid(child_, &status, 0);
      EXPECT_EQ(status, 0);
    }
    fclose(lines_);
  }

  // As when the machine loses its power.
  void kill_it() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    child_ = -1;
  }

  // The next line that begins with `event`; the test's time limit ends a wait in vain.
  std::string await(const std::string& event) {
    char line[4096];
    while (fgets(line, sizeof line, lines_) != nullptr) {
      seen_ += line;
      if (std::string(line).starts_with(event)) return line;
    }
    ADD_FAILURE() << "no line '" << event << "' in:\n" << seen_;
    return {};
  }

  [[nodiscard]] const std::string& seen() const { return seen_; }

 private:
  pid_t child_ = -1;
  FILE* lines_ = nullptr;
  std::string seen_;
};

}  // namespace mailweir
