#include "dns/sentences.h"

#include <fmt/format.h>

namespace mailweir {

std::string text_of(const Problem& problem) {
  const std::string& name = problem.name;
  const std::string& detail = problem.detail;
  switch (problem.kind) {
    case ProblemKind::NotPublic:
      return "is no address of the internet: no mail can come from it";
    case ProblemKind::NoPtr:
      return "has no PTR record";
    case ProblemKind::NotConfirmed:
      return fmt::format("is called {}, and that name has no address", name);
    case ProblemKind::ForwardElsewhere:
      return fmt::format("is called {}, and that name leads to {}", name, detail);
    case ProblemKind::GenericName:
      return fmt::format("is called {}, which {}: it looks like a home connection", name, detail);
    case ProblemKind::ManyPtr:
      return fmt::format("has {} PTR records: receivers look at any one of them", detail);
    case ProblemKind::BadName:
      return fmt::format("is called {}, which {}", name, detail);
    case ProblemKind::HeloMismatch:
      return fmt::format("belongs to a mail server that says HELO {}, and is called {}", name, detail);
    case ProblemKind::CnameLoop:
      return fmt::format("{} is an alias that leads in a circle, by {}", name, detail);
    case ProblemKind::Listed:
      return fmt::format("is on the blocklist {} ({})", name, detail);
    case ProblemKind::PtrToAlias:
      return fmt::format("{} is an alias of {}: confirmed, but RFC 2181 wants the name itself in a PTR record", name,
                         detail);
    case ProblemKind::ServFail:
      return fmt::format("{}: {} answers SERVFAIL", name, detail);
    case ProblemKind::Refused:
      return fmt::format("{}: {} answers REFUSED", name, detail);
    case ProblemKind::Timeout:
      return fmt::format("{}: {} does not answer", name, detail);
    case ProblemKind::BrokenAnswer:
      return fmt::format("{}: what {} answers cannot be used", name, detail);
    case ProblemKind::Lame:
      return detail.empty() ? fmt::format("{}: no server of the zone answers for it", name)
                            : fmt::format("{}: {} does not serve this zone (lame)", name, detail);
    case ProblemKind::OneNameServer:
      return fmt::format("{} is the only name server", name);
    case ProblemKind::SameNetwork:
      return fmt::format("all name servers are in one network, {}", detail);
    case ProblemKind::ServersDisagree:
      return fmt::format("the name servers are not in step: serials {}", detail);
    case ProblemKind::ParentDisagrees:
      return fmt::format("the delegation and the zone name different servers: {}", detail);
    case ProblemKind::NoServerAddress:
      return fmt::format("the name server {} has no address", name);
    case ProblemKind::WildcardPtr:
      return fmt::format("every name below {} is answered with {}: a wildcard", name, detail);
    case ProblemKind::NotDelegated:
      return fmt::format("is delegated to nobody; the answer comes from {}", name);
  }
  return {};
}

std::string fix_of(const Problem& problem) {
  switch (problem.kind) {
    case ProblemKind::NotPublic:
      return "check the address the receivers see: `public` of the policy is what clients look like from outside";
    case ProblemKind::NoPtr:
      return "give it a PTR record, and that name an address record: mailweir dns zone writes both";
    case ProblemKind::NotConfirmed:
      return fmt::format("add an address record for {}, or let the PTR record name a host that has one", problem.name);
    case ProblemKind::ForwardElsewhere:
      return fmt::format("add this address to the records of {}, or give the address a name of its own", problem.name);
    case ProblemKind::GenericName:
      return "choose a name that says mail or out, without the address in it: mailweir dns zone --name "
             "'out{n}.example.net'";
    case ProblemKind::ManyPtr:
      return "keep one PTR record, the name the mail server says in HELO";
    case ProblemKind::BadName:
      return "use letters, digits and hyphens, and end the name with a dot in the zone file";
    case ProblemKind::HeloMismatch:
      return fmt::format("let the PTR record name {}, or let the server say another name", problem.name);
    case ProblemKind::CnameLoop:
      return "take one of the CNAME records out";
    case ProblemKind::Listed:
      return "find and stop what sent the spam (mailweir analyze), then ask the list to take the address off";
    case ProblemKind::PtrToAlias:
      return {};
    case ProblemKind::ServFail:
      return "look into the log of that server: the zone did not load, or the servers above it do not agree (DNSSEC, "
             "delegation)";
    case ProblemKind::Refused:
      return "that server does not serve the zone, or not for you: check its zones and its access list";
    case ProblemKind::Timeout:
      return "check that the server runs and that port 53 reaches it over UDP and TCP, then check again";
    case ProblemKind::BrokenAnswer:
      return "ask that server with dig; it, or something on the way, speaks no correct DNS";
    case ProblemKind::Lame:
      return "load the zone on that server, or take the server out of the delegation";
    case ProblemKind::OneNameServer:
      return "add a second server in another network: registries want two";
    case ProblemKind::SameNetwork:
      return "put one of the servers into another network (RFC 2182)";
    case ProblemKind::ServersDisagree:
      return "check the transfer to the secondary servers, and that the serial grew with the last change";
    case ProblemKind::ParentDisagrees:
      return "bring the NS records of the zone and the delegation at the registry together";
    case ProblemKind::NoServerAddress:
      return fmt::format("give {} an address record, or take it out of the NS records", problem.name);
    case ProblemKind::WildcardPtr:
      return "write one PTR record for each address that is in use: mailweir dns zone";
    case ProblemKind::NotDelegated:
      return "ask your registry (LIR) to delegate the zone to your servers; --name-servers checks them before";
  }
  return {};
}

}  // namespace mailweir
