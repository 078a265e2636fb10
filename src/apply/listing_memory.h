// The listing of our table without asking nft for it, when nobody touched the table since it was known.
//
//   listing.memory   in the state directory: the kernel's fingerprint of the table, and its listing then
// It is a memory only: without it, or when it does not fit, the kernel is asked as ever.
// Threads and processes: any; who writes last is remembered.
#pragma once

#include <string>

#include "apply/generation_store.h"
#include "apply/kernel.h"
#include "apply/listed_table.h"

namespace mailweir {

// As Kernel::listing(), and perhaps without counters and without the contents of sets that come and go.
struct KnownListing {
  std::string text;
  bool complete = true;  // those contents are in it
};
[[nodiscard]] Result<KnownListing> known_listing(Kernel& kernel, const GenerationStore& store);

// What the table is now, of which `listing` is what nft would list. A failure is no harm and not told.
void remember_listing(Kernel& kernel, const GenerationStore& store, const ListedTable& listing);

}  // namespace mailweir
