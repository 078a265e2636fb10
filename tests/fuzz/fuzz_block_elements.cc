// Elements of our sets as the kernel lists them; anybody with the right to may have put other things there.
#include <cstdint>

#include "apply/block_elements.h"
#include "base/must.h"
#include "sys/netlink_attribute.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  Bytes bytes(data, size);
  while (const auto message = take_message(bytes)) {
    for (const bool v4 : {true, false}) {
      read_elements(*message, v4, [&](const SetElement& element) {
        MUST(element.client.base().is_v4() == v4);
        MUST(element.client.length() == (v4 ? 32 : 64));
        MUST(element.left >= Duration{0} && element.length >= Duration{0});
        MUST(element.case_id.size() <= 255);
      });
    }
  }
  return 0;
}
