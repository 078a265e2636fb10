#include "apply/table_fingerprint.h"

#include <fmt/format.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <vector>

#include "base/keyed_hash.h"
#include "record/compiled_table.h"

namespace mailweir {
namespace {

constexpr std::uint8_t kInet = 1;  // NFPROTO_INET

std::uint64_t hash_of(Bytes bytes) {
  static const KeyedHash hash(KeyedHash::Key{});
  return hash(bytes);
}

std::uint64_t mix(std::uint64_t sum, std::uint64_t value) {
  return (sum ^ value) * 0x9e37'79b9'7f4a'7c15ULL + (sum >> 29);
}

// The attributes of these types, in the order of the types.
std::uint64_t hash_some(NetlinkAttributes attributes, std::initializer_list<std::uint16_t> types) {
  std::uint64_t sum = 0;
  for (const std::uint16_t type : types) {
    const auto found = attributes.find(type);
    sum = mix(sum, found ? hash_of(found->value) + type : 0);
  }
  return sum;
}

// An expression of a rule: its name and its data; of what counts, only the name.
std::uint64_t hash_expression(Bytes expression) {
  const NetlinkAttributes parts(expression);
  const auto name = parts.find(NFTA_EXPR_NAME);
  if (!name) return hash_of(expression);
  const std::string_view is = name->text();
  const std::uint64_t sum = hash_of(name->value);
  if (is == "counter" || is == "quota" || is == "last") return sum;
  const auto data = parts.find(NFTA_EXPR_DATA);
  return data ? mix(sum, hash_of(data->value)) : sum;
}

std::uint64_t hash_rule(NetlinkAttributes rule) {
  std::uint64_t sum = hash_some(rule, {NFTA_RULE_CHAIN, NFTA_RULE_HANDLE, NFTA_RULE_USERDATA});
  if (const auto list = rule.find(NFTA_RULE_EXPRESSIONS)) {
    for (const NetlinkAttribute element : NetlinkAttributes(list->value))
      sum = mix(sum, hash_expression(element.value));
  }
  return sum;
}

struct SetSeen {
  std::vector<std::uint8_t> name;  // with its NUL
  bool has_life = false;
};

class Fingerprint {
 public:
  Fingerprint(NetlinkSocket& socket, NetlinkRequest& request) : socket_(socket), request_(request) {}

  Result<std::string> take() {
    bool there = false;
    auto asked = dump(NFT_MSG_GETTABLE, NFTA_TABLE_NAME, [&](NetlinkAttributes table) {
      there = true;
      return hash_some(table, {NFTA_TABLE_HANDLE, NFTA_TABLE_FLAGS, NFTA_TABLE_USERDATA});
    });
    if (!asked) return fail(std::move(asked).error());
    if (!there) return std::string();
    asked = dump(NFT_MSG_GETCHAIN, NFTA_CHAIN_TABLE, [](NetlinkAttributes chain) {
      return hash_some(chain, {NFTA_CHAIN_NAME, NFTA_CHAIN_HANDLE, NFTA_CHAIN_HOOK, NFTA_CHAIN_POLICY, NFTA_CHAIN_TYPE,
                               NFTA_CHAIN_USERDATA});
    });
    if (!asked) return fail(std::move(asked).error());
    asked = dump(NFT_MSG_GETRULE, NFTA_RULE_TABLE, hash_rule);
    if (!asked) return fail(std::move(asked).error());
    std::vector<SetSeen> sets;
    asked = dump(NFT_MSG_GETSET, NFTA_SET_TABLE, [&](NetlinkAttributes set) {
      const auto flags = set.find(NFTA_SET_FLAGS), name = set.find(NFTA_SET_NAME);
      if (name)
        sets.push_back(
            {{name->value.begin(), name->value.end()}, flags && (flags->be32().value_or(0) & NFT_SET_TIMEOUT) != 0});
      return hash_some(
          set, {NFTA_SET_NAME, NFTA_SET_HANDLE, NFTA_SET_FLAGS, NFTA_SET_KEY_TYPE, NFTA_SET_KEY_LEN, NFTA_SET_DATA_TYPE,
                NFTA_SET_DATA_LEN, NFTA_SET_TIMEOUT, NFTA_SET_DESC, NFTA_SET_USERDATA});
    });
    if (!asked) return fail(std::move(asked).error());
    for (const SetSeen& set : sets) {
      if (set.has_life) continue;
      if (asked = add_elements(set); !asked) return fail(std::move(asked).error());
    }
    return fmt::format("{:016x}", sum_);
  }

 private:
  template <typename HashOne>
  Result<void> dump(int message, std::uint16_t table_attribute, const HashOne& hash_one) {
    request_.clear();
    request_.message(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message), NLM_F_DUMP, kInet);
    request_.put_text(table_attribute, kTable);
    const auto asked = socket_.request(request_, [&](const NetlinkMessage& answer) {
      // Not every kernel dumps one table only.
      const auto table = answer.attributes().find(table_attribute);
      if (answer.family() == kInet && table && table->text() == kTable) sum_ = mix(sum_, hash_one(answer.attributes()));
    });
    if (!asked && asked.error().number() != ENOENT) return fail(Error(asked.error()).in("reading the table"));
    return {};
  }

  // A hash table's order says nothing, so the sum of its elements counts.
  Result<void> add_elements(const SetSeen& set) {
    std::uint64_t elements = 0;
    request_.clear();
    request_.message(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM, NLM_F_DUMP, kInet);
    request_.put_text(NFTA_SET_ELEM_LIST_TABLE, kTable);
    request_.put(NFTA_SET_ELEM_LIST_SET, set.name);
    const auto asked = socket_.request(request_, [&](const NetlinkMessage& answer) {
      const auto list = answer.attributes().find(NFTA_SET_ELEM_LIST_ELEMENTS);
      if (!list) return;
      for (const NetlinkAttribute element : NetlinkAttributes(list->value)) {
        elements +=
            hash_some(NetlinkAttributes(element.value), {NFTA_SET_ELEM_KEY, NFTA_SET_ELEM_KEY_END, NFTA_SET_ELEM_DATA,
                                                         NFTA_SET_ELEM_FLAGS, NFTA_SET_ELEM_USERDATA});
      }
    });
    if (!asked && asked.error().number() != ENOENT) return fail(Error(asked.error()).in("reading the table's sets"));
    sum_ = mix(sum_, elements);
    return {};
  }

  NetlinkSocket& socket_;
  NetlinkRequest& request_;
  std::uint64_t sum_ = 1;
};

}  // namespace

Result<std::string> fingerprint_table(NetlinkSocket& socket, NetlinkRequest& request) {
  return Fingerprint(socket, request).take();
}

}  // namespace mailweir
