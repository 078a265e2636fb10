// Bytes in order, out of a plain file, a .gz or a .zst, told apart by their first bytes.
//
// Damage is not an error: what could be read comes out, and note() says where it stopped.
// Sources: RFC 1952 (gzip; several members in one file), RFC 8878 (zstd; several frames).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sys/input_file.h"

namespace mailweir {

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // The next bytes, at least one; 0 is the end.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<char> bytes) = 0;
  [[nodiscard]] virtual std::uint64_t bytes_read() const = 0;  // of the file underneath
  [[nodiscard]] virtual std::string note() const { return {}; }
};

// Unpacks what is packed. Memory for a zstd frame is limited to kZstdWindowLogMax.
[[nodiscard]] Result<std::unique_ptr<ByteStream>> open_stream(InputFile file);

// Reads ahead without taking anything away.
class PeekedStream final : public ByteStream {
 public:
  explicit PeekedStream(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {}
  // The first bytes that read() will give, at most `bytes`, fewer at the end.
  [[nodiscard]] Result<std::string_view> peek(std::size_t bytes);
  Result<std::size_t> read(std::span<char> bytes) override;
  [[nodiscard]] std::uint64_t bytes_read() const override { return stream_->bytes_read(); }
  [[nodiscard]] std::string note() const override { return stream_->note(); }

 private:
  std::unique_ptr<ByteStream> stream_;
  std::string ahead_;
  std::size_t taken_ = 0;
};

[[nodiscard]] bool is_packed(std::string_view first_bytes);

}  // namespace mailweir
