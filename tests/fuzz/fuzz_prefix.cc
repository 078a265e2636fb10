// Addresses and prefixes as people write them: what is read prints back to the same value.
#include <cstdint>
#include <string_view>

#include "base/ip.h"
#include "base/must.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto prefix = mailweir::IpPrefix::parse(text)) MUST(mailweir::IpPrefix::parse(prefix->text()) == prefix);
  return 0;
}
