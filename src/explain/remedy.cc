#include "explain/remedy.h"

#include <fmt/format.h>

#include <algorithm>

#include "explain/edit_words.h"
#include "explain/remedy_trial.h"
#include "record/packet_sighting.h"

namespace mailweir::rules {
namespace {

constexpr unsigned kToAll = 3, kToGroup = 5;  // RTN_BROADCAST, RTN_MULTICAST of linux/rtnetlink.h

struct Proposal {
  Remedy remedy;
  std::vector<std::string_view> meant;  // groups of everyday traffic it means to change
};

class Proposer {
 public:
  explicit Proposer(const LineCase& line_case) : c_(line_case), rule_(*line_case.rule()) {}

  std::vector<Proposal> all(const std::vector<LineCause>& causes) {
    for (const LineCause& cause : causes) propose(cause.id);
    return std::move(proposals_);
  }

 private:
  void propose(std::string_view id) {
    if (id == "reset-by-reject" || id == "reset-by-closed-port" || id == "icmp-error-sent") answers();
    if (id == "late-packet" || id == "asymmetric-routing" || id == "backscatter") strays();
    if (id == "established-too-late") move_established();
    if (id == "established-missing") accept_established();
    if (id == "icmp-error") errors();
    if (id == "loopback") accept_loopback();
    if (id == "broadcast-noise") silence_type(kToAll, "broadcasts");
    if (id == "multicast-noise") silence_type(kToGroup, "multicasts");
    if (id == "neighbour-discovery") accept_discovery();
    if (id == "dns-over-tcp") accept_new("Allow DNS over TCP, as DNS over UDP is", "DNS over TCP", false);
    if (id == "mail-retry") silence_mail();
    if (id == "not-allowed") offer();
    if (id == "ping-answered" && c_.can_be(ConnectionState::Established)) accept_established();
  }

  void add(std::string text, RuleEdit edit, std::vector<std::string_view> meant = {}, bool optional = false) {
    Proposal proposal;
    proposal.remedy.text = std::move(text);
    proposal.remedy.commands = commands_of(*c_.rules, edit);
    proposal.remedy.edits.push_back(std::move(edit));
    proposal.remedy.optional = optional;
    proposal.meant = std::move(meant);
    for (const Proposal& other : proposals_)
      if (other.remedy.edits == proposal.remedy.edits) return;
    proposals_.push_back(std::move(proposal));
  }

  // In front of the rule that logs, with what becomes of the packet anyway: only the line goes.
  void silence(std::string text, RuleWish wish) {
    wish.verdict = c_.is_stopped() ? Verdict::Kind::Drop : Verdict::Kind::Accept;
    const RulePlace end = end_of(rule_.fate);
    if (rule_.fate.kind == PacketFate::Kind::Rejected && end.rule != nullptr)
      for (const RulePart& part : end.rule->parts)
        if (const auto* reject = std::get_if<Reject>(&part)) wish.reject = *reject;
    add(std::move(text), insertion(rule_.place, rule_.place.number, wish));
  }

  // Where packets that must not be answered are taken without being asked for their state.
  void answers() {
    const EarlierPacket* invalid = nullptr;
    for (const EarlierPacket& earlier : c_.earlier)
      if (earlier.state == ConnectionState::Invalid && earlier.taken_by.chain != nullptr) invalid = &earlier;
    if (invalid != nullptr) drop_invalid_early(invalid->taken_by);
    RuleWish wish;
    wish.states = {c_.state()};
    wish.protocol = c_.line().seen.packet.protocol();
    if (c_.is_tcp()) wish.tcp_flag = tcp_flag::kRst;
    if (c_.is_tcp())
      silence(
          fmt::format("Let resets that are {} pass {} without a line", name_of(c_.state()), rule_.place.chain->name),
          wish);
  }

  void drop_invalid_early(const RulePlace& base) {
    const std::size_t end = base.chain->rules.size() + 1;
    std::size_t first = end, last = 0;
    for (const auto* list : {&c_.earlier, &c_.elsewhere})
      for (const EarlierPacket& earlier : *list) {
        if (earlier.taken_by.chain != base.chain) continue;
        const std::size_t number = earlier.taken_by.rule == nullptr ? end : earlier.taken_by.number;
        first = std::min(first, number);
        last = std::max(last, number);
      }
    RuleWish wish;
    wish.states = {ConnectionState::Invalid};
    const std::string chain = base.chain->name;
    const auto at = [&](std::size_t number) { return insertion(base, number, wish); };
    const auto name = [&](std::size_t number) {
      return number >= end ? fmt::format("the policy of {}", chain)
                           : fmt::format("{} {} ({})", chain, number,
                                         text_of({base.table, base.chain, &base.chain->rules[number - 1], 0}));
    };
    add(fmt::format(
            "Drop INVALID packets in {} before {}, the first rule that takes such packets without asking for their "
            "state: what belongs to no connection is then not answered at all",
            chain, name(first)),
        at(first));
    if (first < last) add(fmt::format("The same drop after {}", name(first)), at(first + 1));
    if (last < end) add(fmt::format("The same drop after {}", name(last)), at(last + 1));
  }

  void strays() {
    if (!c_.earlier.empty()) return answers();
    if (c_.state() != ConnectionState::Invalid) return;
    RuleWish wish;
    wish.states = {ConnectionState::Invalid};
    const std::string silent = fmt::format("Take INVALID packets out of the log: before {}", name_of(rule_.place));
    if (!c_.is_stopped() && c_.line().way == Hook::Output) return silence(silent, wish);
    // Not refused, even where they were: an answer to them can end a healthy connection.
    add(c_.is_stopped() ? silent : fmt::format("Drop INVALID packets before {}", name_of(rule_.place)),
        insertion(rule_.place, rule_.place.number, wish));
  }

