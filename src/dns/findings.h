// What is known of an address as a sender of mail, and of the zone its name lies in. What went wrong is a word and the
// names it is about; the sentences are made when somebody wants to read them (dns/sentences.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"

namespace mailweir {

enum class Fitness : std::uint8_t {
  Fit,          // every name is confirmed, and nothing else speaks against it
  Distrusted,   // mail arrives, but counts as doubtful
  MustNotSend,  // large receivers refuse it
  Unknown,      // somebody did not answer
};
[[nodiscard]] std::string_view name_of(Fitness fitness);  // as in docs/json.md
[[nodiscard]] std::optional<Fitness> read_fitness(std::string_view name);

enum class ProblemKind : std::uint8_t {
  // Of an address. `name`: the name it is about.
  NotPublic,         // no address of the internet
  NoPtr,             //
  NotConfirmed,      // the name has no address
  ForwardElsewhere,  // `detail`: where to
  GenericName,       // `detail`: why
  ManyPtr,           // `detail`: how many
  BadName,           // `detail`: the mistake
  HeloMismatch,      // `name`: what the server says
  CnameLoop,
  Listed,      // `name`: the list, `detail`: what it answered
  PtrToAlias,  // a note: no reason for distrust
  // Of both: the question could not be answered. `name`: what was asked for, of a zone which server.
  ServFail,
  Refused,
  Timeout,
  BrokenAnswer,
  Lame,
  // Of a zone.
  OneNameServer,
  SameNetwork,      // `detail`: which
  ServersDisagree,  // `detail`: the serials
  ParentDisagrees,  // `detail`: who is missing where
  NoServerAddress,  // `name`: of the server
  WildcardPtr,      // `name`: the network's name, `detail`: what everybody is called
  NotDelegated,     // `name`: the zone it fell to
};
[[nodiscard]] std::string_view id_of(ProblemKind kind);  // "no-ptr", stable

struct Problem {
  ProblemKind kind = ProblemKind::NoPtr;
  std::string name{};
  std::string detail{};
};

struct AddressReport {
  IpAddress address;
  Fitness fitness = Fitness::Unknown;
  std::vector<std::string> names{};  // PTR, in the order of the names
  std::vector<Problem> problems{};
  std::vector<Problem> notes{};
};

struct NameServerReport {
  std::string name;
  std::optional<IpAddress> address{};
  std::uint16_t port = 53;
  bool answers = false;  // for the zone, as one of its servers
  std::optional<std::uint32_t> serial{};
};

struct ZoneReport {
  std::string zone;
  std::vector<NameServerReport> servers{};
  std::vector<Problem> problems{};
  bool servers_asked = false;  // themselves; otherwise a resolver was asked about them
};

struct BlocklistReport {
  std::string list;
  std::string unusable{};  // why nothing can be learned from it; empty: it works
  std::uint64_t asked = 0, listed = 0;
  std::uint64_t not_asked = 0;  // the budget was used up, or it became unusable
};

}  // namespace mailweir
