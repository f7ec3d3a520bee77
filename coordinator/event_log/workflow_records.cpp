#include "coordinator/event_log/workflow_records.h"

#include "coordinator/event_log/codec_detail.h"
#include "schema/history.capnp.h"

namespace prov::event_log {
namespace {

using namespace detail;

constexpr std::string_view kNotesKnown = "cru";
constexpr unsigned kRecordWords = 64;  // of a message: what a record usually needs; as it comes, 8 KB would be zeroed
constexpr std::size_t kNoteBytes = 1 + sizeof(std::uint64_t);

template <class Root, class Fill>
std::string flat(Fill fill) {
  capnp::MallocMessageBuilder message(kRecordWords);
  fill(message.initRoot<Root>());
  const Segments segments = message.getSegmentsForOutput();
  std::string out(flat_bytes(segments), '\0');
  write_flat(segments, out.data());
  return out;
}

template <class Builder>
void put_at(Builder out, const IndexedAt& at) {
  out.setCommit(at.commit);
  out.setSequence(at.sequence);
  out.setLogTimeMs(at.log_time_ms);
}

template <class Reader>
IndexedAt get_at(Reader in) {
  return {in.getCommit(), in.getSequence(), in.getLogTimeMs()};
}

tl::unexpected<Error> bad_record(const std::string& why) {
  return fail(Code::corrupt, "a record of the index of workflows does not decode: " + why.substr(0, 200),
              "stop the platform and restore a backup; audit verify says whether the log itself is whole");
}

template <class Record, class Root, class Take>
Result<Record> decode(std::string_view bytes, Take take) {
  try {
    FlatReader message(bytes);
    return take(message.root<Root>());
  } catch (const Malformed& malformed) {
    return bad_record(std::string("its ") + malformed.field + " is not what it must be");
  } catch (const FromLaterRelease&) {
    return bad_record("it holds a value that this release does not know");
  } catch (const kj::Exception& broken) {
    return bad_record(broken.getDescription().cStr());
  }
}

}  // namespace

std::string encode(const SubmissionRecord& record) {
  return flat<schema::IndexedSubmission>([&](schema::IndexedSubmission::Builder out) {
    put_at(out, record.at);
    PUT_TEXT(out, Workspace, record.workspace);
    PUT_TEXT(out, Kind, record.kind);
    PUT_TEXT(out, Name, record.name);
    PUT_TEXT(out, Infra, record.infra);
    PUT_TEXT(out, Subject, record.initiator.subject);
    PUT_TEXT(out, Credential, record.initiator.credential);
    out.setTransport(static_cast<schema::Transport>(record.initiator.transport));
    out.setTasks(record.tasks);
    out.setOperations(record.operations);
    PUT_ID(out, RollsBack, record.rolls_back);
  });
}

std::string encode(const EndRecord& record) {
  return flat<schema::IndexedEnd>([&](schema::IndexedEnd::Builder out) {
    put_at(out, record.at);
    out.setOutcome(static_cast<schema::Outcome>(record.event.outcome));
    out.setDone(record.event.done);
    out.setFailed(record.event.failed);
    out.setSkipped(record.event.skipped);
    out.setInDoubt(record.event.in_doubt);
    out.setNotDelivered(record.event.not_delivered);
    out.setFollowed(record.followed);
  });
}

std::string encode(const std::vector<Note>& notes) {
  std::string out;
  for (const Note& note : notes) {
    out.push_back(static_cast<char>(note.what));
    out.append(reinterpret_cast<const char*>(&note.sequence), sizeof note.sequence);
  }
  return out;
}

Result<std::vector<Note>> decode_notes(std::string_view bytes) {
  std::vector<Note> out;
  for (; bytes.size() >= kNoteBytes; bytes.remove_prefix(kNoteBytes)) {
    Note note{static_cast<Note::What>(bytes[0]), 0};
    if (kNotesKnown.find(bytes[0]) == std::string_view::npos)
      return bad_record("it notes what this release does not know");
    std::memcpy(&note.sequence, bytes.data() + 1, sizeof note.sequence);
    out.push_back(note);
  }
  if (!bytes.empty()) return bad_record("its length is not what it must be");
  return out;
}

Result<SubmissionRecord> decode_submission(std::string_view bytes) {
  return decode<SubmissionRecord, schema::IndexedSubmission>(bytes, [](schema::IndexedSubmission::Reader in) {
    SubmissionRecord out;
    out.at = get_at(in);
    out.workspace = text_of(in.getWorkspace());
    out.kind = text_of(in.getKind());
    out.name = text_of(in.getName());
    out.infra = text_of(in.getInfra());
    out.initiator = {text_of(in.getSubject()), text_of(in.getCredential()),
                     static_cast<domain::Transport>(in.getTransport())};
    out.tasks = in.getTasks();
    out.operations = in.getOperations();
    get_fixed(out.rolls_back, in.getRollsBack(), "rollsBack");
    return out;
  });
}

Result<EndRecord> decode_end(std::string_view bytes) {
  return decode<EndRecord, schema::IndexedEnd>(bytes, [](schema::IndexedEnd::Reader in) {
    EndRecord out;
    out.at = get_at(in);
    out.event.outcome = known_enum(in.getOutcome(), Outcome::refused);
    out.event.done = in.getDone();
    out.event.failed = in.getFailed();
    out.event.skipped = in.getSkipped();
    out.event.in_doubt = in.getInDoubt();
    out.event.not_delivered = in.getNotDelivered();
    out.followed = in.getFollowed();
    return out;
  });
}

}  // namespace prov::event_log
