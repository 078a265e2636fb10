#include "dns/findings.h"

namespace mailweir {

std::string_view name_of(Fitness fitness) {
  switch (fitness) {
    case Fitness::Fit:
      return "fit";
    case Fitness::Distrusted:
      return "distrusted";
    case Fitness::MustNotSend:
      return "must-not-send";
    case Fitness::Unknown:
      return "unknown";
  }
  return "";
}

std::optional<Fitness> read_fitness(std::string_view name) {
  for (const Fitness fitness : {Fitness::Fit, Fitness::Distrusted, Fitness::MustNotSend, Fitness::Unknown})
    if (name == name_of(fitness)) return fitness;
  return std::nullopt;
}

std::string_view id_of(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::NotPublic:
      return "not-public";
    case ProblemKind::NoPtr:
      return "no-ptr";
    case ProblemKind::NotConfirmed:
      return "not-confirmed";
    case ProblemKind::ForwardElsewhere:
      return "forward-elsewhere";
    case ProblemKind::GenericName:
      return "generic-name";
    case ProblemKind::ManyPtr:
      return "many-ptr";
    case ProblemKind::BadName:
      return "bad-name";
    case ProblemKind::HeloMismatch:
      return "helo-mismatch";
    case ProblemKind::CnameLoop:
      return "cname-loop";
    case ProblemKind::Listed:
      return "listed";
    case ProblemKind::PtrToAlias:
      return "ptr-to-alias";
    case ProblemKind::ServFail:
      return "servfail";
    case ProblemKind::Refused:
      return "refused";
    case ProblemKind::Timeout:
      return "timeout";
    case ProblemKind::BrokenAnswer:
      return "broken-answer";
    case ProblemKind::Lame:
      return "lame";
    case ProblemKind::OneNameServer:
      return "one-name-server";
    case ProblemKind::SameNetwork:
      return "same-network";
    case ProblemKind::ServersDisagree:
      return "servers-disagree";
    case ProblemKind::ParentDisagrees:
      return "parent-disagrees";
    case ProblemKind::NoServerAddress:
      return "no-server-address";
    case ProblemKind::WildcardPtr:
      return "wildcard-ptr";
    case ProblemKind::NotDelegated:
      return "not-delegated";
  }
  return "";
}

}  // namespace mailweir
