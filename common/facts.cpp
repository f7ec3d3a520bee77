#include "common/facts.h"

namespace prov {

const char* name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::done: return "done";
    case Outcome::unchanged: return "unchanged";
    case Outcome::failed: return "failed";
    case Outcome::interrupted: return "interrupted";
    case Outcome::timed_out: return "timed out";
    case Outcome::cancelled: return "cancelled";
    case Outcome::skipped: return "skipped";
    case Outcome::not_delivered: return "not delivered";
    case Outcome::in_doubt: return "in doubt";
    case Outcome::refused: return "refused";
  }
  return "unknown";
}

}  // namespace prov
