// Runs a fuzz entrance without libFuzzer: every file of its corpus, seeded mutations of each, and random input.
//
// usage: fuzz_NAME PATH...      a directory is searched for files; a file given by itself is run as it is, unmutated
// Environment: MAILWEIR_FUZZ_SEED (1), MAILWEIR_FUZZ_RUNS mutations of each file (200), ten times as many random
// inputs. An input that kills the process, or takes longer than 30 s, is left as ./crash-<program>, to be given as
// PATH.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// Of the sanitizer runtime; null without one.  NOLINTNEXTLINE(bugprone-reserved-identifier): its name is not ours
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

using Bytes = std::vector<std::uint8_t>;
using Random = std::mt19937_64;

constexpr std::size_t kInputBytesMax = 1 << 16;
constexpr unsigned kSecondsPerInput = 30;

// What runs now, for the handlers: they may only touch plain memory and system calls.
const Bytes* running = nullptr;
std::string crash_file;

void keep_running_input() {
  if (running == nullptr) return;
  const int fd = open(crash_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool kept = fd >= 0 && write(fd, running->data(), running->size()) == static_cast<ssize_t>(running->size());
  for (const char* text : {"\nthe input is kept in ", crash_file.c_str(), kept ? "\n" : " (it could not be written)\n"})
    if (write(STDERR_FILENO, text, std::char_traits<char>::length(text)) < 0) break;
  running = nullptr;
}

void on_signal(int signal) {
  keep_running_input();
  ::signal(signal, SIG_DFL);
  raise(signal);
}

void run(const Bytes& input) {
  running = &input;
  alarm(kSecondsPerInput);
  // A copy of exactly this size on the heap: AddressSanitizer then sees a read past the end.
  const Bytes exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  running = nullptr;
}

std::size_t below(Random& random, std::size_t limit) { return limit == 0 ? 0 : random() % limit; }

// One small change of the kind hostile or torn input shows.
void mutate_once(Bytes& input, const Bytes& other, Random& random) {
  static constexpr std::array<std::uint8_t, 16> kTelling{0,   1,   0x7f, 0x80, 0xff, '\n', '\r', ' ',
                                                         '=', '"', '\\', '[',  ']',  '-',  '9',  'A'};
  const std::size_t at = below(random, input.size() + 1);
  const std::size_t left = input.size() - at;
  const auto here = input.begin() + static_cast<std::ptrdiff_t>(at);
  const auto length = static_cast<std::ptrdiff_t>(below(random, std::min<std::size_t>(left, 64) + 1));
  switch (random() % 8) {
    case 0:  // flip a bit
      if (left > 0) *here ^= static_cast<std::uint8_t>(1U << random() % 8);
      break;
    case 1:  // a telling byte
      if (left > 0) *here = kTelling[random() % kTelling.size()];
      break;
    case 2:  // a field with all bits set or cleared, or nearly so: lengths and counts
      for (std::size_t i = 0; i < std::min<std::size_t>(left, 1U << random() % 4); ++i)
        here[static_cast<std::ptrdiff_t>(i)] = random() % 4 == 0   ? static_cast<std::uint8_t>(random() % 3)
                                               : random() % 2 == 0 ? 0xff
                                                                   : 0;
      break;
    case 3:  // lose a piece
      input.erase(here, here + length);
      break;
    case 4: {  // repeat a piece
      const Bytes piece(here, here + length);
      for (std::size_t times = below(random, 4) + 1; times > 0; --times)
        input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), piece.begin(), piece.end());
      break;
    }
    case 5: {  // random bytes
      Bytes piece(below(random, 16) + 1);
      std::generate(piece.begin(), piece.end(), [&] { return static_cast<std::uint8_t>(random()); });
      input.insert(here, piece.begin(), piece.end());
      break;
    }
    case 6:  // cut off
      input.resize(at);
      break;
    case 7: {  // go on with another example
      const auto from = static_cast<std::ptrdiff_t>(below(random, other.size() + 1));
      input.resize(at);
      input.insert(input.end(), other.begin() + from, other.end());
      break;
    }
  }
  if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
}

Bytes read(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

int main(int argc, char** argv) {
  crash_file = "crash-" + std::filesystem::path(argv[0]).filename().string();
  signal(SIGALRM, on_signal);
  signal(SIGABRT, on_signal);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(keep_running_input);

  const std::uint64_t seed = from_environment("MAILWEIR_FUZZ_SEED", 1);
  const std::uint64_t runs = from_environment("MAILWEIR_FUZZ_RUNS", 200);
  std::vector<std::filesystem::path> files;
  bool mutations = false;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      files.emplace_back(argv[i]);
      continue;
    }
    mutations = true;
    for (const auto& entry : std::filesystem::directory_iterator(argv[i]))
      if (entry.is_regular_file()) files.push_back(entry.path());
  }
  if (files.empty()) {
    std::fprintf(stderr, "no input: the corpus is empty or not there\n");
    return 1;
  }
  std::sort(files.begin(), files.end());
  std::printf("%zu examples, %s with seed %llu\n", files.size(),
              mutations ? "each mutated, and random input," : "run as they are,",
              static_cast<unsigned long long>(seed));
  std::fflush(stdout);

  std::vector<Bytes> examples;
  examples.reserve(files.size());
  for (const auto& file : files) examples.push_back(read(file));
  for (const Bytes& example : examples) run(example);
  if (!mutations) return 0;

  Random random(seed);
  for (const Bytes& example : examples) {
    for (std::uint64_t i = 0; i < runs; ++i) {
      Bytes input = example;
      const Bytes& other = examples[below(random, examples.size())];
      for (std::size_t times = below(random, 8) + 1; times > 0; --times) mutate_once(input, other, random);
      run(input);
    }
  }
  for (std::uint64_t i = 0; i < 10 * runs; ++i) {
    Bytes input(below(random, random() % 8 == 0 ? 4096 : 128));
    std::generate(input.begin(), input.end(), [&] { return static_cast<std::uint8_t>(random()); });
    run(input);
  }
  return 0;
}
