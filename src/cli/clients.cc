#include "cli/clients.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/escape.h"
#include "cli/give_up.h"
#include "daemon/live_state.h"
#include "report/json.h"
#include "report/layout.h"
#include "report/words.h"
#include "sys/answer_socket.h"
#include "sys/state_file.h"

namespace mailweir {
namespace {

using Json = nlohmann::ordered_json;

Result<std::string> answer_of(const ClientsOptions& options, const CommonOptions& common) {
  if (!options.file.empty()) return read_state_file(options.file);
  auto answer = ask(live_socket(common.runtime_dir));
  if (!answer && answer.error().code() == ErrorCode::NotFound)
    return fail(ErrorCode::NotRunning, "no guard answers in " + common.runtime_dir + ": is `mailweir run` running?");
  return answer;
}

std::string score_text(const Json& score) { return fmt::format("{:.1f}", score.get<double>()); }

// What a person asks first: whom to look at. Scores below nought are those of people who use mail.
bool is_worth_a_look(const Json& client) {
  return client.at("verdict") == "spammer" || client.at("score").at("user").get<double>() > 0;
}

std::string shown(const Json& text) { return escape(text.get<std::string>(), 400); }

std::string all_clients(const Json& answer, const ClientsOptions& options, const Screen& screen) {
  Table table({{"client"},
               {"verdict"},
               {"score", Table::Align::Right},
               {"server", Table::Align::Right},
               {"connections", Table::Align::Right},
               {"networks", Table::Align::Right}});
  std::size_t left = 0;
  for (const Json& client : answer.at("clients")) {
    if (!options.all && !is_worth_a_look(client)) {
      ++left;
      continue;
    }
    const bool bad = client.at("verdict") == "spammer";
    table.add({shown(client.at("client")), shown(client.at("verdict")), score_text(client.at("score").at("user")),
               score_text(client.at("score").at("server")), count_text(client.at("attempts").get<std::uint64_t>()),
               count_text(client.at("groups").get<std::uint64_t>())},
              bad ? shown(client.at("reason")) : std::string(), bad ? Style::Bad : Style::Plain);
  }
  std::string text = table.text(screen.width, screen.paint);
  const Json& totals = answer.at("totals");
  text += "\n";
  if (left > 0)
    text += wrap(fmt::format("{} more without any sign of spam (--all shows them)", count_of(left, "client")),
                 screen.width, 2);
  text += wrap(fmt::format("{} remembered, {} of them in detail; {} turned away before anybody answered",
                           count_of(totals.at("clients").get<std::uint64_t>(), "client"),
                           count_text(totals.at("in_detail").get<std::uint64_t>()),
                           count_of(totals.at("turned_away").get<std::uint64_t>(), "first packet")),
               screen.width, 2);
  if (answer.at("uplink").at("closed").get<bool>())
    text +=
        wrap(fmt::format("Port 25 fails for {} of {} clients: it seems closed further up, and says nothing about them.",
                         answer.at("uplink").at("failing").get<unsigned>(),
                         answer.at("uplink").at("clients").get<unsigned>()),
             screen.width, 2);
  return text;
}

// Evidence adds up to the score.
std::string one_client(const Json& client, const Screen& screen) {
  std::string text =
      screen.paint(Style::Strong, shown(client.at("client"))) + "  " + shown(client.at("verdict")) + "\n";
  text += wrap(shown(client.at("reason")), screen.width, 2) + "\n";
  Table table({{"nats", Table::Align::Right}, {"evidence"}});
  for (const Json& evidence : client.at("evidence"))
    table.add({fmt::format("{:+.1f}", evidence.at("nats").get<double>()), shown(evidence.at("text"))});
  table.add({score_text(client.at("score").at("user")), "together: its score against ordinary users"});
  return text + table.text(screen.width, screen.paint);
}

std::string hazards(const Json& model, const char* title, const char* learned, const char* shipped,
                    const Screen& screen) {
  Table table({{title}, {"now", Table::Align::Right}, {"as shipped", Table::Align::Right}});
  for (std::size_t i = 0; i < model.at(learned).size(); ++i) {
    table.add({fmt::format("after {}", i), fmt::format("{:.1f} %", 100 * model.at(learned).at(i).get<double>()),
               fmt::format("{:.1f} %", 100 * model.at(shipped).at(i).get<double>())});
  }
  return table.text(screen.width, screen.paint);
}

std::string servers_text(const Json& model, const Screen& screen) {
  if (model.at("servers").empty()) return "Nobody was learned to be a mail server here.\n";
  Table table({{"mail server"}, {"since"}, {"score", Table::Align::Right}});
  for (const Json& server : model.at("servers"))
    table.add({shown(server.at("client")), shown(server.at("since")), score_text(server.at("score_server"))});
  return "Learned to be mail servers, and not registered:\n\n" + table.text(screen.width, screen.paint);
}

// Kept over a restart.
std::string kept_text(const Json& model) {
  const Json& kept = model.at("kept_at");
  return kept.is_null() ? "Nothing of it is written down yet.\n"
                        : fmt::format("Kept over a restart; last written {}.\n", shown(kept));
}

std::string model_text(const Json& model, const Screen& screen) {
  const auto version = model.at("version").get<unsigned>();
  const bool learns = model.at("learning").get<bool>();
  std::string text = !learns ? "The model is the shipped one: learning = false in the policy freezes it.\n"
                     : version == 0
                         ? "The model is the shipped one: too little was learned here so far.\n"
                         : fmt::format("Version {}, learned at {}.\n", version, shown(model.at("learned_at")));
  text += wrap(
      "How many of a hundred ordinary clients that contacted so many mail networks contact one more:", screen.width, 0);
  return text + "\n" + hazards(model, "port 25", "transfer", "shipped_transfer", screen) + "\n" +
         hazards(model, "465, 587", "submission", "shipped_submission", screen) + "\n" + servers_text(model, screen) +
         kept_text(model);
}

}  // namespace

Result<std::string> clients_text(const std::string& answer, const ClientsOptions& options, const Screen& screen) {
  const Json json = Json::parse(answer, nullptr, false);
  try {
    if (options.model) return model_text(json.at("model"), screen);
    if (options.client.empty()) return all_clients(json, options, screen);
    const auto wanted = IpPrefix::parse(options.client);
    for (const Json& client : json.at("clients")) {
      const auto prefix = IpPrefix::parse(client.at("client").get<std::string>());
      if (wanted && prefix && prefix->contains(*wanted)) return one_client(client, screen);
    }
  } catch (const Json::exception&) {
    return fail(ErrorCode::BadInput, "this is not an answer of `mailweir clients --json`");
  }
  return fail(ErrorCode::NotFound, escape(options.client, 64) + " is not among the clients that sent mail");
}

int clients(const ClientsOptions& options, const CommonOptions& common) {
  if (!options.client.empty() && !IpPrefix::parse(options.client))
    return give_up(Error(ErrorCode::BadInput, escape(options.client, 64) + " is not an address"));
  const auto answer = answer_of(options, common);
  if (!answer) return give_up(answer.error());
  if (common.json) {
    std::fputs(answer->c_str(), stdout);
    return 0;
  }
  const auto text = clients_text(*answer, options, screen_of(stdout, common));
  if (!text && text.error().code() == ErrorCode::NotFound) {
    fmt::print(stderr, "{}\n", text.error().text());
    return 1;
  }
  if (!text) return give_up(text.error());
  std::fputs(text->c_str(), stdout);
  return 0;
}

}  // namespace mailweir
