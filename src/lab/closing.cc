#include "lab/closing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "report/json.h"
#include "report/layout.h"
#include "report/words.h"

namespace mailweir::lab {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kWidth = 100;  // of the closing table, on any terminal

template <typename T>
Json quantile_json(const std::vector<T>& values, double share) {
  const auto value = quantile(values, share);
  return value ? Json(*value) : Json(nullptr);
}

std::string milliseconds_text(const std::vector<double>& microseconds, double share) {
  const auto value = quantile(microseconds, share);
  return value ? fmt::format("{:.2f} ms", *value / 1e3) : "-";
}

std::string connections_text(const std::vector<std::uint32_t>& connections, double share) {
  const auto value = quantile(connections, share);
  return value ? count_text(*value) : "-";
}

Json story_json(const Story& story) {
  return {{"client", story.address.text()},
          {"kind", name_of(story.trade)},
          {"connections", story.opened},
          {"accepted", story.accepted},
          {"blocked_after", story.blocked_after ? Json(*story.blocked_after) : Json(nullptr)},
          {"packet_to_block_us", story.packet_to_block_us ? Json(*story.packet_to_block_us) : Json(nullptr)}};
}

// One line per kind of client instead of one per client.
std::string kinds_text(const Figures& figures, const Painter& paint) {
  Table table({{"who"},
               {"of them", Table::Align::Right},
               {"blocked", Table::Align::Right},
               {"after connections", Table::Align::Right},
               {"mail accepted", Table::Align::Right}});
  for (std::size_t i = 0; i < figures.stories.size();) {
    const Trade trade = figures.stories[i].trade;
    std::uint32_t count = 0, blocked = 0, accepted = 0;
    std::vector<std::uint32_t> after;
    for (; i < figures.stories.size() && figures.stories[i].trade == trade; ++i) {
      const Story& story = figures.stories[i];
      ++count;
      accepted += story.accepted;
      if (!story.blocked_after) continue;
      ++blocked;
      after.push_back(*story.blocked_after);
    }
    std::ranges::sort(after);
    const bool as_it_should = is_server(trade) ? blocked == 0 : blocked == count || trade == Trade::AccountThief;
    table.add({std::string(name_of(trade)), count_text(count), count_text(blocked),
               after.empty() ? "-" : fmt::format("{}", fmt::join(after, " ")), count_text(accepted)},
              {}, as_it_should ? Style::Plain : Style::Bad);
  }
  return table.text(kWidth, paint);
}

}  // namespace

std::string closing_json(const Closing& closing) {
  const Figures& figures = closing.figures;
  Json json = json_answer("demo");
  json["clients"] = figures.clients;
  json["bots"] = figures.bots;
  json["bots_other"] = figures.bots_other;
  json["bots_blocked"] = figures.bots_blocked;
  json["honest_blocked"] = figures.honest_blocked;
  json["servers_blocked"] = figures.servers_blocked;
  json["connections_to_block"] = {{"median", quantile_json(figures.connections_to_block, 0.5)},
                                  {"p90", quantile_json(figures.connections_to_block, 0.9)}};
  json["packet_to_block_us"] = {{"median", quantile_json(figures.packet_to_block_us, 0.5)},
                                {"p99", quantile_json(figures.packet_to_block_us, 0.99)}};
  json["mail_delivered"] = {{"honest", figures.mail_honest}, {"spam_before_block", figures.spam_before_block}};
  json["lost_events"] = figures.lost_events;
  json["seconds"] = std::round(closing.seconds * 1e3) / 1e3;
  json["bots_other_blocked"] = figures.bots_other_blocked;
  json["mail_delivered"]["spam_after_block"] = figures.spam_after_block;
  json["mail_delivered"]["stolen_accounts"] = figures.mail_thieves;
  json["honest_cut"] = figures.honest_cut;
  json["honest_given_up"] = figures.honest_given_up;
  json["connections"] = figures.connections;
  json["expected"] = expectation_held(figures);
  json["seed"] = closing.seed;
  json["stories"] = Json::array();
  for (const Story& story : figures.stories) json["stories"].push_back(story_json(story));
  return print_json(json);
}

