#include "cli/clients.h"

#include <gtest/gtest.h>

#include "daemon/live_state.h"
#include "tests/support/mail_client.h"

namespace mailweir {
namespace {

using testing::MailClient;
using testing::server;

class ClientsText : public ::testing::Test {
 protected:
  ClientsText() {
    const auto tell = [this](const ConnectionEvent& event) { detector.observe(event); };
    MailClient bot("172.16.0.66", tell);
    for (unsigned i = 0; i < 20; ++i)
      bot.wait(std::chrono::seconds(6)).connects(server(i), i % 2 == 0 ? Outcome::Refused : Outcome::Short);
    MailClient user("172.16.0.5", tell);
    user.connects(server(1), Outcome::Delivered, 587).connects(server(1), Outcome::Delivered, 587);
    answer = live_state(detector, {.bytes_counted = true}, testing::kMorning);
  }
  std::string text(const ClientsOptions& options) const {
    const auto made = clients_text(answer, options, {});
    return made ? *made : "error: " + made.error().text();
  }
  static bool has(const std::string& text, std::string_view words) { return text.find(words) != std::string::npos; }

  Detector detector{{}, KeyedHash(KeyedHash::Key{})};
  std::string answer;
};

TEST_F(ClientsText, ShowsWhomToLookAtAndCountsTheOthers) {
  EXPECT_TRUE(has(text({}), "172.16.0.66")) << text({});
  EXPECT_FALSE(has(text({}), "172.16.0.5 "));
  EXPECT_TRUE(has(text({}), "1 client more without any sign of spam")) << text({});
  EXPECT_TRUE(has(text({.all = true}), "172.16.0.5 "));
}

TEST_F(ClientsText, TellsOneClientsEvidence) {
  const std::string one = text({.client = "172.16.0.66"});
  EXPECT_TRUE(has(one, "new mail networks on port 25")) << one;
  EXPECT_TRUE(has(one, "together")) << one;
  EXPECT_TRUE(has(text({.client = "172.16.0.77"}), "is not among the clients")) << text({.client = "172.16.0.77"});
}

TEST_F(ClientsText, ShowsTheModel) {
  EXPECT_TRUE(has(text({.model = true}), "shipped one")) << text({.model = true});
  EXPECT_TRUE(has(text({.model = true}), "after 7"));
}

TEST_F(ClientsText, SurvivesWhatIsNoAnswer) {
  for (const char* wrong : {"", "{", "[]", "{\"clients\":1}", "{\"clients\":[{}]}"}) {
    EXPECT_FALSE(clients_text(wrong, {}, {})) << wrong;
    EXPECT_FALSE(clients_text(wrong, {.model = true}, {})) << wrong;
  }
}

}  // namespace
}  // namespace mailweir
