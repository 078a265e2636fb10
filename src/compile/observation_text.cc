#include "compile/observation_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "base/must.h"
#include "compile/nft_text.h"
#include "compile/rule_writer.h"

namespace mailweir {
namespace {

// nft takes 128 bytes of comment.
constexpr std::size_t kCommentMax = 120;

std::string comment_text(std::string text) {
  text = text.substr(0, kCommentMax);
  const auto is_plain = [](unsigned char c) { return c >= ' ' && c < 0x7f && c != '"' && c != '\\'; };
  std::replace_if(
      text.begin(), text.end(), [&](char c) { return !is_plain(static_cast<unsigned char>(c)); }, '?');
  return text;
}

std::string list_of(const std::vector<std::string>& items) {
  return items.size() == 1 ? items.front() : fmt::format("{{ {} }}", fmt::join(items, ", "));
}

class ObservationText {
 public:
  ObservationText(const Observation& observation, const CompileSettings& settings)
      : what_(merged_of(observation)),
        settings_(settings),
        table_(fmt::format("inet {}{}", kObservationTable, observation.number)) {}

  std::string write() {
    MUST(!what_.ports.empty() && !what_.hooks.empty() && what_.until > what_.since);
    line("create table {} {{ comment \"managed by mailweir: ends by itself\"; }}", table_);
    for (const char* counter : {"seen", "logged"}) line("add counter {} {}", table_, counter);
    line("add set {} while {{ type nf_proto; flags timeout; }}", table_);
    const auto length = std::chrono::duration_cast<std::chrono::seconds>(what_.until - what_.since).count();
    line("add element {0} while {{ ipv4 timeout {1}s, ipv6 timeout {1}s }}", table_, std::max<long>(length, 1));
    write_about();
    for (const RuleHook hook : what_.hooks) write_hook(hook);
    return std::move(text_);
  }

 private:
  template <typename... Arguments>
  void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
    text_ += '\n';
  }

  void about(std::string_view key, const std::string& value) {
    line("add rule {} about return comment \"{}\"", table_, comment_text(fmt::format("{} {}", key, value)));
  }

  void write_about() {
    line("add chain {} about", table_);
    about("by", what_.by);
    about("since", format_time(what_.since));
    about("until", format_time(what_.until));
    about("log", what_.to_kernel_log ? "kernel" : "nflog");
    for (const PortRange& range : what_.ports)
      about("port", range.numbers() + "/" + std::string(name_of(range.transport)));
    for (const IpPrefix& prefix : what_.from) about("from", prefix.text());
    for (const RuleHook hook : what_.hooks) about("hook", std::string(hook_name(hook)));
  }

  void write_hook(RuleHook hook) {
    // Before our own rules and other filters: also what these stop is an attempt.
    line("add chain {} {} {{ type filter hook {} priority filter - 10; policy accept; }}", table_, hook_name(hook),
         hook_name(hook));
    for (const Transport transport : {Transport::Tcp, Transport::Udp}) {
      std::vector<std::string> ports;
      for (const PortRange& range : what_.ports) {
        if (range.transport == transport) ports.push_back(range.numbers());
      }
      if (ports.empty()) continue;
      if (what_.from.empty()) write_rule(hook, transport, list_of(ports), "");
      for (const bool v4 : {true, false}) {
        std::vector<std::string> sources;
        for (const IpPrefix& prefix : what_.from) {
          if (prefix.base().is_v4() == v4) sources.push_back(prefix.text());
        }
        if (sources.empty()) continue;
        write_rule(hook, transport, list_of(ports), fmt::format("{} saddr {} ", v4 ? "ip" : "ip6", list_of(sources)));
      }
    }
  }

  // Programs that talk to this machine's own services are nobody's attempt to reach others.
  static std::string_view not_loopback(RuleHook hook) {
    return hook == RuleHook::Output ? "oif != lo " : hook == RuleHook::Input ? "iif != lo " : "";
  }

  void write_rule(RuleHook hook, Transport transport, const std::string& ports, const std::string& sources) {
    const std::string_view first = transport == Transport::Tcp ? "tcp flags & (fin | syn | rst | ack) == syn " : "";
    std::string log = fmt::format("log prefix \"{}\"", observation_prefix(what_.number));
    if (!what_.to_kernel_log) log += fmt::format(" group {} snaplen 128", settings_.report_group);
    if (what_.to_kernel_log && hook == RuleHook::Output) log += " flags skuid";
    line(
        "add rule {} {} {} dport {} {}{}{}ct state new meta nfproto @while counter name \"seen\" {} counter name "
        "\"logged\" {}",
        table_, hook_name(hook), name_of(transport), ports, first, not_loopback(hook), sources,
        log_limit(what_.to_kernel_log), log);
  }

  // nft refuses lists that overlap.
  static Observation merged_of(Observation observation) {
    observation.ports = merged(std::move(observation.ports));
    observation.from = merged(std::move(observation.from));
    return observation;
  }

  Observation what_;
  const CompileSettings& settings_;
  std::string table_;
  std::string text_;
};

}  // namespace

std::string observation_text(const Observation& observation, const CompileSettings& settings) {
  return ObservationText(observation, settings).write();
}

}  // namespace mailweir