std::string verdict_sentence(const Figures& figures) {
  std::string harmed;
  if (figures.honest_blocked > 0) harmed = count_of(figures.honest_blocked, "honest client");
  if (figures.servers_blocked > 0) {
    harmed += (harmed.empty() ? "" : " and ") + count_of(figures.servers_blocked, "mail server");
  }
  const std::string others = harmed.empty() ? "no honest client and no mail server was touched"
                                            : harmed + " should not have been blocked and was";
  if (figures.bots == 0) return fmt::format("No bot made {} connections; {}.", kBotConnectionsMin, others);
  if (figures.bots_blocked < figures.bots) {
    return fmt::format("{} of {} got away; {}.", figures.bots - figures.bots_blocked, count_of(figures.bots, "bot"),
                       others);
  }
  const std::string all = figures.bots == 1 ? "The bot was" : fmt::format("All {} bots were", figures.bots);
  return fmt::format("{} cut off, after {} connections (median); {}.", all,
                     connections_text(figures.connections_to_block, 0.5), others);
}

std::string closing_text(const Closing& closing, const Painter& paint) {
  const Figures& figures = closing.figures;
  std::string bots = fmt::format("{} of {} on port 25", figures.bots_all_blocked, figures.bots_all);
  if (figures.bots < figures.bots_all) {
    bots +=
        fmt::format(" ({} of {} with {} connections or more)", figures.bots_blocked, figures.bots, kBotConnectionsMin);
  }
  std::string out = paint(expectation_held(figures) ? Style::Good : Style::Bad, verdict_sentence(figures)) + "\n\n";
  const auto row = [&](std::string_view what, const std::string& value) {
    out += fmt::format("  {:<28} {}\n", what, value);
  };
  row("bots blocked",
      fmt::format("{}; {} of {} account thieves on 465 and 587", bots, figures.bots_other_blocked, figures.bots_other));
  row("harmed by mistake",
      fmt::format("{}, {}; {} cut", count_of(figures.honest_blocked, "honest client"),
                  count_of(figures.servers_blocked, "mail server"), count_of(figures.honest_cut, "honest connection")));
  row("connections until the block",
      fmt::format("median {}, 90 % within {}", connections_text(figures.connections_to_block, 0.5),
                  connections_text(figures.connections_to_block, 0.9)));
  row("from packet to block",
      fmt::format("median {}, 99 % within {}", milliseconds_text(figures.packet_to_block_us, 0.5),
                  milliseconds_text(figures.packet_to_block_us, 0.99)));
  row("mail delivered", fmt::format("honest {}; spam {} before the blocks, {} after; through stolen accounts {}",
                                    count_text(figures.mail_honest), count_text(figures.spam_before_block),
                                    count_text(figures.spam_after_block), count_text(figures.mail_thieves)));
  row("traffic",
      fmt::format("{} connections of {} in {:.0f} s, {} lost", count_text(figures.connections),
                  count_of(figures.clients, "client"), closing.seconds, count_of(figures.lost_events, "event")));
  out += "\n" + kinds_text(figures, paint);
  out +=
      "\nEverything was real but the people: TCP through a masquerading gateway, every SMTP command, the kernel's "
      "sets.\n"
      "Only TLS on 465 and 587 was imitated, in shape and size. A minute of life took about a second.\n"
      "Nothing on this machine was changed; the laboratory ends with this program.\n"
      "\nNext:\n"
      "  mailweir analyze /var/log/kern.log    who sends spam through this machine, from its own logs\n"
      "  mailweir check mailweir.toml          is my policy valid?\n"
      "  mailweir run --watch-only             on a gateway: find, but do not block\n";
  return out;
}

}  // namespace mailweir::lab
