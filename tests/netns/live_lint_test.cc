// `mailweir lint` without a file, on a machine: what only the kernel, the boot's files and the cards can tell. Real
// rules of iptables-legacy, iptables and nft; an /etc of the test's own.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>

#include "tests/netns/desk.h"
#include "tests/netns/proof_world.h"

namespace mailweir {
namespace {

using nlohmann::json;

// What is written there from here on nobody else sees; files the boot would load are gone from it.
bool own_etc(const std::string& folder) {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  if (mount("tmpfs", folder.c_str(), "tmpfs", 0, nullptr) != 0) return false;
  std::filesystem::create_directories(folder + "/upper");
  std::filesystem::create_directories(folder + "/work");
  const std::string options = "lowerdir=/etc,upperdir=" + folder + "/upper,workdir=" + folder + "/work";
  if (mount("overlay", "/etc", "overlay", 0, options.c_str()) != 0) return false;
  for (const char* path : {"/etc/iptables", "/etc/sysconfig", "/etc/nftables.conf"}) std::filesystem::remove_all(path);
  return true;
}

// The sentence of a finding; empty: there is none.
std::string told(const json& answer, const std::string& id) {
  for (const json& finding : answer["findings"])
    if (finding["id"] == id) return finding["text"];
  return {};
}

TEST(LiveLint, TellsOfTheOtherHalfOfIptablesOfWhatTheBootLoadsAndOfCardsThatAreNotThere) {
  with_gateway([](GatewayWorld&) {
    const TemporaryDirectory folder;
    const auto legacy = run_process({"iptables-legacy", "-A", "INPUT", "-p", "tcp", "--dport", "26", "-j", "DROP"});
    if (!own_etc(folder.path()) || !legacy || legacy->status != 0) {
      std::printf("no iptables-legacy or no overlay here: lint on a live machine is not tried\n");
      return;
    }
    std::filesystem::create_directories("/etc/iptables");
    std::ofstream("/etc/iptables/rules.v4")
        << "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
           "-A INPUT -p tcp -m tcp --dport 3306 -j DROP\nCOMMIT\n";
    run_script(
        "iptables-nft -A INPUT -p tcp --dport 3306 -j DROP\n"
        "iptables-nft -A INPUT -i enp9s9 -p tcp --dport 6379 -j DROP\n");
    const Desk desk;
    const json before = desk.answers({"lint"}, 1);
    EXPECT_NE(told(before, "legacy-and-nft").find("both filter"), std::string::npos) << before.dump(1);
    EXPECT_NE(told(before, "running-differs-from-saved").find("/etc/iptables/rules.v4"), std::string::npos)
        << before.dump(1);
    EXPECT_NE(told(before, "interface-not-there").find("enp9s9"), std::string::npos) << before.dump(1);
    const std::string screen = desk.says({"lint"}, 1);
    for (const char* id : {"legacy-and-nft", "running-differs-from-saved", "interface-not-there"})
      EXPECT_NE(screen.find(id), std::string::npos) << screen;

    // Mended as the findings say, they are gone.
    run_script(
        "iptables-legacy -F\nip link add enp9s9 type veth peer name enp9s8\n"
        "iptables-nft-save -t filter > /etc/iptables/rules.v4\n");
    const json after = desk.answers({"lint"}, 1);  // IPv6 is not filtered, and that stays so
    for (const char* id : {"legacy-and-nft", "running-differs-from-saved", "interface-not-there"})
      EXPECT_EQ(told(after, id), "") << after.dump(1);
  });
}

}  // namespace
}  // namespace mailweir
