#include "record/client_report.h"

namespace mailweir {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Spammer:
      return "spammer";
    case Verdict::Server:
      return "server";
    case Verdict::Legitimate:
      return "legitimate";
    case Verdict::Undecided:
      return "undecided";
  }
  return "";
}

}  // namespace mailweir
