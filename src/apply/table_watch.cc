#include "apply/table_watch.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "apply/block_elements.h"
#include "record/compiled_table.h"

namespace mailweir {
namespace {

bool concerns_rules(const NetlinkMessage& message) {
  if (message.subsystem() != NFNL_SUBSYS_NFTABLES) return false;
  switch (message.kind()) {
    case NFT_MSG_NEWTABLE:
    case NFT_MSG_DELTABLE:
    case NFT_MSG_NEWCHAIN:
    case NFT_MSG_DELCHAIN:
    case NFT_MSG_NEWRULE:
    case NFT_MSG_DELRULE:
      break;
    default:
      return false;
  }
  // The table's name has the same number in all of these.
  static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1);
  const auto table = message.attributes().find(NFTA_TABLE_NAME);
  return table && table->text() == kTable;
}

// Elements of the sets that hold clients; those that only narrow a block come with it.
void note_blocks(const NetlinkMessage& message, TableTouched& touched) {
  if (message.subsystem() != NFNL_SUBSYS_NFTABLES) return;
  const bool added = message.kind() == NFT_MSG_NEWSETELEM;
  if (!added && message.kind() != NFT_MSG_DELSETELEM) return;
  const auto table = message.attributes().find(NFTA_SET_ELEM_LIST_TABLE);
  const auto set = message.attributes().find(NFTA_SET_ELEM_LIST_SET);
  if (!table || table->text() != kTable || !set) return;
  for (const bool v4 : {true, false}) {
    if (set->text() != set_name(BlockSet::Blocked, v4) && set->text() != set_name(BlockSet::Slowed, v4)) continue;
    read_elements(message, v4, [&](const SetElement& element) {
      if (touched.touched.size() >= TableWatch::kTouchedMax) {
        touched.blocks = true;
      } else {
        touched.touched.push_back({element.client, added ? std::optional(element.case_id) : std::nullopt});
      }
    });
  }
}

}  // namespace

Result<TableWatch> TableWatch::open() {
  auto socket = NetlinkSocket::open();
  if (!socket) return fail(std::move(socket).error());
  if (auto joined = socket->join(NFNLGRP_NFTABLES); !joined) return fail(std::move(joined).error());
  return TableWatch(std::move(*socket));
}

Result<TableTouched> TableWatch::read() {
  TableTouched touched;
  for (;;) {
    auto received = socket_.receive();
    if (!received) return fail(std::move(received).error());
    if (received->kind == NetlinkSocket::Received::Kind::Nothing) return touched;
    if (received->kind == NetlinkSocket::Received::Kind::Overrun) touched.rules = touched.blocks = true;
    while (const auto message = take_message(received->bytes)) {
      touched.rules = touched.rules || concerns_rules(*message);
      note_blocks(*message, touched);
    }
  }
}

}  // namespace mailweir
