#include "sys/unpack.h"

#include <zlib.h>
#include <zstd.h>

#include <cstring>
#include <vector>

namespace mailweir {
namespace {

constexpr std::size_t kInput = 128 << 10;
// 128 MiB, what zstd itself allows without --long; a larger window is refused.
constexpr int kZstdWindowLogMax = 27;

constexpr std::string_view kGzip("\x1f\x8b", 2);
constexpr std::string_view kZstd("\x28\xb5\x2f\xfd", 4);

class PlainStream final : public ByteStream {
 public:
  explicit PlainStream(InputFile file) : file_(std::move(file)) {}
  Result<std::size_t> read(std::span<char> bytes) override { return file_.read(bytes); }
  std::uint64_t bytes_read() const override { return file_.bytes_read(); }

 private:
  InputFile file_;
};

// What both unpackers share: a buffer of packed bytes and the words for damage.
class PackedStream : public ByteStream {
 public:
  explicit PackedStream(std::unique_ptr<ByteStream> packed) : packed_(std::move(packed)), input_(kInput) {}
  std::uint64_t bytes_read() const override { return packed_->bytes_read(); }
  std::string note() const override { return note_; }

 protected:
  // More packed bytes into input_; 0 at the end of the file.
  Result<std::size_t> refill() { return packed_->read(input_); }
  std::size_t stop(std::string note) {
    note_ = std::move(note);
    return 0;
  }
  [[nodiscard]] bool stopped() const { return !note_.empty(); }
  std::span<char> input() { return input_; }

 private:
  std::unique_ptr<ByteStream> packed_;
  std::vector<char> input_;
  std::string note_;
};

class GzipStream final : public PackedStream {
 public:
  explicit GzipStream(std::unique_ptr<ByteStream> packed) : PackedStream(std::move(packed)) {
    constexpr int kGzipOnly = 16 + MAX_WBITS;  // zlib.h, inflateInit2
    ready_ = inflateInit2(&zlib_, kGzipOnly) == Z_OK;
  }
  ~GzipStream() override {
    if (ready_) inflateEnd(&zlib_);
  }

  Result<std::size_t> read(std::span<char> bytes) override {
    if (!ready_) return fail(ErrorCode::Limit, "no memory to unpack");
    zlib_.next_out = reinterpret_cast<Bytef*>(bytes.data());
    zlib_.avail_out = static_cast<uInt>(bytes.size());
    while (zlib_.avail_out == bytes.size() && !stopped()) {
      if (zlib_.avail_in == 0) {
        const auto got = refill();
        if (!got) return got;
        if (*got == 0)
          return inside_ ? stop("the .gz ends in the middle: it was cut off or is still being written") : 0;
        zlib_.next_in = reinterpret_cast<Bytef*>(input().data());
        zlib_.avail_in = static_cast<uInt>(*got);
      }
      if (const int status = step(); status != Z_OK) {
        stop("the .gz is damaged: what follows the damage was not read");
        break;
      }
    }
    return bytes.size() - zlib_.avail_out;
  }

 private:
  int step() {
    if (!inside_ && members_ > 0) {
      // After a member comes another one, or padding (tapes, some log writers), which ends the text.
      if (*zlib_.next_in != static_cast<Bytef>(kGzip[0])) {
        zlib_.avail_in = 0;
        return Z_OK;
      }
      inflateReset(&zlib_);
    }
    inside_ = true;
    const int status = inflate(&zlib_, Z_NO_FLUSH);
    if (status == Z_STREAM_END) {
      inside_ = false;
      ++members_;
      return Z_OK;
    }
    return status == Z_BUF_ERROR ? Z_OK : status;
  }

  z_stream zlib_{};
  bool ready_ = false;
  bool inside_ = false;  // a member has begun and not ended
  int members_ = 0;
};

class ZstdStream final : public PackedStream {
 public:
  explicit ZstdStream(std::unique_ptr<ByteStream> packed)
      : PackedStream(std::move(packed)), zstd_(ZSTD_createDStream()) {
    if (zstd_) ZSTD_DCtx_setParameter(zstd_.get(), ZSTD_d_windowLogMax, kZstdWindowLogMax);
  }

  Result<std::size_t> read(std::span<char> bytes) override {
    if (!zstd_) return fail(ErrorCode::Limit, "no memory to unpack");
    ZSTD_outBuffer out{bytes.data(), bytes.size(), 0};
    while (out.pos == 0 && !stopped()) {
      if (in_.pos == in_.size && !flushing_) {
        const auto got = refill();
        if (!got) return got;
        if (*got == 0)
          return inside_ ? stop("the .zst ends in the middle: it was cut off or is still being written") : 0;
        in_ = {input().data(), *got, 0};
      }
      const std::size_t status = ZSTD_decompressStream(zstd_.get(), &out, &in_);
      if (ZSTD_isError(status) != 0) {
        stop("the .zst is damaged: what follows the damage was not read");
        break;
      }
      inside_ = status != 0;
      flushing_ = out.pos == out.size;
    }
    return out.pos;
  }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const noexcept { ZSTD_freeDStream(stream); }
  };
  std::unique_ptr<ZSTD_DStream, Free> zstd_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool inside_ = false;
  bool flushing_ = false;  // the last call filled its output: there may be more without input
};

}  // namespace

bool is_packed(std::string_view first_bytes) {
  return first_bytes.starts_with(kGzip) || first_bytes.starts_with(kZstd);
}

Result<std::string_view> PeekedStream::peek(std::size_t bytes) {
  while (ahead_.size() - taken_ < bytes) {
    const std::size_t had = ahead_.size();
    ahead_.resize(had + bytes);
    const auto got = stream_->read(std::span(ahead_).subspan(had));
    ahead_.resize(had + got.value_or(0));
    if (!got) return fail(got.error());
    if (*got == 0) break;
  }
  return std::string_view(ahead_).substr(taken_, bytes);
}

Result<std::size_t> PeekedStream::read(std::span<char> bytes) {
  if (taken_ == ahead_.size()) return stream_->read(bytes);
  const std::size_t count = std::min(bytes.size(), ahead_.size() - taken_);
  std::memcpy(bytes.data(), ahead_.data() + taken_, count);
  taken_ += count;
  if (taken_ == ahead_.size()) {
    ahead_ = {};
    taken_ = 0;
  }
  return count;
}

Result<std::unique_ptr<ByteStream>> open_stream(InputFile file) {
  auto plain = std::make_unique<PeekedStream>(std::make_unique<PlainStream>(std::move(file)));
  const auto first = plain->peek(kZstd.size());
  if (!first) return fail(first.error());
  const bool gzip = first->starts_with(kGzip), zstd = first->starts_with(kZstd);
  if (gzip) return std::make_unique<GzipStream>(std::move(plain));
  if (zstd) return std::make_unique<ZstdStream>(std::move(plain));
  return plain;
}

}  // namespace mailweir
