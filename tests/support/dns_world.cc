#include "tests/support/dns_world.h"

#include <algorithm>
#include <sstream>

#include "base/must.h"
#include "dns/name.h"
#include "packet/bytes.h"

namespace mailweir::testing {
namespace {

constexpr std::uint32_t kTtl_s = 300;

RecordType type_named(const std::string& name) {
  for (const RecordType type : {RecordType::A, RecordType::Ns, RecordType::Cname, RecordType::Soa, RecordType::Ptr,
                                RecordType::Txt, RecordType::Aaaa})
    if (name_of(type) == name) return type;
  MUST(!"a type of records");
  return {};
}

void put16(std::vector<std::uint8_t>& bytes, unsigned value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

void put32(std::vector<std::uint8_t>& bytes, std::uint32_t value) {
  put16(bytes, value >> 16);
  put16(bytes, value & 0xffff);
}

void put_name(std::vector<std::uint8_t>& bytes, const std::string& name) {
  for (const std::string_view label : labels_of(name)) {
    std::vector<std::uint8_t> plain;
    for (std::size_t i = 0; i < label.size(); ++i) {
      if (label[i] != '\\') {
        plain.push_back(static_cast<std::uint8_t>(label[i]));
      } else if (label[i + 1] >= '0' && label[i + 1] <= '9') {
        plain.push_back(static_cast<std::uint8_t>(std::stoi(std::string(label.substr(i + 1, 3)))));
        i += 3;
      } else {
        plain.push_back(static_cast<std::uint8_t>(label[++i]));
      }
    }
    bytes.push_back(static_cast<std::uint8_t>(plain.size()));
    bytes.insert(bytes.end(), plain.begin(), plain.end());
  }
  bytes.push_back(0);
}

void put_data(std::vector<std::uint8_t>& bytes, const Record& record) {
  std::array<std::uint8_t, 16> address{};
  record.address.write(address);
  switch (record.type) {
    case RecordType::A:
      bytes.insert(bytes.end(), address.begin() + 12, address.end());
      break;
    case RecordType::Aaaa:
      bytes.insert(bytes.end(), address.begin(), address.end());
      break;
    case RecordType::Txt:
      bytes.push_back(static_cast<std::uint8_t>(record.target.size()));
      bytes.insert(bytes.end(), record.target.begin(), record.target.end());
      break;
    case RecordType::Soa:
      put_name(bytes, record.target);
      put_name(bytes, "hostmaster.example");
      for (const std::uint32_t number : {record.serial, 3600U, 600U, 86400U, record.minimum_s}) put32(bytes, number);
      break;
    default:
      put_name(bytes, record.target);
  }
}

}  // namespace

void DnsWorld::serve(const Endpoint& at, const std::string& zone, const std::string& lines) {
  Server& server = servers_[at];
  server.zones.insert(zone);
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);) {
    std::istringstream words(line);
    std::string owner, type, data;
    if (!(words >> owner >> type >> data)) continue;
    Record record{.owner = owner, .type = type_named(type), .ttl_s = kTtl_s, .target = data};
    if (record.type == RecordType::A || record.type == RecordType::Aaaa) record.address = *IpAddress::parse(data);
    if (record.type == RecordType::Soa) words >> record.serial, record.minimum_s = 60;
    server.records[owner].push_back(record);
  }
}

void DnsWorld::drop(const std::string& owner, const std::string& target) {
  for (auto& [endpoint, server] : servers_) {
    const auto found = server.records.find(owner);
    if (found != server.records.end())
      std::erase_if(found->second, [&](const Record& record) { return record.target == target; });
  }
}

void DnsWorld::move(const std::string& owner, IpAddress to) {
  for (auto& [endpoint, server] : servers_)
    if (const auto found = server.records.find(owner); found != server.records.end())
      for (Record& record : found->second) record.address = to;
}

void DnsWorld::replace_serial(const Endpoint& at, const std::string& zone, std::uint32_t serial) {
  for (Record& record : servers_.at(at).records.at(zone))
    if (record.type == RecordType::Soa) record.serial = serial;
}

void DnsWorld::forget(const Endpoint& at, const std::string& zone) {
  Server& server = servers_.at(at);
  server.zones.erase(zone);
  std::erase_if(server.records, [&](const auto& one) { return is_under(one.first, zone); });
}

const std::string* DnsWorld::zone_of(const Server& server, const std::string& name) {
  const std::string* longest = nullptr;
  for (const std::string& zone : server.zones)
    if (is_under(name, zone) && (longest == nullptr || zone.size() > longest->size())) longest = &zone;
  return longest;
}

Manner DnsWorld::manner(const Endpoint& at, const Question& question) const {
  const auto server = servers_.find(at);
  if (server == servers_.end()) return Manner::Silent;
  for (const std::string& name :
       {question.name + " " + std::string(name_of(question.type)), question.name, std::string("*")})
    if (const auto found = server->second.manners.find(name); found != server->second.manners.end())
      return found->second;
  return Manner::Right;
}

