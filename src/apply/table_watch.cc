#include "apply/table_watch.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

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

}  // namespace

Result<TableWatch> TableWatch::open() {
  auto socket = NetlinkSocket::open();
  if (!socket) return fail(std::move(socket).error());
  if (auto joined = socket->join(NFNLGRP_NFTABLES); !joined) return fail(std::move(joined).error());
  return TableWatch(std::move(*socket));
}

Result<bool> TableWatch::read() {
  bool changed = false;
  for (;;) {
    auto received = socket_.receive();
    if (!received) return fail(std::move(received).error());
    if (received->kind == NetlinkSocket::Received::Kind::Nothing) return changed;
    if (received->kind == NetlinkSocket::Received::Kind::Overrun) changed = true;
    while (const auto message = take_message(received->bytes)) changed = changed || concerns_rules(*message);
  }
}

}  // namespace mailweir
