#include "dns/cares_door.h"

#include "sys/dns_sockets.h"

namespace mailweir {
namespace {

class CaresDoor final : public DnsDoor {
 public:
  explicit CaresDoor(std::unique_ptr<DnsSockets> sockets) : sockets_(std::move(sockets)) {}

  void ask(const Endpoint& server, const Question& question, bool recursion_desired, std::uint64_t id) override {
    sockets_->ask({server, question.name, static_cast<std::uint16_t>(question.type), recursion_desired, id});
  }

  std::vector<DoorReply> take() override {
    std::vector<DoorReply> replies;
    for (const DnsReplyIn& in : sockets_->take()) replies.push_back(read(in));
    return replies;
  }

  [[nodiscard]] int fd() const override { return sockets_->fd(); }
  [[nodiscard]] Duration check_every() const override { return DnsSockets::kTimeoutCheck; }

 private:
  static DoorReply read(const DnsReplyIn& in) {
    switch (in.how) {
      case DnsReplyIn::How::TimedOut:
        return {in.id, DoorReply::How::TimedOut, {}};
      case DnsReplyIn::How::Unreachable:
        return {in.id, DoorReply::How::Unreachable, {}};
      case DnsReplyIn::How::NotAsked:
        return {in.id, DoorReply::How::NotAsked, {}};
      case DnsReplyIn::How::Answered:
        break;
    }
    auto message = read_message(in.bytes);
    if (!message) return {in.id, DoorReply::How::Broken, {}};
    return {in.id, DoorReply::How::Answered, std::move(*message)};
  }

  std::unique_ptr<DnsSockets> sockets_;
};

}  // namespace

Result<std::unique_ptr<DnsDoor>> open_dns_door(Duration patience) {
  auto sockets = DnsSockets::open(patience);
  if (!sockets) return fail(std::move(sockets).error());
  return std::make_unique<CaresDoor>(std::move(*sockets));
}

}  // namespace mailweir