  void move_established() {
    RuleEdit edit;
    edit.kind = RuleEdit::Kind::Move;
    edit.family = rule_.place.table->family;
    edit.table = rule_.place.table->name;
    edit.chain = rule_.place.chain->name;
    edit.number = c_.established_later->number;
    edit.before = rule_.place.number;
    add(fmt::format("Move {}, which accepts replies, before {}", name_of(*c_.established_later), name_of(rule_.place)),
        std::move(edit), everything_stopped());
  }

  void accept_established() {
    RuleWish wish;
    wish.states = {ConnectionState::Established, ConnectionState::Related};
    wish.verdict = Verdict::Kind::Accept;
    add(fmt::format("Accept packets of open connections, before {}", name_of(rule_.place)),
        insertion(rule_.place, rule_.place.number, wish), everything_stopped());
  }

  // Accepting replies repairs whatever they were stopped for.
  [[nodiscard]] static std::vector<std::string_view> everything_stopped() {
    return {"ssh", "mail", "web", "DNS", "DNS over TCP", "established traffic", "forwarded traffic", "loopback"};
  }

  void errors() {
    RuleWish wish;
    if (c_.can_be(ConnectionState::Related)) {
      wish.states = {ConnectionState::Related};
      wish.protocol = c_.line().seen.packet.protocol();
      wish.verdict = Verdict::Kind::Accept;
      add("Accept ICMP errors about our own connections (RELATED)", insertion(rule_.place, rule_.place.number, wish),
          {"established traffic"});
    }
    strays();
  }

  void accept_loopback() {
    if (c_.line().in != "lo" && c_.line().out != "lo") return;  // forged: that it is stopped is right
    RuleWish wish;
    (rule_.hook == Hook::Output ? wish.out : wish.in) = "lo";
    wish.verdict = Verdict::Kind::Accept;
    add("Accept everything on lo, as the first rule", insertion(rule_.place, 1, wish), {"loopback"});
  }

  void silence_type(unsigned type, std::string_view what) {
    RuleWish wish;
    const PacketValues& values = c_.values();
    const bool directed = type == kToAll && values.is_known(Field::DestinationAddress) &&
                          !is_broadcast(values.address(Field::DestinationAddress));
    if (directed)  // a network's own broadcast address
      wish.destination = values.address(Field::DestinationAddress);
    else
      wish.destination_type = type;
    silence(fmt::format("Take {} out of the log: before {}", what, name_of(rule_.place)), wish);
  }

  void accept_discovery() {
    RuleWish wish;
    wish.protocol = kIcmp6;
    wish.icmp_types = {133, 136};  // RFC 4861
    wish.verdict = Verdict::Kind::Accept;
    add("Accept neighbour discovery: IPv6 needs it", insertion(rule_.place, rule_.place.number, wish));
  }

  void accept_new(std::string text, std::string_view meant, bool optional) {
    RuleWish wish;
    wish.protocol = c_.line().seen.packet.protocol();
    wish.port = static_cast<std::uint16_t>(c_.port(Field::DestinationPort));
    wish.verdict = Verdict::Kind::Accept;
    add(std::move(text), insertion(rule_.place, rule_.place.number, wish), {meant}, optional);
  }

  void silence_mail() {
    RuleWish wish;
    wish.protocol = kTcp;
    wish.port = static_cast<std::uint16_t>(c_.port(Field::DestinationPort));
    silence(fmt::format("{} mail to port {} without a line; the better remedy is to find who sends it",
                        c_.is_stopped() ? "Stop" : "Let through", *wish.port),
            wish);
  }

  void offer() {
    if (c_.group->scan || c_.port(Field::DestinationPort) == 0) return;
    const std::uint32_t port = c_.port(Field::DestinationPort);
    if (!is_service_port(port) && c_.line().way == Hook::Input) return;  // a scan's port: nobody wants it open
    const std::string_view group = port == 22 ? "ssh" : port == 53 ? "DNS" : port == 443 ? "web" : "mail";
    accept_new(fmt::format("Accept {} before {}, if it is wanted", port_words(port), name_of(rule_.place)), group,
               true);
  }

  const LineCase& c_;
  const LoggingRule& rule_;
  std::vector<Proposal> proposals_;
};

int rank(const Remedy& remedy) {
  if (remedy.verified) return remedy.optional ? 1 : 0;
  if (remedy.gone) return 2;
  return remedy.tried ? 3 : 2;
}

}  // namespace

std::vector<Remedy> find_remedies(const LineCase& line_case, const std::vector<LineCause>& causes,
                                  std::uint64_t& rules_left) {
  std::vector<Remedy> remedies;
  if (!line_case.rule()) return remedies;
  auto proposals = Proposer(line_case).all(causes);
  if (proposals.empty()) return remedies;
  std::optional<RemedyTrial> trial;
  for (Proposal& proposal : proposals) {
    if (!trial && rules_left != 0) trial.emplace(line_case);
    if (trial && trial->cost() <= rules_left) {
      rules_left -= trial->cost();
      trial->run(proposal.remedy, proposal.meant);
    } else {
      rules_left = 0;
    }
    remedies.push_back(std::move(proposal.remedy));
  }
  std::ranges::stable_sort(remedies, {}, rank);
  return remedies;
}

}  // namespace mailweir::rules
