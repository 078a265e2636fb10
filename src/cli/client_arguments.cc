#include "cli/client_arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/escape.h"
#include "base/read_prefix.h"

namespace mailweir {
namespace {

constexpr int kV6Length = 64;  // a client of IPv6
constexpr std::size_t kMistakesShown = 10;
constexpr std::size_t kLineBytesMax = 4096;

class Naming {
 public:
  void name(const std::string& text, const std::string& place) {
    if (named_.clients.size() >= kClientsNamedMax) {
      if (std::exchange(full_, true)) return;
      mistakes_.push_back(fmt::format("{}more than {} addresses in one go", place, kClientsNamedMax));
      return;
    }
    const auto client = client_argument(text);
    if (!client) {
      mistakes_.push_back(place + client.error().text());
      return;
    }
    if (!seen_.insert(*client).second) return;
    named_.clients.push_back(*client);
    if (!client->base().is_v4() && text.find('/') == std::string::npos) {
      named_.remarks.push_back(fmt::format("{} stands for its whole network, {}", escape(text, 64), client->text()));
    }
  }

  void name_lines(std::istream& input) {
    std::string line;
    for (std::size_t number = 1; std::getline(input, line) && !full_; ++number) {
      line = line.substr(0, std::min(line.find('#'), kLineBytesMax));
      const auto begin = line.find_first_not_of(" \t\r");
      if (begin == std::string::npos) continue;
      name(line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin), fmt::format("line {}: ", number));
    }
  }

  Result<NamedClients> finish(bool from_input) {
    if (mistakes_.empty()) return std::move(named_);
    const auto left_out = mistakes_.size() - std::min(mistakes_.size(), kMistakesShown);
    mistakes_.resize(mistakes_.size() - left_out);
    std::string text = fmt::format("{}", fmt::join(mistakes_, "\n          "));
    if (left_out > 0) text += fmt::format("\n          and {} more", left_out);
    return fail(from_input ? ErrorCode::BadInput : ErrorCode::Usage, text + "; nothing was done");
  }

 private:
  NamedClients named_;
  std::set<IpPrefix> seen_;
  std::vector<std::string> mistakes_;
  bool full_ = false;
};

}  // namespace

Result<IpPrefix> client_argument(const std::string& text) {
  const auto prefix = read_prefix(text);
  if (!prefix) {
    return fail(ErrorCode::Usage, fmt::format("{}; {}", prefix.error().text, prefix.error().hint));
  }
  const bool v4 = prefix->base().is_v4();
  if (prefix->base().is_unspecified()) return fail(ErrorCode::Usage, escape(text, 64) + " is nobody's address");
  const int length = prefix->length();
  if (v4 ? length < 32 : length < kV6Length) {
    return fail(ErrorCode::Usage,
                fmt::format("'{}' is a network; a client is one IPv4 address or one IPv6 /64: name them one by one, "
                            "for example on standard input",
                            escape(text, 64)));
  }
  return v4 ? *prefix : IpPrefix::of(prefix->base(), kV6Length);
}

Result<NamedClients> named_clients(const std::vector<std::string>& words, std::istream& input) {
  Naming naming;
  bool from_input = false;
  for (const std::string& word : words) {
    if (word == "-") {
      if (!std::exchange(from_input, true)) naming.name_lines(input);
    } else {
      naming.name(word, "");
    }
  }
  return naming.finish(from_input);
}

}  // namespace mailweir
