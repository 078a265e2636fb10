#include "record/connection_event.h"

namespace mailweir {

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::Unknown:
      return "unknown";
    case Outcome::NoAnswer:
      return "no answer";
    case Outcome::Refused:
      return "refused";
    case Outcome::Short:
      return "cut short";
    case Outcome::Grey:
      return "unclear";
    case Outcome::Delivered:
      return "delivered";
  }
  return "";
}

}  // namespace mailweir
