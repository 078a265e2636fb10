// One question to one DNS server at a time, many at once, through c-ares: UDP with EDNS, TCP when an answer is
// truncated, source ports and ids that cannot be guessed cheaply.
//
// In:  questions.   Out: exactly one reply for each, with the bytes as they came, whatever their response code.
// Invariants
//   (1) A question is tried once. Who wants more asks again.
//   (2) Nothing waits here: fd() is readable when take() has work; take() also notices what ran out of time, so it has
//       to be called at least every kTimeoutCheck while something is pending.
//   (3) At most kServersMax servers have sockets; the idle ones of others are closed first.
// Threads: one at a time.  Sources: RFC 6891 (EDNS), dnsflagday.net/2020 (1232 bytes pass everywhere).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "base/time.h"

namespace mailweir {

struct DnsQuestionOut {
  Endpoint server;
  std::string name;  // as in a zone file, without the last dot
  std::uint16_t type = 0;
  bool recursion_desired = true;
  std::uint64_t id = 0;  // the caller's
};

struct DnsReplyIn {
  enum class How : std::uint8_t {
    Answered,     // bytes hold the answer
    TimedOut,     // nobody answered in time
    Unreachable,  // the system says that nobody will
    NotAsked,     // the name cannot be asked for
  };
  std::uint64_t id = 0;
  How how = How::TimedOut;
  std::vector<std::uint8_t> bytes;
};

class DnsSockets {
 public:
  static constexpr Duration kTimeoutCheck = std::chrono::milliseconds(50);
  static constexpr std::size_t kServersMax = 256;

  // `patience` is how long one try may take, over TCP too.
  static Result<std::unique_ptr<DnsSockets>> open(Duration patience);
  ~DnsSockets();
  DnsSockets(const DnsSockets&) = delete;
  DnsSockets& operator=(const DnsSockets&) = delete;

  void ask(const DnsQuestionOut& question);
  [[nodiscard]] std::vector<DnsReplyIn> take();
  [[nodiscard]] int fd() const;

  class Channels;  // of dns_sockets.cc

 private:
  explicit DnsSockets(std::unique_ptr<Channels> channels);
  std::unique_ptr<Channels> channels_;
};

// The servers this machine asks (/etc/resolv.conf, and what overrides it); the local one when nothing is configured.
[[nodiscard]] std::vector<Endpoint> system_dns_servers();

// A name inside a message, compressed or not, as a zone file would write it, without the last dot; what is not
// printable is \DDD. `end` is where the record goes on. Nothing when it leaves the message, loops, or is longer than a
// name can be (RFC 1035 section 3.1).
struct DnsNameRead {
  std::string text;
  std::size_t end = 0;
};
[[nodiscard]] std::optional<DnsNameRead> read_dns_name(std::span<const std::uint8_t> message, std::size_t at);

}  // namespace mailweir
