#include "daemon/model_file.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/keyed_hash.h"

namespace mailweir {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kName = "mailweir.model/";
constexpr int kVersion = 1;
// kServersKept of them take about 2 MB.
constexpr std::size_t kBytesMax = std::size_t{8} << 20;

std::string sum_of(std::string_view text) {
  const KeyedHash hash(KeyedHash::Key{});
  return fmt::format("{:016x}", hash({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
}

Json json_of(const ServerHistory::Kept& kept) {
  return {{"bad", kept.bad},
          {"all", kept.all},
          {"change", kept.change},
          {"busiest", kept.busiest},
          {"hour", kept.hour},
          {"this_hour", kept.this_hour},
          {"quiet_until_s", kept.quiet_until_s}};
}

Json json_of(const ServerLife& life) {
  Json json{{"client", life.client.text()},
            {"first_seen", format_time(life.first_seen)},
            {"last_seen", format_time(life.last_seen)},
            {"score_server", life.score_server},
            {"days_active", life.days_active},
            {"latest_day", life.latest_day},
            {"bad", life.bad},
            {"retried", life.retried},
            {"inbound_networks", life.inbound_networks},
            {"inbound_days", life.inbound_days},
            {"hardware", life.hardware},
            {"learned", life.learned},
            {"was_spammer", life.was_spammer}};
  if (life.history) json["history"] = json_of(*life.history);
  return json;
}

Json json_of(const HazardLearning::Kept& kept) {
  Json days = Json::array();
  for (const HazardLearning::Day& day : kept.days)
    days.push_back({{"reached_25", day.reached_25}, {"reached_submission", day.reached_submission}});
  Json json{{"version", kept.table.version},
            {"learned_at", format_time(kept.table.learned_at)},
            {"transfer", kept.table.transfer},
            {"submission", kept.table.submission},
            {"today", kept.today}};
  json["day_ends"] = kept.day_ends ? Json(format_time(*kept.day_ends)) : Json();
  json["days"] = std::move(days);
  return json;
}

// Reads members; the first that is not as it should be spoils all.
class Reader {
 public:
  [[nodiscard]] bool good() const { return good_; }

  template <typename Number>
  void number(const Json& object, const char* name, Number& to) {
    const Json* value = member(object, name);
    if (value != nullptr) read(*value, to);
  }
  void truth(const Json& object, const char* name, bool& to) {
    const Json* value = member(object, name);
    if (value == nullptr || !value->is_boolean()) return spoil();
    to = value->get<bool>();
  }
  void time(const Json& object, const char* name, Time& to) {
    const Json* value = member(object, name);
    const auto time = value != nullptr && value->is_string() ? parse_time(value->get<std::string>()) : std::nullopt;
    if (!time) return spoil();
    to = *time;
  }
  template <typename Array>
  void numbers(const Json& object, const char* name, Array& to) {
    const Json* value = member(object, name);
    if (value == nullptr || !value->is_array() || value->size() != to.size()) return spoil();
    for (std::size_t i = 0; i < to.size(); ++i) read((*value)[i], to[i]);
  }
  // An array of so many at most.
  const Json& list(const Json& object, const char* name, std::size_t most) {
    static const Json kNone = Json::array();
    const Json* value = member(object, name);
    if (value != nullptr && value->is_array() && value->size() <= most) return *value;
    spoil();
    return kNone;
  }
  const Json* member(const Json& object, const char* name) {
    const auto found = object.is_object() ? object.find(name) : object.end();
    if (!object.is_object() || found == object.end()) {
      spoil();
      return nullptr;
    }
    return &*found;
  }
  void spoil() { good_ = false; }

 private:
  template <typename Number>
  void read(const Json& value, Number& to) {
    if constexpr (std::is_floating_point_v<Number>) {
      if (!value.is_number()) return spoil();
      to = value.get<Number>();
    } else {
      if (!value.is_number_unsigned() || value.get<std::uint64_t>() > std::numeric_limits<Number>::max())
        return spoil();
      to = static_cast<Number>(value.get<std::uint64_t>());
    }
  }
  bool good_ = true;
};

void read_history(Reader& reader, const Json& json, ServerHistory::Kept& kept) {
  reader.number(json, "bad", kept.bad);
  reader.number(json, "all", kept.all);
  reader.number(json, "change", kept.change);
  reader.number(json, "busiest", kept.busiest);
  reader.number(json, "hour", kept.hour);
  reader.number(json, "this_hour", kept.this_hour);
  reader.number(json, "quiet_until_s", kept.quiet_until_s);
}

void read_server(Reader& reader, const Json& json, ServerLife& life) {
  const Json* client = reader.member(json, "client");
  const auto prefix = client != nullptr && client->is_string() ? IpPrefix::parse(client->get<std::string>())
                                                               : std::optional<IpPrefix>();
  if (!prefix) return reader.spoil();
  life.client = *prefix;
  reader.time(json, "first_seen", life.first_seen);
  reader.time(json, "last_seen", life.last_seen);
  reader.number(json, "score_server", life.score_server);
  reader.number(json, "days_active", life.days_active);
  reader.number(json, "latest_day", life.latest_day);
  reader.number(json, "bad", life.bad);
  reader.number(json, "retried", life.retried);
  reader.number(json, "inbound_networks", life.inbound_networks);
  reader.number(json, "inbound_days", life.inbound_days);
  reader.number(json, "hardware", life.hardware);
  reader.truth(json, "learned", life.learned);
  reader.truth(json, "was_spammer", life.was_spammer);
  if (reader.good() && json.contains("history")) read_history(reader, json["history"], life.history.emplace());
}

void read_hazards(Reader& reader, const Json& json, HazardLearning::Kept& kept) {
  reader.number(json, "version", kept.table.version);
  reader.time(json, "learned_at", kept.table.learned_at);
  reader.numbers(json, "transfer", kept.table.transfer);
  reader.numbers(json, "submission", kept.table.submission);
  reader.number(json, "today", kept.today);
  const Json* ends = reader.member(json, "day_ends");
  if (ends != nullptr && !ends->is_null()) reader.time(json, "day_ends", kept.day_ends.emplace());
  const Json& days = reader.list(json, "days", kept.days.size());
  if (days.size() != kept.days.size()) return reader.spoil();
  for (std::size_t i = 0; i < kept.days.size(); ++i) {
    reader.numbers(days[i], "reached_25", kept.days[i].reached_25);
    reader.numbers(days[i], "reached_submission", kept.days[i].reached_submission);
  }
}

auto not_ours() { return fail(ErrorCode::BadInput, "this is no model that a guard wrote"); }

}  // namespace

std::string model_file(const std::string& state_dir) { return state_dir + "/model.json"; }
std::string broken_model_file(const std::string& state_dir) { return state_dir + "/model.broken"; }

std::string print_model(const LearnedModel& model) {
  Json servers = Json::array();
  for (const ServerLife& life : model.servers) servers.push_back(json_of(life));
  const Json json{{"hazards", json_of(model.hazards)}, {"servers", std::move(servers)}, {"left_out", model.left_out}};
  return seal_model(json.dump(1) + "\n");
}

std::string seal_model(std::string_view body) {
  return fmt::format("{}{} {}\n{}", kName, kVersion, sum_of(body), body);
}

Result<LearnedModel> parse_model(std::string_view text) {
  if (text.size() > kBytesMax || !text.starts_with(kName)) return not_ours();
  const std::string_view body = text.substr(std::min(text.find('\n'), text.size() - 1) + 1);
  std::string_view head = text.substr(kName.size(), text.size() - body.size() - kName.size());
  int version = 0;
  const auto [end, error] = std::from_chars(head.data(), head.data() + head.size(), version);
  if (error != std::errc() || version < 1) return not_ours();
  if (version > kVersion) {
    return fail(ErrorCode::Unsupported,
                fmt::format("it has version {}, written by a newer mailweir; this one reads {}", version, kVersion));
  }
  head.remove_prefix(static_cast<std::size_t>(end - head.data()));
  if (head != fmt::format(" {}\n", sum_of(body))) return fail(ErrorCode::BadInput, "it is damaged: its sum is wrong");

  const Json json = Json::parse(body, nullptr, false);
  LearnedModel model;
  Reader reader;
  if (const Json* hazards = reader.member(json, "hazards")) read_hazards(reader, *hazards, model.hazards);
  const Json& servers = reader.list(json, "servers", LearnedModel::kServersKept);
  model.servers.resize(servers.size());
  for (std::size_t i = 0; i < servers.size(); ++i) read_server(reader, servers[i], model.servers[i]);
  reader.number(json, "left_out", model.left_out);
  if (!reader.good() || !is_possible(model.hazards)) return not_ours();
  for (const ServerLife& life : model.servers) {
    if (!is_possible(life)) return not_ours();
  }
  return model;
}

}  // namespace mailweir
