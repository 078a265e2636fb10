#include "apply/listing_memory.h"

#include "apply/listed_table.h"
#include "sys/state_file.h"

namespace mailweir {
namespace {

std::string memory_file(const GenerationStore& store) { return store.directory() + "/listing.memory"; }

ListedTable without_life(ListedTable table) {
  for (TableObject& object : table.objects) {
    if (object.has_life()) object.elements.clear();
  }
  return table;
}

}  // namespace

Result<KnownListing> known_listing(Kernel& kernel, const GenerationStore& store) {
  const auto fingerprint = kernel.fingerprint();
  if (fingerprint && fingerprint->empty()) return KnownListing{};
  if (fingerprint) {
    const auto memory = read_state_file(memory_file(store));
    const std::string head = *fingerprint + "\n";
    if (memory && memory->starts_with(head)) return KnownListing{memory->substr(head.size()), false};
  }
  auto listing = kernel.listing();
  if (!listing) return fail(std::move(listing).error());
  if (const auto table = parse_listing(*listing); fingerprint && table) {
    // Not when somebody touched it while it was listed.
    if (kernel.fingerprint().value_or("") == *fingerprint) remember_listing(kernel, store, *table);
  }
  return KnownListing{std::move(*listing), true};
}

void remember_listing(Kernel& kernel, const GenerationStore& store, const ListedTable& listing) {
  const auto fingerprint = kernel.fingerprint();
  if (!fingerprint || fingerprint->empty()) return;
  (void)write_runtime_file(memory_file(store), *fingerprint + "\n" + print_listing(without_life(listing)));
}

}  // namespace mailweir
