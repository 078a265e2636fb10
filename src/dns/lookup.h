// What the DNS holds for a name: aliases followed, RFC 2317 delegations too, from a resolver or from the zones' own
// servers.
//
// In:  a name and a type.   Out: the records at the end of the way, and the way.
// Invariants
//   (1) At most kAliasesMax aliases are followed; a name met twice is a loop.
//   (2) By itself (Mode::Authoritative) it believes only servers of the zone, finds the zone through the resolver once,
//       and follows at most kReferralsMax referrals downwards; answers about names outside the zone asked are not used.
// Threads: one.  Sources: RFC 1034 section 4.3.2, RFC 2317, RFC 6604 (what a response code after an alias is about).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dns/resolver.h"
#include "dns/task.h"

namespace mailweir {

struct Found {
  DnsOutcome outcome = DnsOutcome::TimedOut;
  bool loop = false;  // of aliases, or too many of them; then there are no records
  bool lame = false;  // Mode::Authoritative: the servers of the zone do not answer for it
  Endpoint server{};
  std::vector<Record> records{};     // of the type asked for
  std::vector<std::string> names{};  // the name asked for, then each alias's target

  [[nodiscard]] bool through_alias() const { return names.size() > 1; }
  // The server knows, and there is none.
  [[nodiscard]] bool nothing() const {
    return records.empty() && !loop && (outcome == DnsOutcome::Answered || outcome == DnsOutcome::NoName);
  }
};

class Lookup {
 public:
  static constexpr int kAliasesMax = 12;  // BIND stops at 16
  static constexpr int kReferralsMax = 12;
  enum class Mode : std::uint8_t { Resolver, Authoritative };

  // `servers`: of the resolver. At least one.
  Lookup(Resolver& resolver, const std::vector<Endpoint>& servers, Mode mode);
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  [[nodiscard]] Task<Found> find(std::string name, RecordType type);
  // The same through the resolver, whatever the mode.
  [[nodiscard]] Task<Found> find_by_resolver(std::string name, RecordType type);

  // From now on names below in-addr.arpa and ip6.arpa are asked of these servers, without recursion: a reverse zone
  // before it is delegated. At least one.
  void ask_for_reverse_names(const std::vector<Endpoint>& servers);

  // The zone a name lies in, as the resolver sees it: the owner of the SOA record nearest to it.
  struct ZoneFound {
    DnsOutcome outcome = DnsOutcome::TimedOut;
    std::optional<std::string> zone{};  // "": the root; nothing: nobody told
    std::uint32_t serial = 0;
    Endpoint server{};
    bool authoritative = false, recursive = false;  // what the one who answered says of itself
  };
  [[nodiscard]] Task<ZoneFound> zone_of(std::string name);
  // The addresses of a name, of both families.
  [[nodiscard]] Task<std::vector<IpAddress>> addresses_of(std::string name);

  [[nodiscard]] Resolver& resolver() { return resolver_; }

 private:
  struct Cut {
    std::string zone;
    Resolver::Group group = 0;
    bool usable = false;
  };
  [[nodiscard]] Task<std::shared_ptr<const DnsAnswer>> ask_once(Question question, bool& lame);
  // One alias after the other: the way when it is a circle or too long, otherwise nothing.
  [[nodiscard]] Task<std::vector<std::string>> walk_aliases(std::string name);
  [[nodiscard]] Task<std::shared_ptr<const DnsAnswer>> ask_authority(const Question& question, bool& lame);
  [[nodiscard]] Task<Cut> cut_for(std::string name);      // the nearest that is known
  [[nodiscard]] Task<Cut> cut_of_zone(std::string name);  // the name's own, by the resolver
  [[nodiscard]] Task<Cut> learn(std::string zone, std::vector<std::string> name_servers, std::vector<Record> glue);
  [[nodiscard]] const Cut* nearest(const std::string& name) const;

  Resolver& resolver_;
  [[nodiscard]] Resolver::Group group_for(const std::string& name) const;

  Resolver::Group resolver_group_;
  std::optional<Resolver::Group> reverse_group_;
  Mode mode_;
  std::map<std::string, Cut> cuts_;  // by zone
};

// Where the aliases among `records` lead from `name`: appended to `names`. False: they loop, or are too many.
[[nodiscard]] bool follow_aliases(const std::vector<Record>& records, std::vector<std::string>& names);

}  // namespace mailweir
