#include "lint/fix.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "lint/stage.h"
#include "lint/subject.h"
#include "record/packet_sighting.h"

namespace mailweir::rules {
namespace {

struct Regression {
  SimulatedPacket packet;
  Way way = Way::In;
  std::string fate;
};

std::string fate_of(const Stage& stage, const SimulatedPacket& packet, Way way) {
  std::string text;
  for (const World& world : stage.play(packet, way).worlds.worlds) {
    text += name_of(world.fates.front().kind);
    text += ';';
  }
  return text;
}

bool is_of_packet(const PacketBox& box, const SimulatedPacket& packet) {
  return std::ranges::all_of(box.fields(), [&](const FieldValues& values) {
    if (values.field == Field::ConnectionState && packet.asserted_state)
      return values.values.contains(connection_state_value(*packet.asserted_state));
    if (packet.values.knowledge_of(values.field) == Knowledge::Absent) return values.absent;
    return values.values.contains(packet.values.value(values.field));
  });
}

class Fixer {
 public:
  Fixer(const Ruleset& ruleset, const LintReport& report, const LintOptions& options)
      : ruleset_(ruleset), report_(report), options_(options) {}

  Fixes run() {
    std::map<std::string_view, std::vector<std::size_t>> by_check;
    for (std::size_t i = 0; i != report_.findings.size(); ++i) {
      ++count_[report_.findings[i].id];
      if (!report_.findings[i].edits.empty()) by_check[report_.findings[i].number].push_back(i);
    }
    if (by_check.empty()) return {};
    gather_packets();
    fixes_.packets_kept = packets_.size();
    for (const auto& [number, findings] : by_check) {
      const std::string why = try_with(findings);
      if (why.empty()) continue;
      if (findings.size() == 1) {
        fixes_.left.push_back({findings[0], why});
        continue;
      }
      std::size_t tried = 0;
      for (const std::size_t finding : findings) {
        const std::string own_why =
            tried++ < Fixes::kSinglesMax ? try_with({finding}) : std::string("too many of them to be tried one by one");
        if (!own_why.empty()) fixes_.left.push_back({finding, own_why});
      }
    }
    return std::move(fixes_);
  }

 private:
  using Counts = std::map<std::string_view, std::size_t>;

  void add_packet(const std::optional<SimulatedPacket>& packet, Way way) {
    if (packet && packets_.size() < Fixes::kPacketsMax)
      packets_.push_back({*packet, way, fate_of(before_, *packet, way)});
  }

  // What every machine lives by, both families, all three ways.
  void gather_usual(bool v4) {
    struct Usual {
      std::uint8_t protocol;
      std::uint16_t port;
      ConnectionState state;
    };
    constexpr Usual kUsual[] = {
        {kTcp, 22, ConnectionState::New},          {kTcp, 22, ConnectionState::Established},
        {kTcp, 25, ConnectionState::New},          {kTcp, 25, ConnectionState::Established},
        {kTcp, 465, ConnectionState::New},         {kTcp, 587, ConnectionState::New},
        {kTcp, 993, ConnectionState::New},         {kUdp, 53, ConnectionState::New},
        {kTcp, 53, ConnectionState::New},          {kUdp, 53, ConnectionState::Established},
        {kTcp, 80, ConnectionState::New},          {kTcp, 443, ConnectionState::New},
        {kTcp, 443, ConnectionState::Established}, {kTcp, 50000, ConnectionState::Invalid},
        {kTcp, 50000, ConnectionState::New},
    };
    for (const Way way : {Way::In, Way::Through, Way::Out})
      for (const bool looped : {false, true})
        for (const Usual& usual : kUsual) {
          PacketBox box;
          box.constrain(FieldValues{Field::Protocol, IntervalSet::single(usual.protocol), false});
          box.constrain(FieldValues{Field::DestinationPort, IntervalSet::single(usual.port), false});
          box.constrain(FieldValues{Field::ConnectionState, values_of(usual.state), false});
          if (looped) {
            const IntervalSet lo = IntervalSet::single(interface_value("lo"));
            box.constrain(FieldValues{way == Way::Out ? Field::OutputInterface : Field::InputInterface, lo, false});
          }
          add_packet(sample_packet(box, way, v4), way);
        }
  }

  void gather_packets() {
    for (const bool v4 : {true, false}) gather_usual(v4);
    LintSubject subject(ruleset_, nullptr);
    const std::size_t step = subject.rules().size() * 2 / Fixes::kPacketsMax + 1;
    for (std::size_t i = 0; i < subject.rules().size(); i += step) {
      const RulePlace& place = subject.rules()[i];
      for (const Hook hook : subject.hooks_of(*place.chain)) {
        const auto way = way_of(hook);
        if (!way) continue;
        const PacketBox box =
            subject.spaces().space_of(*place.rule).box.intersected(packets_at(hook, place.table->family));
        for (const bool v4 : {true, false}) add_packet(sample_packet(box, *way, v4), *way);
      }
    }
  }

  [[nodiscard]] std::string changed_packet(const Ruleset& changed, const std::vector<std::size_t>& findings) const {
    const Stage after(changed);
    for (const Regression& one : packets_) {
      const auto meant = [&](std::size_t finding) {
        return std::ranges::any_of(report_.findings[finding].may_change,
                                   [&](const PacketBox& box) { return is_of_packet(box, one.packet); });
      };
      if (std::ranges::any_of(findings, meant) || std::ranges::any_of(fixes_.mended, meant)) continue;
      if (fate_of(after, one.packet, one.way) != one.fate)
        return fmt::format("it would change what becomes of {}", packet_text(one.packet));
    }
    return {};
  }

  // Makes the edits of these findings part of the answer. Empty: done; else why not.
  std::string try_with(const std::vector<std::size_t>& findings) {
    std::vector<RuleEdit> edits = fixes_.edits;
    const std::size_t before = edits.size();
    for (const std::size_t finding : findings)
      for (const RuleEdit& edit : report_.findings[finding].edits)
        if (std::ranges::find(edits, edit) == edits.end()) edits.push_back(edit);
    if (edits.size() == before) {  // another fix does it already
      fixes_.mended.insert(fixes_.mended.end(), findings.begin(), findings.end());
      return {};
    }
    const auto changed = apply_edits(ruleset_, edits);
    if (!changed) return changed.error().text();
    if (std::string why = changed_packet(*changed, findings); !why.empty()) return why;
    LintOptions again = options_;
    again.sources = {};
    again.remarks = {};
    const LintReport after = lint(*changed, again);
    Counts counts;
    for (const Finding& finding : after.findings) ++counts[finding.id];
    const std::string_view id = report_.findings[findings[0]].id;
    const std::size_t expected = count_[id] - std::min(count_[id], findings.size());
    if (counts[id] > expected) return "the finding would still be there";
    for (const auto& [each, count] : counts)
      if (count > count_[each]) return fmt::format("it would bring about {}", each);
    count_ = std::move(counts);
    fixes_.edits = std::move(edits);
    fixes_.mended.insert(fixes_.mended.end(), findings.begin(), findings.end());
    return {};
  }

  const Ruleset& ruleset_;
  const LintReport& report_;
  const LintOptions& options_;
  Stage before_{ruleset_};
  std::vector<Regression> packets_;
  Counts count_;
  Fixes fixes_;
};

}  // namespace

Fixes verified_fixes(const Ruleset& ruleset, const LintReport& report, const LintOptions& options) {
  return Fixer(ruleset, report, options).run();
}

}  // namespace mailweir::rules
