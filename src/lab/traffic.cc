#include "lab/traffic.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <queue>
#include <string>
#include <utility>

#include "lab/greylist.h"
#include "lab/places.h"
#include "lab/smtp_client.h"
#include "lab/smtp_server.h"
#include "lab/sockets.h"
#include "sys/fd.h"

namespace mailweir::lab {
namespace {

constexpr Duration kSweepEvery = std::chrono::milliseconds(100);  // how exact deadlines are

struct Connection {
  Fd fd;
  std::uint32_t generation = 0;  // tells this tenant of the slot from the one before
  bool connecting = false;
  bool closing = false;  // close as soon as everything is sent
  std::optional<SmtpClient> client;
  std::optional<SmtpServer> server;
  Errand errand;               // of a client
  std::uint32_t reported = 0;  // of a server: messages already on the scoreboard
  std::string out;
  Time hold_until;  // nothing is sent before
  Time deadline;
};

struct Wakeup {
  Time at;
  std::uint32_t slot, generation;
  bool operator>(const Wakeup& other) const { return at > other.at; }
};
struct Later {
  bool operator()(const Errand& a, const Errand& b) const { return a.at > b.at; }
};

std::string introduction(std::uint32_t client) {
  return client == kStranger ? "stranger.lab.test" : fmt::format("c{}.lab.test", client);
}
std::optional<std::uint32_t> client_introduced(std::string_view name) {
  if (!name.starts_with('c')) return std::nullopt;
  std::uint32_t client = 0;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), client);
  if (error != std::errc() || end == name.data() + name.size() || *end != '.') return std::nullopt;
  return client;
}

}  // namespace

struct Traffic::State {
  State(const Clock& the_clock, const Scoreboard& the_board, SideTally& the_side, TrafficLimits the_limits)
      : clock(the_clock), board(the_board), side(the_side), limits(the_limits), greylist(the_limits.greylist_wait) {}

  const Clock& clock;
  const Scoreboard& board;
  SideTally& side;
  const TrafficLimits limits;

  Fd epoll{epoll_create1(EPOLL_CLOEXEC)};
  std::vector<Fd> listeners;
  std::vector<std::uint16_t> listener_ports;
  std::vector<Connection> connections;
  std::vector<std::uint32_t> free_slots;
  std::priority_queue<Wakeup, std::vector<Wakeup>, std::greater<>> wakeups;
  std::vector<Errand> errands;
  std::size_t next_errand = 0;
  std::priority_queue<Errand, std::vector<Errand>, Later> again;  // retries and postponed ones
  Greylist greylist;
  Time start, now;

  // Events of listeners carry kListener and their index; those of connections their slot and generation.
  static constexpr std::uint64_t kListener = 1ULL << 63;

