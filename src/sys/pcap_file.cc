#include "sys/pcap_file.h"

#include <fcntl.h>
#include <pcap/pcap.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "base/escape.h"
#include "sys/fd.h"

namespace mailweir {
namespace {

struct ClosePcap {
  void operator()(pcap_t* handle) const noexcept { pcap_close(handle); }
};

// The years 1970 to 2242: more than any capture, and far from the limits of Time.
constexpr std::int64_t kSecondsMax = std::int64_t{1} << 33;

Result<PcapFile::Source> file_source(const std::string& path) {
  const bool standard_input = path == "-";
  auto fd = std::make_shared<Fd>(standard_input ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                                : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd->is_open()) return fail(Error::from_errno(errno, "opening " + escape(path)));
  return [fd](std::span<std::uint8_t> into) -> Result<std::size_t> {
    for (;;) {
      const ssize_t got = ::read(fd->get(), into.data(), into.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) return fail(Error::from_errno(errno, "reading the capture"));
    }
  };
}

}  // namespace

struct PcapFile::State {
  Source source;
  std::uint64_t bytes = 0;
  std::string read_error;  // of the source
  std::string broken;
  std::unique_ptr<pcap_t, ClosePcap> handle;

  // For fopencookie(3): libpcap reads a FILE, and nothing else.
  static ssize_t read(void* cookie, char* into, std::size_t size) {
    auto& state = *static_cast<State*>(cookie);
    const auto got = state.source({reinterpret_cast<std::uint8_t*>(into), size});
    if (!got) {
      state.read_error = got.error().text();
      errno = EIO;
      return -1;
    }
    state.bytes += *got;
    return static_cast<ssize_t>(*got);
  }

  [[nodiscard]] std::string reason(const char* of_libpcap) const {
    return read_error.empty() ? escape(of_libpcap) : read_error;
  }
};

PcapFile::PcapFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
PcapFile::PcapFile(PcapFile&&) noexcept = default;
PcapFile& PcapFile::operator=(PcapFile&&) noexcept = default;
PcapFile::~PcapFile() = default;

Result<PcapFile> PcapFile::open(const std::string& path) {
  auto source = file_source(path);
  if (!source) return fail(std::move(source).error());
  return open(*std::move(source));
}

Result<PcapFile> PcapFile::open(Source source) {
  auto state = std::make_unique<State>();
  state->source = std::move(source);
  std::FILE* stream =
      fopencookie(state.get(), "rb", {.read = State::read, .write = nullptr, .seek = nullptr, .close = nullptr});
  if (stream == nullptr) return fail(Error::from_errno(errno, "opening a capture"));
  std::array<char, PCAP_ERRBUF_SIZE> why{};
  state->handle.reset(pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_MICRO, why.data()));
  if (!state->handle) {
    std::fclose(stream);  // of a stream that it accepts, libpcap becomes the owner
    const bool nothing = state->bytes == 0 && state->read_error.empty();
    if (!nothing) return fail(ErrorCode::BadInput, "not a readable capture: " + state->reason(why.data()));
  }
  return PcapFile(std::move(state));
}

bool PcapFile::next(CapturedFrame& frame) {
  if (!state_->handle || !state_->broken.empty()) return false;
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  const int status = pcap_next_ex(state_->handle.get(), &header, &bytes);
  if (status == PCAP_ERROR_BREAK) return false;  // the end of a file
  if (status != 1) {
    state_->broken = state_->reason(pcap_geterr(state_->handle.get()));
    return false;
  }
  const std::int64_t seconds = header->ts.tv_sec;
  frame.time_plausible =
      seconds >= 0 && seconds <= kSecondsMax && header->ts.tv_usec >= 0 && header->ts.tv_usec < 1'000'000;
  frame.time = frame.time_plausible
                   ? Time(std::chrono::seconds(seconds) + std::chrono::microseconds(header->ts.tv_usec))
                   : Time();
  frame.bytes = {bytes, header->caplen};
  frame.wire_length = header->len;
  return true;
}

bool PcapFile::is_empty() const { return !state_->handle; }
int PcapFile::link_type() const { return state_->handle ? pcap_datalink(state_->handle.get()) : -1; }
std::string PcapFile::link_name() const {
  const char* name = link_type() < 0 ? nullptr : pcap_datalink_val_to_name(link_type());
  return name != nullptr ? name : "link type " + std::to_string(link_type());
}
const std::string& PcapFile::broken() const { return state_->broken; }
std::uint64_t PcapFile::bytes_read() const { return state_->bytes; }

}  // namespace mailweir
