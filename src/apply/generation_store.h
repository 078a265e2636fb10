// The state directory: every generation, what was there before each, and the copy that a boot loads.
//
//   generations/000007.json         a Generation
//   generations/000007.before.nft   the kernel's table before it, with contents and what they had left
//   boot.nft                        the last confirmed table; its first line names the generation
//   *.next                          written ahead of a change, so that afterwards nothing but a renaming is left
//   listing.memory                  apply/listing_memory.h
//   change.lock                     held by whoever changes the table
//   way-back.lock                   held by the process that takes an unconfirmed change back
// Invariants
//   (1) A file is whole or not there, whatever happens while it is written.
//   (2) boot.nft holds a confirmed generation or does not exist.
//   (3) At most kKept generations stay; the oldest that are closed go first. The newest confirmed one always stays.
// Threads and processes: writers hold change.lock; readers need nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apply/generation.h"
#include "base/result.h"

namespace mailweir {

struct BootCopy {
  int generation = 0;
  std::string table;
};

class GenerationStore {
 public:
  // Each holds a policy, a table and its listing, some KiB in all: a month of three changes a day.
  static constexpr std::size_t kKept = 100;

  explicit GenerationStore(std::string directory) : directory_(std::move(directory)) {}
  // REQUIRED before anything is written.
  [[nodiscard]] Result<void> make() const;

  // By number. Files that are no generation are passed over.
  [[nodiscard]] std::vector<Generation> list() const;
  [[nodiscard]] Result<Generation> read(int number) const;  // NotFound
  [[nodiscard]] Result<void> write(const Generation& generation) const;
  // The same in two steps: what can fail for want of space, and what cannot.
  [[nodiscard]] Result<void> stage(const Generation& generation) const;
  [[nodiscard]] Result<void> take_staged(int number) const;
  [[nodiscard]] Result<std::string> read_before(int number) const;
  [[nodiscard]] Result<void> write_before(int number, const std::string& listing) const;
  void forget_old() const;

  [[nodiscard]] Result<BootCopy> read_boot() const;  // NotFound
  [[nodiscard]] Result<void> stage_boot(const Generation& to_be_confirmed) const;
  [[nodiscard]] Result<void> take_staged_boot() const;

  [[nodiscard]] std::string change_lock() const { return directory_ + "/change.lock"; }
  [[nodiscard]] std::string way_back_lock() const { return directory_ + "/way-back.lock"; }
  [[nodiscard]] const std::string& directory() const { return directory_; }

 private:
  [[nodiscard]] std::string file(int number, const char* ending) const;
  std::string directory_;
};

// The newest in that state, or nothing.
[[nodiscard]] const Generation* newest(const std::vector<Generation>& generations, GenerationState state);
// Where a rollback goes: the confirmed one that has another table, before the newest confirmed one or, when that is a
// rollback itself, before the one it returned to, so that rollbacks go further and further back. Nothing: there is
// none.
[[nodiscard]] const Generation* one_back(const std::vector<Generation>& generations);
// The one whose outcome is still open, or nothing.
[[nodiscard]] const Generation* open_one(const std::vector<Generation>& generations);

}  // namespace mailweir
