// A ledger file somebody else made: any bytes give cases or an error, and cases can be told.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/must.h"
#include "ledger/sqlite_ledger.h"
#include "report/case_text.h"

namespace {

// One folder for all inputs, gone with the process.
struct Folder {
  Folder() { MUST(mkdtemp(path.data()) != nullptr); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path = (std::filesystem::temp_directory_path() / "mailweir-fuzz-XXXXXX").string();
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  static const Folder folder;
  const std::string file = ledger_file(folder.path);
  for (const char* beside : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(file + beside);
  std::FILE* stream = std::fopen(file.c_str(), "wb");
  MUST(stream != nullptr && (size == 0 || std::fwrite(data, 1, size, stream) == size) && std::fclose(stream) == 0);

  const auto ledger = open_ledger(file, LedgerAccess::Read);
  if (!ledger) return 0;
  const auto found = (*ledger)->find({});
  if (!found) return 0;
  std::vector<CaseView> views;
  for (const CaseRecord& record : *found) {
    MUST(record.since <= record.until && !record.id.empty());
    views.push_back({record, CaseView::State::Running, true, std::nullopt});
  }
  const CaseStyle style{Time(), 80};
  for (const std::string& text :
       {blocks_text(views, style), history_text(views, style), why_text(IpPrefix::host({}), views, style)}) {
    for (const char c : text) MUST(c == '\n' || (c >= ' ' && c <= '~'));
  }
  return 0;
}
