#include "sys/operator.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace mailweir {
namespace {

bool holds(const std::vector<SshSession>& sessions, const SshSession& one) {
  return std::find(sessions.begin(), sessions.end(), one) != sessions.end();
}

SshSession session_from(const char* client, std::uint16_t client_port, std::uint16_t server_port,
                        const char* server = "", const char* interface = "") {
  return {*IpAddress::parse(client), client_port, server_port, IpAddress::parse(server), interface};
}

TEST(Operator, BothVariablesOfSshdNameTheSession) {
  EXPECT_EQ(parse_ssh_session("192.0.2.7 51234 198.51.100.1 22"), session_from("192.0.2.7", 51234, 22, "198.51.100.1"));
  EXPECT_EQ(parse_ssh_session("2001:db8::7 51234 2022"), session_from("2001:db8::7", 51234, 2022));
  EXPECT_EQ(parse_ssh_session("fe80::1%eth0 51234 fe80::2%eth0 22"),
            session_from("fe80::1", 51234, 22, "fe80::2", "eth0"));
}

TEST(Operator, WhatIsNoSessionIsNone) {
  for (const char* text : {"", " ", "192.0.2.7", "192.0.2.7 51234", "nobody 1 2 3", "192.0.2.7 0 198.51.100.1 22",
                           "192.0.2.7 51234 198.51.100.1 65536", "192.0.2.7 51234 198.51.100.1 -22",
                           "192.0.2.7 51234 198.51.100.1 22x", "192.0.2.7 x 198.51.100.1 22"}) {
    EXPECT_FALSE(parse_ssh_session(text)) << text;
  }
}

TEST(Operator, HasANameAndTheSession) {
  setenv("SSH_CONNECTION", "192.0.2.77 51234 198.51.100.1 22", 1);
  setenv("SSH_CLIENT", "192.0.2.77 51234 22", 1);
  const Operator who = current_operator();
  unsetenv("SSH_CONNECTION");
  unsetenv("SSH_CLIENT");
  EXPECT_FALSE(who.name.empty());
  EXPECT_TRUE(holds(who.sessions, session_from("192.0.2.77", 51234, 22, "198.51.100.1")));
  EXPECT_FALSE(holds(who.sessions, session_from("192.0.2.77", 51234, 22))) << "both tell of one session";
}

TEST(Operator, SudosWordCountsForRootOnly) {
  setenv("SUDO_USER", "alice", 1);
  const std::string name = current_operator().name;
  unsetenv("SUDO_USER");
  EXPECT_EQ(name == "alice (sudo)", getuid() == 0) << name;
}

}  // namespace
}  // namespace mailweir
