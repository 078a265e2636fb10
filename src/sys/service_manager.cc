#include "sys/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "sys/fd.h"

namespace mailweir {

Result<void> tell_service_manager(std::string_view news) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || *path == '\0') return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(path);
  if ((*path != '/' && *path != '@') || length >= sizeof(address.sun_path))
    return fail(ErrorCode::BadInput, "NOTIFY_SOCKET is no address of a socket");
  std::memcpy(address.sun_path, path, length);
  if (*path == '@') address.sun_path[0] = '\0';  // an abstract one (unix(7))
  const Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return fail(Error::from_errno(errno, "a socket for the service manager"));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  const ssize_t sent = sendto(socket.get(), news.data(), news.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                              reinterpret_cast<const sockaddr*>(&address), size);
  if (sent < 0) return fail(Error::from_errno(errno, "telling the service manager"));
  return {};
}

}  // namespace mailweir
