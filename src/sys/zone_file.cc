#include "sys/zone_file.h"

#include <fmt/format.h>
#include <ldns/ldns.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "base/escape.h"

namespace mailweir {
namespace {

constexpr std::size_t kRecordsMax = 1'000'000;
constexpr std::uint32_t kTtlWhenNoneIsSaid_s = 3600;

struct FreeRdf {
  void operator()(ldns_rdf* rdf) const { ldns_rdf_deep_free(rdf); }
};
using Rdf = std::unique_ptr<ldns_rdf, FreeRdf>;

std::string taken(char* text) {
  if (text == nullptr) return {};
  std::string copy(text);
  std::free(text);  // NOLINT: allocated by ldns with malloc
  return copy;
}

std::string owner_of(const ldns_rr* record) {
  std::string owner = taken(ldns_rdf2str(ldns_rr_owner(record)));
  if (owner.ends_with('.')) owner.pop_back();
  return owner;
}

ZoneFileRecord record_of(ldns_rr* record) {
  ldns_rr2canonical(record);  // lower case, where names are no text
  ZoneFileRecord plain;
  plain.owner = owner_of(record);
  plain.ttl_s = ldns_rr_ttl(record);
  plain.type_number = static_cast<std::uint16_t>(ldns_rr_get_type(record));
  plain.type = taken(ldns_rr_type2str(ldns_rr_get_type(record)));
  for (std::size_t i = 0; i < ldns_rr_rd_count(record); ++i)
    plain.data.push_back(taken(ldns_rdf2str(ldns_rr_rdf(record, i))));
  return plain;
}

// ldns passes $GENERATE over in silence.
std::size_t line_of_generate(std::string_view text) {
  std::size_t line = 1;
  for (std::size_t at = 0; at < text.size(); ++line) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("$GENERATE") || rest.starts_with("$generate")) return line;
    at = std::min(rest.find('\n'), rest.size() - 1) + 1 + at;
  }
  return 0;
}

}  // namespace

Result<std::vector<ZoneFileRecord>> read_zone_file(std::string_view text, const std::string& origin) {
  std::vector<ZoneFileRecord> records;
  if (text.empty()) return records;
  if (text.find('\0') != std::string_view::npos) return fail(ErrorCode::BadInput, "this is no zone file");
  const auto refused = [](std::size_t line, std::string_view what) {
    return fail(ErrorCode::BadInput,
                fmt::format("line {}: {} stands for records that are not in this file; `named-compilezone -o FULL ZONE "
                            "FILE` writes them out",
                            line, what));
  };
  if (const std::size_t line = line_of_generate(text); line > 0) return refused(line, "$GENERATE");
  std::string copy(text);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(fmemopen(copy.data(), copy.size(), "r"), std::fclose);
  if (file == nullptr) return fail(Error::from_errno(errno, "reading a zone file"));

  std::uint32_t ttl = kTtlWhenNoneIsSaid_s;
  ldns_rdf* origin_rdf = ldns_dname_new_frm_str((origin + ".").c_str());
  ldns_rdf* previous = nullptr;
  int line = 1;
  Result<void> went{};
  while (std::feof(file.get()) == 0) {
    ldns_rr* record = nullptr;
    const int began = line;
    const ldns_status status = ldns_rr_new_frm_fp_l(&record, file.get(), &ttl, &origin_rdf, &previous, &line);
    if (status == LDNS_STATUS_OK) {
      records.push_back(record_of(record));
      ldns_rr_free(record);
      if (records.size() > kRecordsMax) went = fail(ErrorCode::Limit, "more records than a zone of ours can have");
    } else if (status == LDNS_STATUS_SYNTAX_INCLUDE) {
      went = refused(static_cast<std::size_t>(began), "$INCLUDE");
    } else if (status != LDNS_STATUS_SYNTAX_EMPTY && status != LDNS_STATUS_SYNTAX_TTL &&
               status != LDNS_STATUS_SYNTAX_ORIGIN) {
      went = fail(ErrorCode::BadInput, fmt::format("line {}: {}", began, escape(ldns_get_errorstr_by_id(status))));
    }
    if (!went) break;
  }
  Rdf free_origin(origin_rdf), free_previous(previous);
  if (!went) return fail(std::move(went).error());
  return records;
}

}  // namespace mailweir
