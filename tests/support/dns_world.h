// A small internet of name servers, as data: what each would answer. Behind the fake door (fake_dns.h) and behind real
// sockets (dns_server.h), so that both can be asked the same.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "dns/door.h"

namespace mailweir::testing {

enum class Manner {
  Right,
  ServFail,
  Refused,
  FormErr,
  Silent,
  Broken,        // bytes that are no message
  Torn,          // a message that ends in its middle
  TruncatedUdp,  // over UDP only "ask me over TCP"
  TruncatedOnly  // over TCP too
};

class DnsWorld {
 public:
  // Lines "OWNER TYPE DATA" (SOA: "OWNER SOA PRIMARY SERIAL"); owners and names are absolute, "\000" is a byte. The
  // server answers with authority for `zone`.
  void serve(const Endpoint& server, const std::string& zone, const std::string& lines);
  // Answers for everything it holds, as a resolver does.
  void recursive(const Endpoint& server) { servers_[server].recursive = true; }
  // How it treats questions for a name ("*": all names).
  void behave(const Endpoint& server, const std::string& name, Manner manner) {
    servers_[server].manners[name] = manner;
  }

  // The same for one type only.
  void behave_for(const Endpoint& server, const std::string& name, RecordType type, Manner manner) {
    servers_[server].manners[name + " " + std::string(name_of(type))] = manner;
  }
  // Changes of what is there, at every server that has it:
  void drop(const std::string& owner, const std::string& target);  // the record with this name or address
  void move(const std::string& owner, IpAddress to);               // its address records
  void replace_serial(const Endpoint& server, const std::string& zone, std::uint32_t serial);
  void forget(const Endpoint& server, const std::string& zone);  // with everything in it
  void copy(const Endpoint& from, const Endpoint& to) { servers_[to] = servers_.at(from); }

  // The bytes it sends, in its manner; none: it stays silent.
  [[nodiscard]] std::vector<std::uint8_t> reply(const Endpoint& server, const Question& question, std::uint16_t id,
                                                bool tcp) const;
  [[nodiscard]] bool knows(const Endpoint& server) const { return servers_.contains(server); }

 private:
  [[nodiscard]] Manner manner(const Endpoint& server, const Question& question) const;
  [[nodiscard]] Message answer(const Endpoint& server, const Question& question) const;

  struct Server {
    std::map<std::string, std::vector<Record>> records;  // by owner
    std::set<std::string> zones;
    std::map<std::string, Manner> manners;
    bool recursive = false;
  };
  static const std::string* zone_of(const Server& server, const std::string& name);

  std::map<Endpoint, Server> servers_;
};

// A message as a server sends it.
[[nodiscard]] std::vector<std::uint8_t> wire(const Message& message, const Question& question, std::uint16_t id);
// What a question asks for, with its id; nothing when it is none.
struct AskedFor {
  std::uint16_t id = 0;
  Question question;
  bool edns = false;
};
[[nodiscard]] std::optional<AskedFor> read_question(std::span<const std::uint8_t> bytes);

}  // namespace mailweir::testing
