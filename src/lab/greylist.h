// What a greylisting server remembers (RFC 6647): who came first when. Kept per server address.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ip.h"
#include "base/time.h"

namespace mailweir::lab {

class Greylist {
 public:
  explicit Greylist(Duration wait) : wait_(wait) {}

  // True when `sender` had come to `server` before and has waited long enough since.
  bool admits(IpAddress server, std::string_view sender, Time now) {
    std::string key = server.text();
    key += ' ';
    key += sender;
    return now - first_seen_.try_emplace(std::move(key), now).first->second >= wait_;
  }

 private:
  Duration wait_;
  std::unordered_map<std::string, Time> first_seen_;
};

}  // namespace mailweir::lab
