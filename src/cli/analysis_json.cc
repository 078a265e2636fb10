#include "cli/analysis_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/client_json.h"
#include "report/json.h"

namespace mailweir {

using nlohmann::ordered_json;

void print_analysis_json(const ReplayResult& result, const std::function<void(std::string_view)>& print) {
  auto inputs = ordered_json::array();
  for (const InputReport& input : result.inputs) {
    inputs.push_back({{"file", input.file},
                      {"format", input.format},
                      {"bytes", input.bytes},
                      {"lines", input.lines},
                      {"events", input.events},
                      {"unparsed", input.unparsed},
                      {"mx_queries", input.mx_queries},
                      {"skipped", ordered_json(input.skipped)},
                      {"notes", input.notes}});
  }
  const auto spammers = std::count_if(result.clients.begin(), result.clients.end(),
                                      [](const ClientReport& r) { return r.verdict == Verdict::Spammer; });

  auto answer = json_answer("analyze");
  answer["inputs"] = std::move(inputs);
  answer["from"] = json_time(result.from);
  answer["to"] = json_time(result.to);
  answer["clients"] = nullptr;  // its place
  answer["closed_uplink"] = nullptr;
  if (result.closed_uplink)
    answer["closed_uplink"] = {{"clients", result.closed_uplink->clients}, {"failing", result.closed_uplink->failing}};
  answer["totals"] = {{"clients", result.clients.size()},
                      {"spammers", spammers},
                      {"events", result.events},
                      {"forgotten_clients", result.forgotten_clients},
                      {"lost_events", result.lost_events}};
  const auto client = [&](std::size_t i) { return client_json(result.clients[i]); };
  print_json_with_list(answer, "clients", result.clients.size(), client, print);
}

}  // namespace mailweir