Message DnsWorld::answer(const Endpoint& at, const Question& question) const {
  Message message;
  const Server& server = servers_.at(at);
  message.recursion_available = server.recursive;
  std::string name = question.name;
  const std::string* zone = zone_of(server, name);
  if (zone == nullptr) {
    message.code = ResponseCode::Refused;
    return message;
  }
  message.authoritative = !server.recursive;
  const auto records_at = [&](const std::string& owner) -> const std::vector<Record>* {
    if (const auto found = server.records.find(owner); found != server.records.end()) return &found->second;
    const auto wildcard = server.records.find("*." + std::string(parent_name(owner)));
    return wildcard == server.records.end() ? nullptr : &wildcard->second;
  };
  // A name below a cut is somebody else's.
  for (std::string_view cut = name; cut != *zone && !server.recursive; cut = parent_name(cut)) {
    const auto found = server.records.find(std::string(cut));
    if (found == server.records.end() || found->second.empty() || found->second.front().type != RecordType::Ns)
      continue;
    message.authoritative = false;
    message.authority = found->second;
    for (const Record& ns : found->second)
      if (const auto glue = server.records.find(ns.target); glue != server.records.end())
        message.additional.insert(message.additional.end(), glue->second.begin(), glue->second.end());
    return message;
  }
  for (int hops = 0; hops < 20; ++hops) {
    const std::vector<Record>* records = records_at(name);
    std::string next;
    for (const Record& record : records == nullptr ? std::vector<Record>{} : *records) {
      Record copy = record;
      copy.owner = name;
      if (record.type == question.type) message.answers.push_back(copy);
      if (record.type == RecordType::Cname && question.type != RecordType::Cname) {
        message.answers.push_back(copy);
        next = record.target;
      }
    }
    if (next.empty() || zone_of(server, next) == nullptr) {
      if (records == nullptr) {
        const bool above = std::any_of(server.records.begin(), server.records.end(),
                                       [&](const auto& one) { return is_under(one.first, name); });
        if (!above) message.code = ResponseCode::NxDomain;
      }
      break;
    }
    name = next;
  }
  if (message.answers.empty() || message.code == ResponseCode::NxDomain)
    for (const Record& record : server.records.contains(*zone) ? server.records.at(*zone) : std::vector<Record>{})
      if (record.type == RecordType::Soa) message.authority.push_back(record);
  return message;
}

std::vector<std::uint8_t> DnsWorld::reply(const Endpoint& server, const Question& question, std::uint16_t id,
                                          bool tcp) const {
  const Manner how = manner(server, question);
  if (how == Manner::Silent) return {};
  Message message;
  if (how == Manner::ServFail)
    message.code = ResponseCode::ServFail;
  else if (how == Manner::Refused)
    message.code = ResponseCode::Refused;
  else if (how == Manner::FormErr)
    message.code = ResponseCode::FormErr;
  else
    message = answer(server, question);
  const auto only_truncated = [&] {
    message.answers.clear(), message.authority.clear(), message.additional.clear();
    message.truncated = true;
    return wire(message, question, id);
  };
  if (how == Manner::TruncatedOnly || (how == Manner::TruncatedUdp && !tcp)) return only_truncated();
  std::vector<std::uint8_t> bytes = wire(message, question, id);
  // Right up to the question, which c-ares compares; the rest claims records that are not there.
  if (how == Manner::Broken) bytes[7] = 0xff;
  if (how == Manner::Torn) bytes.resize(bytes.size() * 3 / 4);
  constexpr std::size_t kUdpMax = 1232;
  return !tcp && bytes.size() > kUdpMax ? only_truncated() : bytes;
}

std::vector<std::uint8_t> wire(const Message& message, const Question& question, std::uint16_t id) {
  std::vector<std::uint8_t> bytes;
  put16(bytes, id);
  put16(bytes, 0x8000U | (message.authoritative ? 0x0400U : 0U) | (message.truncated ? 0x0200U : 0U) |
                   (message.recursion_available ? 0x0080U : 0U) | static_cast<unsigned>(message.code));
  put16(bytes, 1);
  put16(bytes, static_cast<unsigned>(message.answers.size()));
  put16(bytes, static_cast<unsigned>(message.authority.size()));
  put16(bytes, static_cast<unsigned>(message.additional.size()));
  put_name(bytes, question.name);
  put16(bytes, static_cast<unsigned>(question.type));
  put16(bytes, 1);
  for (const auto* section : {&message.answers, &message.authority, &message.additional}) {
    for (const Record& record : *section) {
      put_name(bytes, record.owner);
      put16(bytes, static_cast<unsigned>(record.type));
      put16(bytes, 1);
      put32(bytes, record.ttl_s);
      std::vector<std::uint8_t> data;
      put_data(data, record);
      put16(bytes, static_cast<unsigned>(data.size()));
      bytes.insert(bytes.end(), data.begin(), data.end());
    }
  }
  return bytes;
}

std::optional<AskedFor> read_question(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 17) return std::nullopt;
  AskedFor asked;
  asked.id = read_u16(bytes, 0);
  asked.edns = read_u16(bytes, 10) > 0;
  std::string name;
  std::size_t at = 12;
  while (at < bytes.size() && bytes[at] != 0) {
    const std::size_t length = bytes[at];
    if (at + length + 6 > bytes.size()) return std::nullopt;
    name += std::string(name.empty() ? "" : ".") + std::string(reinterpret_cast<const char*>(&bytes[at + 1]), length);
    at += length + 1;
  }
  if (at + 5 > bytes.size()) return std::nullopt;
  asked.question = {canonical_name(name), static_cast<RecordType>(read_u16(bytes, at + 1))};
  return asked;
}

}  // namespace mailweir::testing
