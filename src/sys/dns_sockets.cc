#include "sys/dns_sockets.h"

#include <ares.h>
#include <netinet/in.h>
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <unordered_map>

#include "base/must.h"
#include "sys/fd.h"

namespace mailweir {
namespace {

constexpr int kInternetClass = 1;  // RFC 1035 section 3.2.4
// Answers come in bursts as large as the windows of the resolver: about a thousand of a few hundred bytes.
constexpr int kReceiveBufferBytes = 1 << 20;
constexpr int kUdpBytesMax = 1232;

ares_addr_port_node node_of(const Endpoint& server) {
  ares_addr_port_node node{};
  node.udp_port = node.tcp_port = server.port;
  std::array<std::uint8_t, 16> bytes{};
  server.address.write(bytes);
  if (server.address.is_v4()) {
    node.family = AF_INET;
    std::memcpy(&node.addr.addr4, bytes.data() + 12, 4);
  } else {
    node.family = AF_INET6;
    std::memcpy(&node.addr.addr6, bytes.data(), 16);
  }
  return node;
}

// c-ares wants to be initialised before its first use; for as long as the program runs.
void need_library() {
  static const int done = ares_library_init(ARES_LIB_INIT_ALL);
  MUST(done == ARES_SUCCESS);
}

}  // namespace

class DnsSockets::Channels {
 public:
  Channels(Fd epoll, Duration patience) : epoll_(std::move(epoll)), patience_(patience) {}
  ~Channels() { channels_.clear(); }  // calls back for what was pending, while the rest is still there

  void ask(const DnsQuestionOut& question) {
    Channel* channel = channel_for(question.server, question.recursion_desired);
    if (channel == nullptr) {
      replies_.push_back({question.id, DnsReplyIn::How::Unreachable, {}});
      return;
    }
    ++channel->pending;
    auto pending = std::make_unique<Pending>(Pending{channel, question.id});
    // Owned by c-ares until it calls answered(), which it does exactly once.
    ares_query(channel->handle, question.name.c_str(), kInternetClass, question.type, answered, pending.release());
  }

