#include "sys/poller.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace mailweir {

Result<Poller> Poller::open() {
  Fd fd(epoll_create1(EPOLL_CLOEXEC));
  if (!fd.is_open()) return fail(Error::from_errno(errno, "opening epoll"));
  return Poller(std::move(fd));
}

Result<void> Poller::watch(int fd, std::uint32_t tag) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = tag;
  if (epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail(Error::from_errno(errno, "waiting for events"));
  return {};
}

Result<std::vector<std::uint32_t>> Poller::wait(std::optional<Duration> longest) {
  int timeout_ms = -1;
  if (longest) {
    constexpr std::int64_t kLongestMs = 3'600'000;
    const auto whole = std::chrono::ceil<std::chrono::milliseconds>(std::max(*longest, Duration{0}));
    timeout_ms = static_cast<int>(std::min<std::int64_t>(whole.count(), kLongestMs));
  }
  std::array<epoll_event, 16> events;
  const int count = epoll_wait(fd_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
  if (count < 0 && errno != EINTR) return fail(Error::from_errno(errno, "waiting for events"));
  std::vector<std::uint32_t> tags;
  for (int i = 0; i < count; ++i) tags.push_back(events[static_cast<std::size_t>(i)].data.u32);
  return tags;
}

}  // namespace mailweir
