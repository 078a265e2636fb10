// The door to the DNS: one question to one server, one try.
//
// One real (dns/cares_door.h) and one fake (tests/support/fake_dns.h), held to the same contract tests
// (tests/contract). Invariants
//   (1) Every question is replied to exactly once, by take(), with the caller's id; in no particular order.
//   (2) Nothing waits: fd() is readable when take() may have something, and take() must also be called now and then
//       (check_every()) while replies are due, for those that never come.
//   (3) A truncated answer is asked for again over TCP before it is handed out.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/time.h"
#include "dns/message.h"

namespace mailweir {

struct Question {
  std::string name;  // canonical
  RecordType type = RecordType::A;

  friend bool operator==(const Question&, const Question&) = default;
};

struct DoorReply {
  enum class How : std::uint8_t {
    Answered,     // `message` is what the server said
    Broken,       // what it said is no message
    TimedOut,     // it said nothing in time
    Unreachable,  // the system says that nobody is there
    NotAsked,     // this name cannot be put into a question
  };
  std::uint64_t id = 0;
  How how = How::TimedOut;
  Message message{};
};

class DnsDoor {
 public:
  virtual ~DnsDoor() = default;
  // `recursion_desired`: the server may ask others for us.
  virtual void ask(const Endpoint& server, const Question& question, bool recursion_desired, std::uint64_t id) = 0;
  [[nodiscard]] virtual std::vector<DoorReply> take() = 0;
  [[nodiscard]] virtual int fd() const = 0;
  [[nodiscard]] virtual Duration check_every() const = 0;
};

}  // namespace mailweir
