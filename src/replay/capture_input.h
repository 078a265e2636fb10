// A capture file among the inputs of a replay.
#pragma once

#include <memory>
#include <string>

#include "ingest/capture_reader.h"
#include "replay/input.h"
#include "sys/unpack.h"

namespace mailweir {

class CaptureInput final : public Input {
 public:
  // `stream`: the capture, unpacked.
  static Result<std::unique_ptr<CaptureInput>> open(std::string name, std::unique_ptr<ByteStream> stream);

  [[nodiscard]] Time starts_at() const override;
  [[nodiscard]] Result<std::size_t> next() override;
  void read_piece(std::size_t index) override;
  [[nodiscard]] Result<void> admit(ReplayContext& context) override;
  [[nodiscard]] bool at_end() const override { return at_end_; }
  [[nodiscard]] std::uint64_t bytes_read() const override { return stream_->bytes_read(); }
  [[nodiscard]] std::uint64_t lines() const override { return reader_.counters().packets; }
  [[nodiscard]] InputReport report() const override;

 private:
  CaptureInput(std::string name, std::unique_ptr<ByteStream> stream, CaptureReader reader)
      : name_(std::move(name)), stream_(std::move(stream)), reader_(std::move(reader)) {}

  std::string name_;
  std::unique_ptr<ByteStream> stream_;  // where it is, `reader_` reads from it
  CaptureReader reader_;
  std::vector<PacketSighting> stretch_;   // the next one; read ahead, so that its first time is known
  std::vector<PacketSighting> admitted_;  // the one before
  bool ended_ = false;                    // the file
  bool at_end_ = false;                   // what was read of it too
};

}  // namespace mailweir
