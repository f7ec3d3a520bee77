#pragma once
// Inside of the index of workflows: its records (schema/history.capnp, and the notes below) as values and bytes.
//
// A commit writes of each workflow that it holds events of, by kind, in this order of keys:
//
//   'e'  EndRecord         it ended there
//   'n'  notes             count x { what(1), sequence(8, little-endian) }: see Note
//   's'  SubmissionRecord  it was submitted there
//   't'  nothing           the commit holds an event of it, or one that says something of it, and no record above says
//                          so (a release before wrote this one always)
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"
#include "coordinator/domain/events.h"

namespace prov::event_log {

inline constexpr char kEnd = 'e', kNotes = 'n', kSubmission = 's', kTouched = 't';

struct IndexedAt {
  std::uint64_t commit = 0, sequence = 0;
  TimeMs log_time_ms = 0;
};

struct SubmissionRecord {
  IndexedAt at;
  std::string workspace, kind, name, infra;
  domain::Principal initiator;
  std::uint32_t tasks = 0, operations = 0;
  Id rolls_back;
};

struct EndRecord {
  IndexedAt at;
  domain::WorkflowEnded event;  // its id is in the key
  bool followed = false;        // the same commit holds later events of the workflow
};

// What a list tells of a workflow beside its submission and its end.
struct Note {
  enum class What : char { cancelled = 'c', retried = 'r', undone = 'u' };  // undone: a rollback of it was submitted
  What what;
  std::uint64_t sequence = 0;
};

std::string encode(const SubmissionRecord& record);
std::string encode(const EndRecord& record);
std::string encode(const std::vector<Note>& notes);

// Code::corrupt: no such record.
Result<SubmissionRecord> decode_submission(std::string_view bytes);
Result<EndRecord> decode_end(std::string_view bytes);
Result<std::vector<Note>> decode_notes(std::string_view bytes);

}  // namespace prov::event_log
