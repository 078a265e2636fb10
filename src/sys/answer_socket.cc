#include "sys/answer_socket.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace mailweir {
namespace {

constexpr timeval kPatience{5, 0};  // for a program that is busy

std::optional<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return std::nullopt;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

Fd file_of(const std::string& text) {
  Fd file(memfd_create("mailweir answer", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.is_open()) return {};
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t written = ::write(file.get(), text.data() + at, text.size() - at);
    if (written <= 0) return {};
    at += static_cast<std::size_t>(written);
  }
  fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
  return file;
}

// One byte, and the descriptor with it.
struct Letter {
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{nullptr, 0, &part, 1, control.data(), control.size(), 0};
};

void hand_over(int socket, int file) {
  Letter letter;
  cmsghdr* header = CMSG_FIRSTHDR(&letter.message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &file, sizeof(int));
  static_cast<void>(sendmsg(socket, &letter.message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

}  // namespace

Result<AnswerSocket> AnswerSocket::listen(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return fail(ErrorCode::BadInput, path + ": too long a name for a socket");
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.is_open()) return fail(Error::from_errno(errno, path));
  ::unlink(path.c_str());
  if (bind(fd.get(), generic(*address), sizeof(*address)) != 0 || chmod(path.c_str(), 0600) != 0 ||
      ::listen(fd.get(), 16) != 0) {
    return fail(Error::from_errno(errno, path));
  }
  return AnswerSocket(std::move(fd));
}

void AnswerSocket::answer(const std::function<std::string()>& text) {
  Fd file;
  for (;;) {
    const Fd asker(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!asker.is_open()) return;
    if (!file.is_open()) file = file_of(text());
    if (file.is_open()) hand_over(asker.get(), file.get());
  }
}

Result<std::string> ask(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return fail(ErrorCode::BadInput, path + ": too long a name for a socket");
  const Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return fail(Error::from_errno(errno, path));
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  if (connect(fd.get(), generic(*address), sizeof(*address)) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return fail(ErrorCode::NotFound, path + ": nobody answers there");
    return fail(Error::from_errno(errno, path));
  }
  Letter letter;
  if (recvmsg(fd.get(), &letter.message, MSG_CMSG_CLOEXEC) <= 0)
    return fail(ErrorCode::NotFound, path + ": there was no answer");
  const cmsghdr* header = CMSG_FIRSTHDR(&letter.message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS)
    return fail(ErrorCode::BadInput, path + ": not an answer of mailweir");
  int number = -1;
  std::memcpy(&number, CMSG_DATA(header), sizeof(int));
  const Fd file(number);
  struct stat facts {};
  if (fstat(file.get(), &facts) != 0) return fail(Error::from_errno(errno, path));
  std::string text(static_cast<std::size_t>(facts.st_size), '\0');
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t got = pread(file.get(), text.data() + at, text.size() - at, static_cast<off_t>(at));
    if (got <= 0) return fail(Error::from_errno(got == 0 ? EIO : errno, path));
    at += static_cast<std::size_t>(got);
  }
  return text;
}

}  // namespace mailweir
