#include "sys/netlink_request.h"

#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>

#include <array>
#include <cstring>

#include "base/must.h"

namespace mailweir {
namespace {

nlmsghdr* header_at(std::vector<std::uint8_t>& buffer, std::size_t offset) {
  return reinterpret_cast<nlmsghdr*>(buffer.data() + offset);  // NLMSG_ALIGN keeps it aligned
}

}  // namespace

NetlinkRequest::NetlinkRequest(std::size_t bytes_max) : buffer_(bytes_max) {}

void NetlinkRequest::message(std::uint16_t type, std::uint16_t flags, std::uint8_t family, std::uint16_t resource) {
  MUST(room() >= MNL_NLMSG_HDRLEN + sizeof(nfgenmsg));
  last_ = used_;
  nlmsghdr* header = mnl_nlmsg_put_header(buffer_.data() + used_);
  header->nlmsg_type = type;
  header->nlmsg_flags = NLM_F_REQUEST | flags;
  header->nlmsg_seq = ++messages_;
  auto* generic = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(header, sizeof(nfgenmsg)));
  generic->nfgen_family = family;
  generic->version = NFNETLINK_V0;
  generic->res_id = htons(resource);
  used_ = last_ + header->nlmsg_len;
  if ((flags & NLM_F_ACK) != 0) acknowledged_ = messages_;
}

void NetlinkRequest::put(std::uint16_t type, Bytes value) {
  MUST(messages_ > 0 && room() >= MNL_ATTR_HDRLEN + MNL_ALIGN(value.size()));
  nlmsghdr* header = header_at(buffer_, last_);
  mnl_attr_put(header, type, value.size(), value.data());
  used_ = last_ + header->nlmsg_len;
}

void NetlinkRequest::put_u8(std::uint16_t type, std::uint8_t value) { put(type, Bytes(&value, 1)); }

void NetlinkRequest::put_be16(std::uint16_t type, std::uint16_t value) {
  const std::uint16_t raw = htobe16(value);
  put(type, Bytes(reinterpret_cast<const std::uint8_t*>(&raw), sizeof raw));
}

void NetlinkRequest::put_be32(std::uint16_t type, std::uint32_t value) {
  const std::uint32_t raw = htobe32(value);
  put(type, Bytes(reinterpret_cast<const std::uint8_t*>(&raw), sizeof raw));
}

void NetlinkRequest::put_be64(std::uint16_t type, std::uint64_t value) {
  const std::uint64_t raw = htobe64(value);
  put(type, Bytes(reinterpret_cast<const std::uint8_t*>(&raw), sizeof raw));
}

void NetlinkRequest::put_text(std::uint16_t type, std::string_view value) {
  MUST(messages_ > 0 && room() >= MNL_ATTR_HDRLEN + MNL_ALIGN(value.size() + 1));
  std::array<std::uint8_t, 256> ended{};
  MUST(value.size() < ended.size());
  std::memcpy(ended.data(), value.data(), value.size());
  put(type, Bytes(ended).first(value.size() + 1));
}

std::size_t NetlinkRequest::begin_nest(std::uint16_t type) {
  MUST(messages_ > 0 && room() >= MNL_ATTR_HDRLEN);
  nlmsghdr* header = header_at(buffer_, last_);
  const nlattr* nest = mnl_attr_nest_start(header, type);
  used_ = last_ + header->nlmsg_len;
  return static_cast<std::size_t>(reinterpret_cast<const std::uint8_t*>(nest) - buffer_.data());
}

void NetlinkRequest::end_nest(std::size_t nest) {
  MUST(used_ - nest <= 0xffff);  // the length field of an attribute has 16 bits
  mnl_attr_nest_end(header_at(buffer_, last_), reinterpret_cast<nlattr*>(buffer_.data() + nest));
}

void NetlinkRequest::batch_edge(std::uint16_t type, std::uint16_t subsystem) { message(type, 0, 0, subsystem); }
void NetlinkRequest::begin_batch(std::uint16_t subsystem) { batch_edge(NFNL_MSG_BATCH_BEGIN, subsystem); }
void NetlinkRequest::end_batch(std::uint16_t subsystem) { batch_edge(NFNL_MSG_BATCH_END, subsystem); }

void NetlinkRequest::ask_acknowledgement() {
  MUST(messages_ > 0);
  header_at(buffer_, last_)->nlmsg_flags |= NLM_F_ACK;
  acknowledged_ = messages_;
}

void NetlinkRequest::clear() {
  used_ = last_ = 0;
  messages_ = acknowledged_ = 0;
}

}  // namespace mailweir
