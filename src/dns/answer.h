// What became of a question, after all tries.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/endpoint.h"
#include "dns/message.h"

namespace mailweir {

enum class DnsOutcome : std::uint8_t {
  Answered,     // NOERROR; perhaps without a record of the type
  NoName,       // NXDOMAIN: there is no such name
  ServFail,     // the server could not find out
  Refused,      // the server does not want to tell
  OtherCode,    // FORMERR, NOTIMP and the rest
  Broken,       // what came was no DNS message
  TimedOut,     // nobody answered
  Unreachable,  // nobody is there
  NotAsked,     // the name cannot be asked for
};

struct DnsAnswer {
  DnsOutcome outcome = DnsOutcome::TimedOut;
  Endpoint server{};  // who said it, or was asked last
  Message message{};
};

}  // namespace mailweir
