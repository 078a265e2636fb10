// What a guard learned, in a file: any content, with the right sum, gives what a detector can have learned, or an
// error; and that can be recalled and printed again.
#include <cstdint>
#include <string_view>

#include "base/must.h"
#include "daemon/model_file.h"
#include "detect/detector.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  static_cast<void>(parse_model(input));
  const auto model = parse_model(seal_model(input));
  if (!model) return 0;
  MUST(model->servers.size() <= LearnedModel::kServersKept);
  const auto again = parse_model(print_model(*model));
  MUST(again && *again == *model);
  const Time now(std::chrono::seconds(1'795'000'000));
  Detector detector(DetectSettings{}, KeyedHash(KeyedHash::Key{}));
  detector.recall(*model, now);
  for (const ServerLife& life : detector.remember().servers) MUST(is_possible(life));
  return 0;
}