  std::vector<DnsReplyIn> take() {
    std::array<epoll_event, 64> events;
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      const auto owner = owners_.find(event.data.fd);
      if (owner == owners_.end()) continue;  // closed by what came before it in this round
      const bool reads = (event.events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
      const bool writes = (event.events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0;
      ares_process_fd(owner->second->handle, reads ? event.data.fd : ARES_SOCKET_BAD,
                      writes ? event.data.fd : ARES_SOCKET_BAD);
    }
    for (const auto& [key, channel] : channels_)
      if (channel->pending > 0) ares_process_fd(channel->handle, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    return std::exchange(replies_, {});
  }

  [[nodiscard]] int fd() const { return epoll_.get(); }

 private:
  struct Channel {
    explicit Channel(Channels& in) : all(in) {}
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;
    ~Channel() {
      if (handle != nullptr) ares_destroy(handle);
    }
    Channels& all;
    ares_channel handle = nullptr;
    std::size_t pending = 0;
  };
  struct Pending {
    Channel* channel;
    std::uint64_t id;
  };
  using Key = std::pair<Endpoint, bool>;

  static void answered(void* argument, int status, int, unsigned char* bytes, int length) {
    const std::unique_ptr<Pending> pending(static_cast<Pending*>(argument));
    --pending->channel->pending;
    DnsReplyIn reply{pending->id, DnsReplyIn::How::TimedOut, {}};
    if (bytes != nullptr && length > 0) {
      reply.how = DnsReplyIn::How::Answered;
      reply.bytes.assign(bytes, bytes + length);
    } else if (status == ARES_ECONNREFUSED) {
      reply.how = DnsReplyIn::How::Unreachable;
    } else if (status != ARES_ETIMEOUT) {
      reply.how = DnsReplyIn::How::NotAsked;
    }
    pending->channel->all.replies_.push_back(std::move(reply));
  }

  static void socket_changed(void* argument, ares_socket_t fd, int readable, int writable) {
    auto* const channel = static_cast<Channel*>(argument);
    Channels& all = channel->all;
    epoll_event event{};
    event.data.fd = fd;
    event.events = (readable != 0 ? unsigned{EPOLLIN} : 0U) | (writable != 0 ? unsigned{EPOLLOUT} : 0U);
    if (event.events == 0) {
      epoll_ctl(all.epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
      all.owners_.erase(fd);
      return;
    }
    const bool known = all.owners_.contains(fd);
    epoll_ctl(all.epoll_.get(), known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    all.owners_[fd] = channel;
  }

  Channel* channel_for(const Endpoint& server, bool recursion_desired) {
    const Key key{server, recursion_desired};
    if (const auto found = channels_.find(key); found != channels_.end()) return found->second.get();
    if (channels_.size() >= kServersMax) std::erase_if(channels_, [](const auto& c) { return c.second->pending == 0; });
    auto channel = std::make_unique<Channel>(*this);
    ares_options options{};
    // Any response code comes back as it is, and nobody else is asked instead. Sockets close when nothing is pending:
    // the next question leaves from another port.
    options.flags =
        ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH | ARES_FLAG_EDNS | (recursion_desired ? 0 : ARES_FLAG_NORECURSE);
    options.timeout = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(patience_).count());
    options.tries = 1;
    options.ednspsz = kUdpBytesMax;
    options.socket_receive_buffer_size = kReceiveBufferBytes;
    options.sock_state_cb = socket_changed;
    options.sock_state_cb_data = channel.get();
    std::string nothing = "/dev/null";  // the server is told below; files of this machine have no say
    options.resolvconf_path = nothing.data();
    const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_RCVBUF |
                     ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF;
    if (ares_init_options(&channel->handle, &options, mask) != ARES_SUCCESS) return nullptr;
    ares_addr_port_node node = node_of(server);
    if (ares_set_servers_ports(channel->handle, &node) != ARES_SUCCESS) return nullptr;
    return channels_.emplace(key, std::move(channel)).first->second.get();
  }

  Fd epoll_;
  Duration patience_;
  std::vector<DnsReplyIn> replies_;
  std::unordered_map<int, Channel*> owners_;  // of sockets
  std::map<Key, std::unique_ptr<Channel>> channels_;
};

Result<std::unique_ptr<DnsSockets>> DnsSockets::open(Duration patience) {
  need_library();
  Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.is_open()) return fail(Error::from_errno(errno, "opening epoll"));
  return std::unique_ptr<DnsSockets>(new DnsSockets(std::make_unique<Channels>(std::move(epoll), patience)));
}

DnsSockets::DnsSockets(std::unique_ptr<Channels> channels) : channels_(std::move(channels)) {}
DnsSockets::~DnsSockets() = default;
void DnsSockets::ask(const DnsQuestionOut& question) { channels_->ask(question); }
std::vector<DnsReplyIn> DnsSockets::take() { return channels_->take(); }
int DnsSockets::fd() const { return channels_->fd(); }

std::vector<Endpoint> system_dns_servers() {
  need_library();
  std::vector<Endpoint> servers;
  ares_channel handle = nullptr;
  if (ares_init(&handle) != ARES_SUCCESS) return servers;
  ares_addr_port_node* list = nullptr;
  if (ares_get_servers_ports(handle, &list) == ARES_SUCCESS) {
    for (const ares_addr_port_node* node = list; node != nullptr; node = node->next) {
      std::array<std::uint8_t, 16> bytes{};
      std::memcpy(bytes.data(), &node->addr, node->family == AF_INET ? 4 : 16);
      const IpAddress address = node->family == AF_INET
                                    ? IpAddress::v4(std::span<const std::uint8_t, 4>(bytes.data(), 4))
                                    : IpAddress::v6(std::span<const std::uint8_t, 16>(bytes));
      constexpr std::uint16_t kDnsPort = 53;
      const auto port = static_cast<std::uint16_t>(node->udp_port);
      servers.push_back({address, port == 0 ? kDnsPort : port});
    }
    ares_free_data(list);
  }
  ares_destroy(handle);
  return servers;
}

std::optional<DnsNameRead> read_dns_name(std::span<const std::uint8_t> message, std::size_t at) {
  if (at >= message.size() || message.size() > 65535) return std::nullopt;
  char* text = nullptr;
  long length = 0;
  const int status =
      ares_expand_name(message.data() + at, message.data(), static_cast<int>(message.size()), &text, &length);
  if (status != ARES_SUCCESS) return std::nullopt;
  DnsNameRead name{text, at + static_cast<std::size_t>(length)};
  ares_free_string(text);
  // 255 bytes on the wire; a byte is up to four characters here.
  constexpr std::size_t kTextMax = 255 * 4;
  if (name.text.size() > kTextMax) return std::nullopt;
  return name;
}

}  // namespace mailweir
