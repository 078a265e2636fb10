// Changes of the table on a real kernel, with the process killed at every step, a full disk, and no nft.
#include "apply/change.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "apply/linux_kernel.h"
#include "apply/listing_memory.h"
#include "apply/way_back.h"
#include "base/must.h"
#include "sys/enclosure.h"
#include "sys/file_lock.h"
#include "tests/support/faulty_kernel.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/watch_table.h"

namespace mailweir {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string table_for(std::vector<std::uint16_t> ports) {
  WatchTable wanted;
  wanted.clients = {*IpPrefix::parse("172.16.0.0/12"), *IpPrefix::parse("fd16::/32")};
  wanted.ports = std::move(ports);
  wanted.log_group = 25;
  return wanted.compiled().text;
}
const std::string kFirst = table_for({25});
const std::string kSecond = table_for({25, 465, 587});

struct Bench {
  TemporaryDirectory directory;
  GenerationStore store{directory.path() + "/state"};
  SystemClock clock;
  std::unique_ptr<Kernel> kernel = std::move(*open_linux_kernel());

  Result<ChangeResult> apply(Kernel& to, const std::string& table, std::optional<Duration> within = {}) {
    const ChangeOrder order{table, "mailweir.toml", "", "tester", {}, within};
    return Changes(to, store, clock).apply(order, [this](const Generation& g) { return arm_way_back(store, g); });
  }
  Result<ChangeResult> apply(const std::string& table, std::optional<Duration> within = {}) {
    return apply(*kernel, table, within);
  }
  bool in_force(const std::string& table) {
    const auto plan = plan_change(*kernel, table);
    EXPECT_TRUE(plan) << plan.error().text();
    return plan && plan->changes.empty();
  }
  // Somebody else's process does the work; the test's time limit ends this otherwise.
  void await_way_back_gone() { EXPECT_TRUE(FileLock::wait(store.way_back_lock())); }
};

void in_namespace(const std::function<void(Bench&)>& body) {
  const auto status = run_enclosed(Walls::Network, [&] {
    Bench bench;
    body(bench);
    return testing::Test::HasFailure() ? 1 : 0;
  });
  if (!status) GTEST_SKIP() << "no namespaces here: " << status.error().text();
  EXPECT_EQ(*status, 0) << "see the output of the child above";
}

// Ends of a process of our own that runs `body`.
int in_child(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(Change, BlocksKeepTheirTimeThroughAChangeAndTheWayBack) {
  in_namespace([](Bench& bench) {
    ASSERT_TRUE(bench.apply(kFirst));
    const Block blocks[] = {{*IpPrefix::parse("172.16.0.5"), BlockScope::TransferOnly, "mw-1", hours(1), {}, 0},
                            {*IpPrefix::parse("fd16:0:0:1::/64"), BlockScope::AllSending, "mw-2", hours(2), {}, 0}};
    ASSERT_TRUE(bench.kernel->add_blocks(blocks));
    const auto changed = bench.apply(kSecond, seconds(60));
    ASSERT_TRUE(changed) << changed.error().text();
    EXPECT_TRUE(bench.in_force(kSecond));
    EXPECT_EQ(bench.kernel->blocks()->size(), 2U);
    ASSERT_TRUE(Changes(*bench.kernel, bench.store, bench.clock).revert_open("test"));
    EXPECT_TRUE(bench.in_force(kFirst));
    const auto left = bench.kernel->blocks();
    ASSERT_EQ(left->size(), 2U);
    EXPECT_EQ(left->front().length, hours(1));
    EXPECT_LT(left->front().left, hours(1));
    bench.await_way_back_gone();
  });
}

TEST(Change, ASnapshotBringsBlocksBackAfterAFlush) {
  in_namespace([](Bench& bench) {
    ASSERT_TRUE(bench.apply(kFirst));
    const Block blocks[] = {{*IpPrefix::parse("172.16.0.5"), BlockScope::AllSending, "mw-1", hours(1), {}, 0}};
    ASSERT_TRUE(bench.kernel->add_blocks(blocks));
    ASSERT_TRUE(bench.apply(kSecond, seconds(60)));
    ASSERT_TRUE(*bench.kernel->remove());
    ASSERT_TRUE(Changes(*bench.kernel, bench.store, bench.clock).revert_open("test"));
    EXPECT_TRUE(bench.in_force(kFirst));
    const auto left = bench.kernel->blocks();
    ASSERT_EQ(left->size(), 1U);
    EXPECT_EQ(left->front().case_id, "mw-1");
    EXPECT_LE(left->front().left, hours(1));
    EXPECT_GT(left->front().left, hours(1) - std::chrono::minutes(5));
  });
}

TEST(Change, NotConfirmedItGoesBackByItself) {
  in_namespace([](Bench& bench) {
    ASSERT_TRUE(bench.apply(kFirst));
    ASSERT_TRUE(bench.apply(kSecond, seconds(3)));
    bench.await_way_back_gone();
    EXPECT_TRUE(bench.in_force(kFirst));
    EXPECT_EQ(bench.store.read(2)->state, GenerationState::Reverted);
  });
}

TEST(Change, ConfirmedItStaysAndNobodyIsLeftBehind) {
  in_namespace([](Bench& bench) {
    ASSERT_TRUE(bench.apply(kFirst));
    ASSERT_TRUE(bench.apply(kSecond, hours(1)));
    EXPECT_TRUE(lock_holder(bench.store.way_back_lock()));
    ASSERT_TRUE(Changes(*bench.kernel, bench.store, bench.clock).confirm());
    bench.await_way_back_gone();
    EXPECT_TRUE(bench.in_force(kSecond));
    EXPECT_EQ(bench.store.read_boot()->generation, 2);
  });
}

TEST(Change, TheWayBackEndedEarlyTakesItBackAtOnce) {
  in_namespace([](Bench& bench) {
    ASSERT_TRUE(bench.apply(kFirst));
    ASSERT_TRUE(bench.apply(kSecond, hours(1)));
    kill(*lock_holder(bench.store.way_back_lock()), SIGTERM);
    bench.await_way_back_gone();
    EXPECT_TRUE(bench.in_force(kFirst));
  });
}

// The applier dies by SIGKILL before or after its call number `at` to the kernel. Answers whether it came so far.
bool killed_at(Bench& bench, int at, FaultyKernel::When when, std::optional<Duration> within) {
  const pid_t tester = getpid();
  const int status = in_child([&] {
    FaultyKernel deadly(*bench.kernel, at, when, [&] {
      MUST(getpid() != tester);
      raise(SIGKILL);
      return Error(ErrorCode::Io, "");
    });
    (void)bench.apply(deadly, kSecond, within);
  });
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

// One look at the kernel: what is there is the old table or the new one, and the record tells which. Nobody is in a
// hurry: a way back that stands has an hour.
void expect_old_or_new(Bench& bench) {
  const auto there = parse_listing(*bench.kernel->listing());
  const auto is = [&](const std::string& table) {
    return table_difference(there, *parse_listing(*bench.kernel->listing_of(table))).empty();
  };
  const bool is_new = is(kSecond);
  EXPECT_NE(is_new, is(kFirst)) << "old or new, never between";
  EXPECT_TRUE(!is_new || is_in_force(bench.store.list().back(), there)) << "the record tells which";
}

// Whoever was killed: its way back takes the change back, and the boot copy is the confirmed table.
void expect_taken_back(Bench& bench) {
  bench.await_way_back_gone();
  EXPECT_TRUE(bench.in_force(kFirst)) << "its way back did not need it";
  EXPECT_EQ(bench.store.read_boot()->generation, newest(bench.store.list(), GenerationState::Confirmed)->number);
}

void back_to_first(Bench& bench) {
  const auto back = bench.apply(kFirst);
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_TRUE(bench.in_force(kFirst));
}

// Answers at how many places it was killed.
int kill_everywhere(Bench& bench, std::optional<Duration> within) {
  int kills = 0;
  for (const auto when : {FaultyKernel::When::Before, FaultyKernel::When::After}) {
    for (int at = 1;; ++at) {
      SCOPED_TRACE("call " + std::to_string(at));
      const bool killed = killed_at(bench, at, when, within);
      kills += killed ? 1 : 0;
      expect_old_or_new(bench);
      if (within) {
        // Ended early it takes the change back at once.
        if (const auto holder = lock_holder(bench.store.way_back_lock())) kill(*holder, SIGTERM);
        expect_taken_back(bench);
      }
      back_to_first(bench);
      if (!killed) break;
    }
  }
  return kills;
}

TEST(Change, KilledAtEveryStepItIsTheOldOrTheNewTable) {
  in_namespace([](Bench& bench) {
    ASSERT_TRUE(bench.apply(kFirst));
    EXPECT_GE(kill_everywhere(bench, {}), 10);
  });
}

TEST(Change, KilledAtEveryStepWithAWayBackItGoesBack) {
  in_namespace([](Bench& bench) {
    ASSERT_TRUE(bench.apply(kFirst));
    const int kills = kill_everywhere(bench, hours(1));
    EXPECT_GE(kills, 10);
    // And by itself, at a deadline. On a busy machine that comes before the kill, or before the change: whatever
    // happened first, in the end the change is gone.
    for (const auto when : {FaultyKernel::When::Before, FaultyKernel::When::After}) {
      for (int at = 1; at <= kills / 2; ++at) {
        SCOPED_TRACE("call " + std::to_string(at));
        (void)killed_at(bench, at, when, milliseconds(300));
        expect_taken_back(bench);
        back_to_first(bench);
      }
    }
  });
}

TEST(Change, OfTwoAtOnceOneIsTold) {
  in_namespace([](Bench& bench) {
    ASSERT_TRUE(bench.store.make());
    const auto other = FileLock::try_take(bench.store.change_lock());
    ASSERT_TRUE(other && *other);
    const auto refused = bench.apply(kFirst);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::Refused);
    EXPECT_NE(refused.error().text().find(std::to_string(getpid())), std::string::npos) << "and by whom";
  });
}

TEST(Change, WithAFullDiskTheTableIsTheOldOne) {
  in_namespace([](Bench& bench) {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
    ASSERT_TRUE(bench.apply(kFirst));
    // From no room at all upwards, until there is enough.
    bool enough = false;
    int refusals = 0;
    for (int pages = 2; !enough && pages < 64; ++pages) {
      const std::string place = bench.directory.path() + "/small" + std::to_string(pages);
      ASSERT_EQ(mkdir(place.c_str(), 0700), 0);
      ASSERT_EQ(mount("tmpfs", place.c_str(), "tmpfs", 0, ("size=" + std::to_string(pages * 4) + "k").c_str()), 0);
      const GenerationStore small(place + "/state");
      const ChangeOrder order{kSecond, "mailweir.toml", "", "tester", {}, {}};
      const auto applied = Changes(*bench.kernel, small, bench.clock).apply(order, {});
      enough = applied.has_value();
      refusals += enough ? 0 : 1;
      EXPECT_EQ(bench.in_force(kSecond), enough) << pages;
      EXPECT_EQ(bench.in_force(kFirst), !enough) << pages;
      EXPECT_EQ(small.read_boot().has_value(), enough);
      umount2(place.c_str(), MNT_DETACH);
    }
    EXPECT_TRUE(enough);
    EXPECT_GT(refusals, 2);
  });
}

TEST(Change, TheKernelsRefusalLeavesTheOldTable) {
  in_namespace([](Bench& bench) {
    ASSERT_TRUE(bench.apply(kFirst));
    const auto refused = bench.apply(kSecond + "add rule inet mailweir no_such_chain drop\n");
    ASSERT_FALSE(refused);
    EXPECT_TRUE(bench.in_force(kFirst));
    EXPECT_EQ(bench.store.list().size(), 1U);
  });
}

TEST(Change, TheFingerprintTellsEveryTouchAndNoBlock) {
  in_namespace([](Bench& bench) {
    EXPECT_EQ(*bench.kernel->fingerprint(), "");
    ASSERT_TRUE(bench.apply(kFirst));
    std::string before = *bench.kernel->fingerprint();
    EXPECT_NE(before, "");
    EXPECT_EQ(*bench.kernel->fingerprint(), before);
    const Block blocks[] = {{*IpPrefix::parse("172.16.0.5"), BlockScope::TransferOnly, "mw-1", hours(1), {}, 0}};
    ASSERT_TRUE(bench.kernel->add_blocks(blocks));
    EXPECT_EQ(*bench.kernel->fingerprint(), before);
    for (const char* touch :
         {"add element inet mailweir clients4 { 198.51.100.0/24 }",
          "delete element inet mailweir clients4 { 198.51.100.0/24 }", "add rule inet mailweir mw_mail accept",
          "insert rule inet mailweir mw_forward tcp dport { 1, 2 } return", "add chain inet mailweir extra",
          "add set inet mailweir more { type ipv4_addr; }", "add table inet mailweir { flags dormant; }",
          "flush chain inet mailweir mw_mail"}) {
      ASSERT_TRUE(bench.kernel->load_statements(std::string(touch) + "\n")) << touch;
      const std::string after = *bench.kernel->fingerprint();
      EXPECT_NE(after, before) << touch;
      before = after;
    }
  });
}

TEST(Change, WhatIsRememberedOfTheTableIsForgottenWhenSomebodyTouchesIt) {
  in_namespace([](Bench& bench) {
    ASSERT_TRUE(bench.apply(kFirst));
    const auto known = known_listing(*bench.kernel, bench.store);
    ASSERT_TRUE(known);
    EXPECT_FALSE(known->complete) << "remembered by apply";
    EXPECT_EQ(table_digest(*parse_listing(known->text)), table_digest(*parse_listing(*bench.kernel->listing())));
    ASSERT_TRUE(bench.kernel->load_statements("add element inet mailweir clients4 { 198.51.100.0/24 }\n"));
    const auto touched = known_listing(*bench.kernel, bench.store);
    EXPECT_TRUE(touched->complete);
    EXPECT_NE(touched->text.find("198.51.100.0/24"), std::string::npos);
    EXPECT_FALSE(known_listing(*bench.kernel, bench.store)->complete) << "and then remembered anew";
    const auto plan = plan_change(*bench.kernel, kFirst, &bench.store);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->changes.size(), 1U);
    ASSERT_TRUE(bench.apply(kFirst));
    EXPECT_TRUE(bench.in_force(kFirst));
  });
}

}  // namespace
}  // namespace mailweir
