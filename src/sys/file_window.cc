#include "sys/file_window.h"

#include <sys/mman.h>
#include <sys/single_threaded.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>

namespace mailweir {
namespace {

// Windows begin at multiples of this: the kernel then maps a file by large pages, where its file system keeps it in
// such. What lies before the part that is asked for is not touched.
constexpr std::size_t kStart = 2 << 20;

// What is mapped, for the signal handler: lock-free, and never freed.
struct Slot {
  std::atomic<std::uintptr_t> begin{0}, end{0};  // whole pages; end 0: free
  std::atomic<bool> cut{false};
};
std::array<Slot, FileWindow::kWindowsMax> slots;
std::mutex slots_taken;
struct sigaction before_us;

std::uintptr_t page_size() {
  static const auto size = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

// Puts zero pages where the file ended too early. mmap is a plain system call here, and changes no state of the
// process's own; a fault elsewhere is left to whoever handled it before.
void on_bus_error(int, siginfo_t* info, void*) {
  const int saved = errno;
  const auto at = reinterpret_cast<std::uintptr_t>(info->si_addr);
  for (Slot& slot : slots) {
    const std::uintptr_t end = slot.end.load();
    if (at < slot.begin.load() || at >= end) continue;
    slot.cut.store(true);
    const std::uintptr_t page = at & ~(page_size() - 1);
    void* const zeros =
        ::mmap(reinterpret_cast<void*>(page), end - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (zeros == MAP_FAILED) break;
    errno = saved;
    return;
  }
  ::sigaction(SIGBUS, &before_us, nullptr);  // returning repeats the fault
}

bool catch_bus_errors() {
  page_size();  // not for the first time in the handler
  struct sigaction action {};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  ::sigemptyset(&action.sa_mask);
  return ::sigaction(SIGBUS, &action, &before_us) == 0;
}

int take_slot(std::uintptr_t begin, std::uintptr_t end) {
  const std::lock_guard lock(slots_taken);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].end.load() != 0) continue;
    slots[i].cut.store(false);
    slots[i].begin.store(begin);
    slots[i].end.store(end);
    return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

std::unique_ptr<FileWindow> FileWindow::map(int fd, std::uint64_t offset, std::size_t size) {
  static const bool caught = catch_bus_errors();
  if (!caught || size == 0) return nullptr;
  const auto skip = static_cast<std::size_t>(offset % kStart);
  const std::size_t pages = (skip + size + page_size() - 1) / page_size() * page_size();
  void* const memory = ::mmap(nullptr, pages, PROT_READ, MAP_SHARED, fd, static_cast<off_t>(offset - skip));
  if (memory == MAP_FAILED) return nullptr;
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  const int slot = take_slot(begin, begin + pages);
  if (slot < 0) {
    ::munmap(memory, pages);
    return nullptr;
  }
  const std::string_view text(static_cast<const char*>(memory) + skip, size);
  return std::unique_ptr<FileWindow>(new FileWindow(fd, slot, offset + size, text));
}

FileWindow::~FileWindow() {
  Slot& slot = slots[static_cast<std::size_t>(slot_)];
  ::munmap(reinterpret_cast<void*>(slot.begin.load()), slot.end.load() - slot.begin.load());
  slot.end.store(0);
}

void FileWindow::fetch(std::size_t begin, std::size_t size) const {
  const auto at = reinterpret_cast<std::uintptr_t>(text_.data() + begin), page = at & ~(page_size() - 1);
  ::madvise(reinterpret_cast<void*>(page), size + (at - page),
            MADV_POPULATE_READ);  // refused before Linux 5.14: no harm
}

void FileWindow::release(std::size_t begin, std::size_t size) const {
  // The kernel interrupts the processors of all other threads for it: then it costs more than it gains.
  if (!__libc_single_threaded) return;
  const auto at = reinterpret_cast<std::uintptr_t>(text_.data() + begin);
  const std::uintptr_t first = (at + page_size() - 1) & ~(page_size() - 1), last = (at + size - 1) & ~(page_size() - 1);
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

bool FileWindow::is_cut() const {
  struct stat status {};
  return slots[static_cast<std::size_t>(slot_)].cut.load() || ::fstat(fd_, &status) != 0 ||
         static_cast<std::uint64_t>(status.st_size) < end_;
}

}  // namespace mailweir