  Result<void> watch(const Fd& fd, std::uint32_t events, std::uint64_t data) const {
    epoll_event event{};
    event.events = events;
    event.data.u64 = data;
    if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd.get(), &event) == 0) return {};
    return fail(Error::from_errno(errno, "watching a socket"));
  }

  // A slot for `fd`, watched; nothing when there is none left.
  Connection* admit(Fd fd) {
    std::uint32_t slot = 0;
    if (!free_slots.empty()) {
      slot = free_slots.back();
      free_slots.pop_back();
    } else {
      slot = static_cast<std::uint32_t>(connections.size());
      connections.emplace_back();
    }
    Connection& connection = connections[slot];
    const std::uint32_t generation = (connection.generation + 1) & 0x7fff'ffff;
    connection = Connection();
    connection.generation = generation;
    const std::uint64_t data = (static_cast<std::uint64_t>(generation) << 32) | slot;
    if (!watch(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, data)) {
      free_slots.push_back(slot);
      return nullptr;
    }
    connection.fd = std::move(fd);
    ++side.connections;
    ++side.open_connections;
    return &connection;
  }
  std::uint32_t slot_of(const Connection& connection) const {
    return static_cast<std::uint32_t>(&connection - connections.data());
  }
  void close(Connection& connection) {
    connection.fd.close();
    connection.client.reset();
    connection.server.reset();
    connection.out = {};
    free_slots.push_back(slot_of(connection));
    --side.open_connections;
  }

  void accept_all(std::size_t listener) {
    while (true) {
      Fd fd(accept4(listeners[listener].get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd.is_open()) return;
      const IpAddress here = local_address(fd);
      Connection* connection = admit(std::move(fd));
      if (connection == nullptr) continue;
      SmtpServer::Manner manner;
      manner.behaviour = behaviour_of(here);
      manner.port = listener_ports[listener];
      manner.admits = [this, here](std::string_view sender) { return greylist.admits(here, sender, now); };
      connection->server.emplace(std::move(manner));
      connection->out = connection->server->start();
      // Every server has its own pace, always the same.
      const auto pace = std::hash<IpAddress>()(here) % static_cast<std::uint64_t>(limits.banner_wait_max.count());
      connection->hold_until = now + Duration(static_cast<Duration::rep>(pace));
      connection->deadline = now + limits.dialogue_max;
      wakeups.push({connection->hold_until, slot_of(*connection), connection->generation});
    }
  }

  void set_out(const Errand& errand) {
    if (side.open_connections >= limits.connections_max) return postpone(errand);
    auto fd = begin_connection(errand.source, errand.server, errand.port);
    Connection* connection = fd ? admit(std::move(*fd)) : nullptr;
    if (connection == nullptr) return postpone(errand);
    if (errand.client != kStranger) board.note_opened(errand.client, now);
    connection->connecting = true;
    connection->errand = errand;
    connection->client.emplace(
        SmtpClient::Letter{introduction(errand.client), errand.port, errand.bytes, errand.recipients});
    connection->deadline = now + limits.answer_wait;
  }
  void postpone(Errand errand) {
    ++side.postponed;
    errand.at = now - start + std::chrono::milliseconds(200);
    again.push(errand);
  }

  // The attempt ended; `count` is the scoreboard's name for how.
  void settle(Connection& connection, ClientTally::Count ClientTally::*count, bool worth_a_retry) {
    Errand errand = connection.errand;
    close(connection);
    const bool retry = worth_a_retry && errand.retries > 0;
    if (errand.client != kStranger) {
      ClientTally& tally = board.clients()[errand.client];
      ++(tally.*count);
      if (!retry && count != &ClientTally::delivered) ++tally.given_up;
    }
    if (!retry) return;
    errand.at = now - start + limits.retry_after * (4 >> std::min<int>(errand.retries, 2));
    --errand.retries;
    again.push(errand);
  }
  void settle_dialogue(Connection& connection) {
    switch (connection.client->end()) {
      case SmtpClient::End::Delivered:
        return settle(connection, &ClientTally::delivered, false);
      case SmtpClient::End::TryLater:
        return settle(connection, &ClientTally::put_off, true);
      case SmtpClient::End::Rejected:
        return settle(connection, &ClientTally::rejected, false);
      case SmtpClient::End::Open:
      case SmtpClient::End::Nonsense:
        return settle(connection, &ClientTally::cut, true);
    }
  }
  void lost(Connection& connection, int error) {
    if (!connection.client) return close(connection);
    if (!connection.connecting) return settle_dialogue(connection);
    settle(connection, error == ECONNREFUSED ? &ClientTally::refused : &ClientTally::unanswered, true);
  }

  // What the dialogue says to new bytes.
  void hear(Connection& connection, std::string_view bytes) {
    if (connection.client) {
      connection.out += connection.client->receive(bytes);
      connection.closing = connection.client->finished();
      return;
    }
    SmtpServer& server = *connection.server;
    connection.out += server.receive(bytes);
    connection.closing = server.finished();
    for (; connection.reported < server.accepted(); ++connection.reported) {
      const auto client = client_introduced(server.client_name());
      if (client && *client < board.clients().size()) {
        board.note_accepted(*client, now);
      } else {
        ++side.strangers_mail;
      }
    }
  }

  // False: the connection is gone.
  bool send_out(Connection& connection) {
    std::size_t sent = 0;
    while (sent < connection.out.size() && now >= connection.hold_until) {
      const ssize_t n =
          send(connection.fd.get(), connection.out.data() + sent, connection.out.size() - sent, MSG_NOSIGNAL);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) break;
      if (n < 0) {
        lost(connection, errno);
        return false;
      }
      sent += static_cast<std::size_t>(n);
    }
    connection.out.erase(0, sent);
    if (!connection.closing || !connection.out.empty()) return true;
    connection.client ? settle_dialogue(connection) : close(connection);
    return false;
  }

  void attend(Connection& connection) {
    if (connection.connecting) {
      if (const int error = pending_error(connection.fd); error != 0) return lost(connection, error);
      connection.connecting = false;
      connection.deadline = now + limits.dialogue_max;
      if (connection.errand.client != kStranger) ++board.clients()[connection.errand.client].established;
      connection.out = connection.client->start();
    }
    std::array<char, 16'384> bytes;
    while (!connection.closing) {
      const ssize_t n = recv(connection.fd.get(), bytes.data(), bytes.size(), 0);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) break;
      if (n <= 0) return lost(connection, n < 0 ? errno : 0);
      hear(connection, {bytes.data(), static_cast<std::size_t>(n)});
    }
    send_out(connection);
  }

  Connection* find(std::uint64_t data) {
    const auto slot = static_cast<std::uint32_t>(data);
    Connection& connection = connections[slot];
    return connection.fd.is_open() && connection.generation == data >> 32 ? &connection : nullptr;
  }

  void start_due_errands() {
    while (next_errand < errands.size() && start + errands[next_errand].at <= now) set_out(errands[next_errand++]);
    while (!again.empty() && start + again.top().at <= now) {
      const Errand errand = again.top();
      again.pop();
      set_out(errand);
    }
  }
  void wake_due() {
    while (!wakeups.empty() && wakeups.top().at <= now) {
      const Wakeup wakeup = wakeups.top();
      wakeups.pop();
      Connection& connection = connections[wakeup.slot];
      if (connection.fd.is_open() && connection.generation == wakeup.generation) send_out(connection);
    }
  }
  void sweep() {
    for (Connection& connection : connections) {
      if (connection.fd.is_open() && connection.deadline <= now) lost(connection, ETIMEDOUT);
    }
  }
  int wait_ms(Time next_sweep, bool may_start) const {
    Time next = next_sweep;
    if (may_start && next_errand < errands.size()) next = std::min(next, start + errands[next_errand].at);
    if (may_start && !again.empty()) next = std::min(next, start + again.top().at);
    if (!wakeups.empty()) next = std::min(next, wakeups.top().at);
    return static_cast<int>(std::max<Duration::rep>(0, (next - now).count() + 999) / 1'000);
  }

  Result<void> run(Time end) {
    Time next_sweep = start;
    std::array<epoll_event, 512> events;
    for (now = clock.now(); now < end + limits.drain_max; now = clock.now()) {
      const bool may_start = now < end;
      if (may_start) start_due_errands();
      if (!may_start && listeners.empty() && side.open_connections == 0) break;
      wake_due();
      if (now >= next_sweep) {
        sweep();
        next_sweep = now + kSweepEvery;
      }
      const int count =
          epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), wait_ms(next_sweep, may_start));
      if (count < 0 && errno != EINTR) return fail(Error::from_errno(errno, "waiting for mail"));
      now = clock.now();
      for (int i = 0; i < count; ++i) {
        const std::uint64_t data = events[static_cast<std::size_t>(i)].data.u64;
        if ((data & kListener) != 0) {
          accept_all(data & ~kListener);
        } else if (Connection* connection = find(data)) {
          attend(*connection);
        }
      }
    }
    for (Connection& connection : connections) {
      if (connection.fd.is_open()) lost(connection, ETIMEDOUT);
    }
    return {};
  }
};

Traffic::Traffic(const Clock& clock, const Scoreboard& board, SideTally& side, TrafficLimits limits)
    : state_(std::make_unique<State>(clock, board, side, limits)) {
  // Connections keep their places: events and the callbacks of servers refer to them by slot.
  state_->connections.reserve(limits.connections_max + 1'024);
}
Traffic::~Traffic() = default;

Result<void> Traffic::listen(IpAddress address, std::uint16_t port) {
  auto fd = listen_on(address, port);
  if (!fd) return fail(std::move(fd).error());
  auto watched = state_->watch(*fd, EPOLLIN, State::kListener | state_->listeners.size());
  if (!watched) return watched;
  state_->listeners.push_back(std::move(*fd));
  state_->listener_ports.push_back(port);
  return {};
}

void Traffic::assign(std::vector<Errand> errands) { state_->errands = std::move(errands); }

Result<void> Traffic::run(Time start, Time end) {
  state_->start = start;
  return state_->run(end);
}

}  // namespace mailweir::lab
