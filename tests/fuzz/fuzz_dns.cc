// Answers of DNS servers, files of zones and of earlier results: any bytes are read or refused; names that come out can
// be shown anywhere.
#include <cstdint>
#include <string_view>

#include "base/must.h"
#include "dns/generic_name.h"
#include "dns/known_results.h"
#include "dns/lookup.h"
#include "dns/message.h"
#include "dns/name.h"
#include "sys/zone_file.h"

namespace {

void check_name(const std::string& name) {
  MUST(name.size() <= 255 * 4);
  for (const char c : name)
    MUST((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("-_./*\\").find(c) != std::string_view::npos);
  std::string_view rest = name;
  for (std::size_t labels = mailweir::labels_of(name).size(); labels > 0; --labels) rest = mailweir::parent_name(rest);
  MUST(rest.empty());
  MUST(mailweir::is_under(name, name));
  (void)mailweir::host_name_mistake(name);
  (void)mailweir::network_of_reverse_name(name);
  (void)mailweir::generic_name_reason(name, mailweir::IpAddress::v4(0xc633'6407));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto message = mailweir::read_message({data, size})) {
    for (const auto* section : {&message->answers, &message->authority, &message->additional}) {
      MUST(section->size() <= mailweir::Message::kRecordsMax);
      for (const mailweir::Record& record : *section) {
        check_name(record.owner);
        if (record.type != mailweir::RecordType::Txt) {
          check_name(record.target);
          continue;
        }
        for (const char c : record.target) MUST(c >= ' ' && c <= '~');
      }
    }
    if (!message->answers.empty()) {
      std::vector<std::string> names{message->answers.front().owner};
      (void)mailweir::follow_aliases(message->answers, names);
      MUST(names.size() <= mailweir::Lookup::kAliasesMax + 1U);
    }
  }
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto known = mailweir::read_known_results(text))
    MUST(*mailweir::read_known_results(mailweir::known_results_text(*known)) == *known);
  (void)mailweir::read_zone_file(text, "100.51.198.in-addr.arpa");
  return 0;
}
