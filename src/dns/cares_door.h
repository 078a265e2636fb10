// The door to the DNS of this machine's network: sys/dns_sockets.h, and every answer read as a message.
#pragma once

#include <memory>

#include "base/result.h"
#include "dns/door.h"

namespace mailweir {

// `patience`: how long one try may take.
[[nodiscard]] Result<std::unique_ptr<DnsDoor>> open_dns_door(Duration patience);

}  // namespace mailweir
