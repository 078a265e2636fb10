// News of a service for whoever started it, as sd_notify(3) defines them: one datagram to the socket in $NOTIFY_SOCKET.
// That page offers the protocol to be spoken without libsystemd, whose own libraries would be loaded at every start.
#pragma once

#include <string_view>

#include "base/result.h"

namespace mailweir {

inline constexpr std::string_view kServiceReady = "READY=1";
inline constexpr std::string_view kServiceStopping = "STOPPING=1";

// Nothing happens where nobody asked for news. Never waits.
Result<void> tell_service_manager(std::string_view news);

}  // namespace mailweir
