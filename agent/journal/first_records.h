#pragma once
// What a record said in earlier releases: a JournalRecord of schema/journal.capnp. Read for ever, and not written.
#include <string_view>

#include "agent/step/record.h"
#include "common/result.h"

namespace prov::agent {

Result<Record> read_first_record(std::string_view bytes);

}  // namespace prov::agent
