#include "apply/generation_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sys/state_file.h"

namespace mailweir {
namespace {

constexpr std::string_view kBootHead = "# mailweir: the last confirmed table, generation ";

std::optional<int> number_of(std::string_view name, std::string_view ending) {
  if (!name.ends_with(ending)) return std::nullopt;
  name.remove_suffix(ending.size());
  int number = 0;
  const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
  return read.ec == std::errc() && read.ptr == name.data() + name.size() ? std::optional(number) : std::nullopt;
}

}  // namespace

Result<void> GenerationStore::make() const {
  if (auto made = make_state_directory(directory_); !made) return made;
  return make_state_directory(directory_ + "/generations");
}

std::string GenerationStore::file(int number, const char* ending) const {
  return fmt::format("{}/generations/{:06}{}", directory_, number, ending);
}

std::vector<Generation> GenerationStore::list() const {
  std::vector<Generation> generations;
  for (const std::string& name : list_state_directory(directory_ + "/generations")) {
    const auto number = number_of(name, ".json");
    if (!number) continue;
    if (auto generation = read(*number)) generations.push_back(std::move(*generation));
  }
  std::sort(generations.begin(), generations.end(),
            [](const Generation& a, const Generation& b) { return a.number < b.number; });
  return generations;
}

Result<Generation> GenerationStore::read(int number) const {
  const auto text = read_state_file(file(number, ".json"));
  if (!text) return fail(text.error());
  return parse_generation(*text);
}

Result<void> GenerationStore::write(const Generation& generation) const {
  return write_state_file(file(generation.number, ".json"), print_generation(generation));
}

Result<void> GenerationStore::stage(const Generation& generation) const {
  return write_state_file(file(generation.number, ".next"), print_generation(generation));
}

Result<void> GenerationStore::take_staged(int number) const {
  return rename_state_file(file(number, ".next"), file(number, ".json"));
}

Result<std::string> GenerationStore::read_before(int number) const {
  return read_state_file(file(number, ".before.nft"));
}

Result<void> GenerationStore::write_before(int number, const std::string& listing) const {
  return write_state_file(file(number, ".before.nft"), listing);
}

void GenerationStore::forget_old() const {
  const auto generations = list();
  if (generations.size() <= kKept) return;
  const Generation* kept = newest(generations, GenerationState::Confirmed);
  std::size_t surplus = generations.size() - kKept;
  for (const Generation& generation : generations) {
    if (surplus == 0) return;
    if (generation.is_open() || &generation == kept) continue;
    // What cannot be removed now is removed another time.
    (void)remove_state_file(file(generation.number, ".before.nft"));
    (void)remove_state_file(file(generation.number, ".next"));
    (void)remove_state_file(file(generation.number, ".json"));
    --surplus;
  }
}

Result<BootCopy> GenerationStore::read_boot() const {
  const auto text = read_state_file(directory_ + "/boot.nft");
  if (!text) return fail(text.error());
  BootCopy copy;
  const auto line_end = std::min(text->find('\n'), text->size());
  const std::string_view head = std::string_view(*text).substr(0, line_end);
  const auto number = head.starts_with(kBootHead) ? number_of(head.substr(kBootHead.size()), "") : std::nullopt;
  if (!number) return fail(ErrorCode::BadInput, directory_ + "/boot.nft is not what mailweir wrote");
  copy.generation = *number;
  copy.table = text->substr(std::min(line_end + 1, text->size()));
  return copy;
}

Result<void> GenerationStore::stage_boot(const Generation& to_be_confirmed) const {
  return write_state_file(directory_ + "/boot.nft.next",
                          fmt::format("{}{}\n{}", kBootHead, to_be_confirmed.number, to_be_confirmed.table));
}

Result<void> GenerationStore::take_staged_boot() const {
  return rename_state_file(directory_ + "/boot.nft.next", directory_ + "/boot.nft");
}

const Generation* newest(const std::vector<Generation>& generations, GenerationState state) {
  const auto found = std::find_if(generations.rbegin(), generations.rend(),
                                  [&](const Generation& generation) { return generation.state == state; });
  return found == generations.rend() ? nullptr : &*found;
}

const Generation* one_back(const std::vector<Generation>& generations) {
  const Generation* now = newest(generations, GenerationState::Confirmed);
  if (now == nullptr) return nullptr;
  int before = now->number;
  for (auto it = generations.rbegin(); it != generations.rend(); ++it) {
    if (it->number == before && it->returns_to > 0) before = it->returns_to;
  }
  const auto found = std::find_if(generations.rbegin(), generations.rend(), [&](const Generation& generation) {
    return generation.number < before && generation.state == GenerationState::Confirmed && !generation.is_removal() &&
           generation.digest != now->digest;
  });
  return found == generations.rend() ? nullptr : &*found;
}

const Generation* open_one(const std::vector<Generation>& generations) {
  const auto found = std::find_if(generations.rbegin(), generations.rend(),
                                  [](const Generation& generation) { return generation.is_open(); });
  return found == generations.rend() ? nullptr : &*found;
}

}  // namespace mailweir
