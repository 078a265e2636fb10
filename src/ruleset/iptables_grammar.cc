// Which words belong to which module. A module that is missing here is kept as it is written, with everything up to the
// next option that somebody knows.
#include <algorithm>
#include <array>

#include "ruleset/iptables_rule.h"

namespace mailweir::rules {
namespace {

const std::vector<ModuleSpec>& matches() {
  static const std::vector<ModuleSpec> specs = {
      {"tcp",
       {{"sport", "--sport --source-port"},
        {"dport", "--dport --destination-port"},
        {"tcp-flags", "--tcp-flags", 2},
        {"syn", "--syn", 0},
        {"tcp-option", "--tcp-option"}}},
      {"udp", {{"sport", "--sport --source-port"}, {"dport", "--dport --destination-port"}}},
      {"udplite", {{"sport", "--sport --source-port"}, {"dport", "--dport --destination-port"}}},
      {"sctp",
       {{"sport", "--sport --source-port"},
        {"dport", "--dport --destination-port"},
        {"chunk-types", "--chunk-types", 2}}},
      {"dccp",
       {{"sport", "--sport --source-port"},
        {"dport", "--dport --destination-port"},
        {"dccp-types", "--dccp-types"},
        {"dccp-option", "--dccp-option"}}},
      {"multiport",
       {{"sports", "--sports --source-ports"}, {"dports", "--dports --destination-ports"}, {"ports", "--ports"}}},
      {"icmp", {{"icmp-type", "--icmp-type"}}},
      {"icmp6", {{"icmp-type", "--icmpv6-type --icmp6-type"}}},
      {"state", {{"state", "--state"}}},
      {"conntrack",
       {{"ctstate", "--ctstate"},
        {"ctproto", "--ctproto"},
        {"ctorigsrc", "--ctorigsrc"},
        {"ctorigdst", "--ctorigdst"},
        {"ctreplsrc", "--ctreplsrc"},
        {"ctrepldst", "--ctrepldst"},
        {"ctorigsrcport", "--ctorigsrcport"},
        {"ctorigdstport", "--ctorigdstport"},
        {"ctreplsrcport", "--ctreplsrcport"},
        {"ctrepldstport", "--ctrepldstport"},
        {"ctstatus", "--ctstatus"},
        {"ctexpire", "--ctexpire"},
        {"ctdir", "--ctdir"}}},
      {"limit", {{"limit", "--limit"}, {"limit-burst", "--limit-burst"}}},
      {"mac", {{"mac-source", "--mac-source"}}},
      {"comment", {{"comment", "--comment"}}},
      {"addrtype",
       {{"src-type", "--src-type"},
        {"dst-type", "--dst-type"},
        {"limit-iface-in", "--limit-iface-in", 0},
        {"limit-iface-out", "--limit-iface-out", 0}}},
      {"owner",
       {{"uid-owner", "--uid-owner"},
        {"gid-owner", "--gid-owner"},
        {"socket-exists", "--socket-exists", 0},
        {"suppl-groups", "--suppl-groups", 0},
        {"pid-owner", "--pid-owner"},
        {"sid-owner", "--sid-owner"},
        {"cmd-owner", "--cmd-owner"}}},
      {"iprange", {{"src-range", "--src-range"}, {"dst-range", "--dst-range"}}},
      {"mark", {{"mark", "--mark"}}},
      {"connmark", {{"mark", "--mark"}}},
      {"pkttype", {{"pkt-type", "--pkt-type"}}},
      {"length", {{"length", "--length"}}},
      {"ttl", {{"ttl-eq", "--ttl-eq --ttl"}, {"ttl-lt", "--ttl-lt"}, {"ttl-gt", "--ttl-gt"}}},
      {"hl", {{"ttl-eq", "--hl-eq --hl"}, {"ttl-lt", "--hl-lt"}, {"ttl-gt", "--hl-gt"}}},
      {"dscp", {{"dscp", "--dscp"}, {"dscp-class", "--dscp-class"}}},
      {"set",
       {{"match-set", "--match-set --set", 2},
        {"return-nomatch", "--return-nomatch", 0},
        {"update-counters", "--update-counters", 0},
        {"update-subcounters", "--update-subcounters", 0},
        {"packets-eq", "--packets-eq"},
        {"packets-lt", "--packets-lt"},
        {"packets-gt", "--packets-gt"},
        {"bytes-eq", "--bytes-eq"},
        {"bytes-lt", "--bytes-lt"},
        {"bytes-gt", "--bytes-gt"}}},
      {"recent",
       {{"set", "--set", 0},
        {"rcheck", "--rcheck", 0},
        {"update", "--update", 0},
        {"remove", "--remove", 0},
        {"seconds", "--seconds"},
        {"reap", "--reap", 0},
        {"hitcount", "--hitcount"},
        {"rttl", "--rttl", 0},
        {"name", "--name"},
        {"mask", "--mask"},
        {"rsource", "--rsource", 0},
        {"rdest", "--rdest", 0}}},
      {"hashlimit",
       {{"upto", "--hashlimit-upto --hashlimit"},
        {"above", "--hashlimit-above"},
        {"burst", "--hashlimit-burst"},
        {"mode", "--hashlimit-mode"},
        {"srcmask", "--hashlimit-srcmask"},
        {"dstmask", "--hashlimit-dstmask"},
        {"name", "--hashlimit-name"},
        {"htable-size", "--hashlimit-htable-size"},
        {"htable-max", "--hashlimit-htable-max"},
        {"htable-expire", "--hashlimit-htable-expire"},
        {"htable-gcinterval", "--hashlimit-htable-gcinterval"},
        {"rate-match", "--hashlimit-rate-match", 0},
        {"rate-interval", "--hashlimit-rate-interval"}}},
      {"connlimit",
       {{"upto", "--connlimit-upto"},
        {"above", "--connlimit-above"},
        {"mask", "--connlimit-mask"},
        {"saddr", "--connlimit-saddr", 0},
        {"daddr", "--connlimit-daddr", 0}}},
  };
  return specs;
}

const std::vector<ModuleSpec>& targets() {
  static const std::vector<OptionSpec> to_ports = {
      {"to-ports", "--to-ports"}, {"random", "--random", 0}, {"random-fully", "--random-fully", 0}};
  static const std::vector<ModuleSpec> specs = {
      {"ACCEPT", {}},
      {"DROP", {}},
      {"RETURN", {}},
      {"QUEUE", {}},
      {"NOTRACK", {}},
      {"LOG",
       {{"log-level", "--log-level"},
        {"log-prefix", "--log-prefix"},
        {"log-tcp-sequence", "--log-tcp-sequence", 0},
        {"log-tcp-options", "--log-tcp-options", 0},
        {"log-ip-options", "--log-ip-options", 0},
        {"log-uid", "--log-uid", 0},
        {"log-macdecode", "--log-macdecode", 0}}},
      {"NFLOG",
       {{"nflog-group", "--nflog-group"},
        {"nflog-prefix", "--nflog-prefix"},
        {"nflog-range", "--nflog-range"},
        {"nflog-size", "--nflog-size"},
        {"nflog-threshold", "--nflog-threshold"}}},
      {"REJECT", {{"reject-with", "--reject-with"}}},
      {"MARK",
       {{"set-mark", "--set-mark"},
        {"set-xmark", "--set-xmark"},
        {"and-mark", "--and-mark"},
        {"or-mark", "--or-mark"},
        {"xor-mark", "--xor-mark"}}},
      {"CONNMARK",
       {{"set-mark", "--set-mark"},
        {"set-xmark", "--set-xmark"},
        {"and-mark", "--and-mark"},
        {"or-mark", "--or-mark"},
        {"xor-mark", "--xor-mark"},
        {"save-mark", "--save-mark", 0},
        {"restore-mark", "--restore-mark", 0},
        {"nfmask", "--nfmask"},
        {"ctmask", "--ctmask"},
        {"mask", "--mask"}}},
      {"CT",
       {{"notrack", "--notrack", 0},
        {"helper", "--helper"},
        {"timeout", "--timeout"},
        {"ctevents", "--ctevents"},
        {"expevents", "--expevents"},
        {"zone", "--zone"},
        {"zone-orig", "--zone-orig"},
        {"zone-reply", "--zone-reply"}}},
      {"SNAT",
       {{"to-source", "--to-source"},
        {"random", "--random", 0},
        {"random-fully", "--random-fully", 0},
        {"persistent", "--persistent", 0}}},
      {"DNAT", {{"to-destination", "--to-destination"}, {"random", "--random", 0}, {"persistent", "--persistent", 0}}},
      {"MASQUERADE", to_ports},
      {"REDIRECT", to_ports},
      {"TCPMSS", {{"set-mss", "--set-mss"}, {"clamp-mss-to-pmtu", "--clamp-mss-to-pmtu", 0}}},
      {"DSCP", {{"set-dscp", "--set-dscp"}, {"set-dscp-class", "--set-dscp-class"}}},
      {"TTL", {{"set", "--ttl-set"}, {"dec", "--ttl-dec"}, {"inc", "--ttl-inc"}}},
      {"HL", {{"set", "--hl-set"}, {"dec", "--hl-dec"}, {"inc", "--hl-inc"}}},
      {"CLASSIFY", {{"set-class", "--set-class"}}},
      {"NFQUEUE",
       {{"queue-num", "--queue-num"},
        {"queue-balance", "--queue-balance"},
        {"queue-bypass", "--queue-bypass", 0},
        {"queue-cpu-fanout", "--queue-cpu-fanout", 0}}},
  };
  return specs;
}

const ModuleSpec* find(const std::vector<ModuleSpec>& specs, std::string_view name) {
  const auto found = std::find_if(specs.begin(), specs.end(), [name](const ModuleSpec& s) { return s.name == name; });
  return found == specs.end() ? nullptr : &*found;
}

// Those of iptables 1.8.9 that count, throw dice or remember.
constexpr std::array<std::string_view, 8> kImpure = {"statistic", "quota",    "quota2",  "nth",
                                                     "random",    "dstlimit", "rateest", "recent"};

// iptables 1.8.9, extensions/, and xtables-addons.
constexpr std::array<std::string_view, 17> kHarmlessTargets = {
    "AUDIT",   "CHECKSUM", "CONNSECMARK", "CT",  "HELPER", "IDLETIMER", "LED",     "LOGMARK",    "NFACCT",
    "RATEEST", "SECMARK",  "SYSRQ",       "TEE", "TRACE",  "ULOG",      "ACCOUNT", "TCPOPTSTRIP"};
constexpr std::array<std::string_view, 21> kOtherTargets = {
    "CLUSTERIP", "DELUDE",  "DHCPMAC", "DNPT", "ECHO", "ECN", "HMARK",    "IPMARK", "MIRROR", "NETMAP", "PROTO",
    "QUEUE",     "RAWDNAT", "RAWSNAT", "SNPT", "SAME", "SET", "SYNPROXY", "TARPIT", "TOS",    "TPROXY"};

template <typename List>
bool holds(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

bool is_harmless_target(std::string_view name) { return holds(kHarmlessTargets, name); }
bool is_extension_target(std::string_view name) { return is_harmless_target(name) || holds(kOtherTargets, name); }

const ModuleSpec* match_spec(std::string_view name) {
  if (name == "icmpv6" || name == "ipv6-icmp") name = "icmp6";
  if (name == "mport") name = "multiport";
  return find(matches(), name);
}
const ModuleSpec* target_spec(std::string_view name) { return find(targets(), name); }

bool is_pure_module(std::string_view name) { return !holds(kImpure, name); }

}  // namespace mailweir::rules
