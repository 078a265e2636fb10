#include "lint/box_index.h"

#include <optional>

namespace mailweir::rules {
namespace {

struct Prefix {
  FieldValue base;
  int length;  // bits
};

// The set is one prefix of the field, and packets without the field are not in it.
std::optional<Prefix> prefix_of(const FieldValues& values) {
  if (values.absent || values.values.intervals().size() != 1) return std::nullopt;
  const Interval& only = values.values.front();
  const int width = width_of(values.field);
  const FieldValue size = only.last - only.first;  // 2^n - 1
  if ((size & (size + 1)) != 0 || (only.first & size) != 0) return std::nullopt;
  int free_bits = 0;
  while (free_bits < width && (size >> free_bits & 1U) != 0) ++free_bits;
  return Prefix{only.first, width - free_bits};
}

std::uint64_t hash_of(FieldValue value) {
  return (static_cast<std::uint64_t>(value >> 64) * 0x9e3779b97f4a7c15ULL) ^ static_cast<std::uint64_t>(value);
}

FieldValue cut(FieldValue value, int width, int length) {
  return length == 0 ? 0 : value >> (width - length) << (width - length);
}

// Most rules name the same protocol, state or interface: those tell little.
bool tells_much(Field field) {
  switch (field) {
    case Field::SourceAddress:
    case Field::DestinationAddress:
    case Field::SourcePort:
    case Field::DestinationPort:
    case Field::SourceMac:
    case Field::DestinationMac:
    case Field::PacketMark:
    case Field::IcmpTypeCode:
    case Field::SocketUser:
      return true;
    default:
      return false;
  }
}

std::uint32_t key_of(Field field, int length) {
  return static_cast<std::uint32_t>(field) * 256U + static_cast<std::uint32_t>(length);
}

}  // namespace

void BoxIndex::add(const PacketBox& box, std::uint32_t number) {
  const auto place = static_cast<std::uint32_t>(boxes_.size());
  boxes_.emplace_back(box, number);
  std::optional<Prefix> best;
  Field best_field = Field::Protocol;
  int best_rank = -1;
  for (const FieldValues& values : box.fields()) {
    if (!tells_much(values.field)) continue;
    const auto prefix = prefix_of(values);
    if (!prefix || prefix->length == 0) continue;
    // Addresses and ports side by side: how much of the field is said decides, addresses first.
    const int rank = prefix->length * 128 / width_of(values.field) + (width_of(values.field) >= 48 ? 100 : 0);
    if (rank <= best_rank) continue;
    best = prefix;
    best_field = values.field;
    best_rank = rank;
  }
  if (!best) {
    wide_.push_back(place);
    return;
  }
  Bucket& bucket = buckets_[key_of(best_field, best->length)];
  bucket.by_base[hash_of(best->base)].push_back(place);
  bucket.all.push_back(place);
}

std::vector<std::uint32_t> BoxIndex::candidates(const PacketBox& box) const {
  std::vector<std::uint32_t> found = wide_;
  for (const auto& [key, bucket] : buckets_) {
    const auto field = static_cast<Field>(key / 256);
    const int length = static_cast<int>(key % 256);
    const auto asked = box.is_constrained(field) ? prefix_of(box.at(field)) : std::nullopt;
    if (asked && asked->length >= length) {
      const auto same = bucket.by_base.find(hash_of(cut(asked->base, width_of(field), length)));
      if (same != bucket.by_base.end()) found.insert(found.end(), same->second.begin(), same->second.end());
    } else if (!box.is_constrained(field) || !box.at(field).values.empty()) {
      found.insert(found.end(), bucket.all.begin(), bucket.all.end());
    }
  }
  return found;
}

}  // namespace mailweir::rules
