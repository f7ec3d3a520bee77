// What lies on disks: the log of a coordinator, its index and its archive, a snapshot, the journal of an agent; and a
// recorded command. A disk may say anything.
#include <sys/mman.h>
#include <unistd.h>

#include "agent/journal/journal.h"
#include "agent/journal/payload.h"
#include "agent/journal/record_codec.h"
#include "common/hash.h"
#include "common/json/json.h"
#include "coordinator/event_log/command_codec.h"
#include "coordinator/event_log/commit.h"
#include "coordinator/event_log/event_codec.h"
#include "coordinator/event_log/event_json.h"
#include "coordinator/event_log/segment.h"
#include "coordinator/event_log/state_codec.h"
#include "coordinator/event_log/workflow_records.h"
#include "tests/fuzz/targets.h"

namespace prov::fuzz {
namespace {

class BytesAsJournal final : public agent::JournalFile {
 public:
  explicit BytesAsJournal(std::string_view bytes) : content_(bytes) {}
  Result<std::string> read_all() override { return content_; }
  Result<void> append(std::string_view bytes) override {
    content_ += bytes;
    return {};
  }
  Result<void> sync() override { return {}; }
  Result<void> replace(std::string_view bytes) override {
    content_ = bytes;
    return {};
  }
  Result<std::string> keep_damaged() override { return std::string("aside"); }

 private:
  std::string content_;
};

}  // namespace

void event(std::string_view bytes) {
  const auto event = event_log::decode_event(bytes);
  if (!event) return;
  static_cast<void>(event_log::event_to_json(*event));
  if (std::holds_alternative<domain::UnknownEvent>(event->body)) return;
  const std::string once = event_log::encode_event(*event);
  const auto again = event_log::decode_event(once);
  expect(again && event_log::encode_event(*again) == once, "an event is itself again");
}

void command(std::string_view bytes) {
  const auto asked = event_log::decode_command(bytes);
  if (!asked) return;
  expect(event_log::command_digest(asked->command.body) != 0, "what operators send has a digest");
  const std::string once = event_log::encode_command(asked->command, asked->who);
  const auto again = event_log::decode_command(once);
  expect(again && event_log::encode_command(again->command, again->who) == once, "a command is itself again");
}

// The own hash at the end is made right, or nothing would get past it.
void commit(std::string_view bytes) {
  static_cast<void>(event_log::CommitView::open(bytes));
  std::string whole(bytes);
  const Digest own = digest_of(whole);
  whole.append(reinterpret_cast<const char*>(own.bytes.data()), own.bytes.size());
  auto view = event_log::CommitView::open(whole);
  if (!view) return;
  std::uint32_t count = 0;
  event_log::CommitBuilder again;
  event_log::EventEncoder encoder;
  bool decodes = true;
  while (const auto one = view->next()) {
    const auto event = one->event();
    const auto meta = one->envelope();
    decodes = decodes && event;
    if (event) {
      expect(meta && meta->sequence == event->meta.sequence, "an event wears its envelope");
      again.add(encoder, *event);
    }
    ++count;
  }
  expect(count == view->header().count, "as many events as it says");
  if (!decodes) return;
  Digest hash;
  const std::string once = again.finish(1, Digest{}, hash);
  expect(static_cast<bool>(event_log::CommitView::open(once)), "what a commit says can be written again");
}

void state(std::string_view bytes) {
  const auto state = event_log::decode_state(bytes);
  if (!state) return;
  const std::string once = event_log::encode_state(*state);
  const auto again = event_log::decode_state(once);
  expect(again && event_log::encode_state(*again) == once, "a state is itself again");
}

// The header's digest is made right, or nothing would get past it.
void segment(std::string_view bytes) {
  constexpr std::size_t kHashed = 200;
  std::string whole(bytes);
  if (whole.size() >= kHashed + Digest::kSize) {
    const Digest own = digest_of(whole.substr(0, kHashed));
    whole.replace(kHashed, Digest::kSize, own.view());
  }
  const int file = ::memfd_create("segment", MFD_CLOEXEC);
  expect(file >= 0 && ::write(file, whole.data(), whole.size()) == static_cast<ssize_t>(whole.size()), "memory");
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  std::size_t commits = 0;
  const auto read = event_log::read_segment(path, 0, [&](std::uint64_t, std::string_view) { return ++commits < 100; });
  const auto good = event_log::verify_segment(path, {});
  expect(!good || (read && commits > 0), "what verifies can be read");
  ::close(file);
}

void workflow_record(std::string_view bytes) {
  if (const auto record = event_log::decode_submission(bytes)) {
    const std::string once = event_log::encode(*record);
    const auto again = event_log::decode_submission(once);
    expect(again && event_log::encode(*again) == once, "a submission is itself again");
  }
  if (const auto record = event_log::decode_end(bytes)) {
    const std::string once = event_log::encode(*record);
    const auto again = event_log::decode_end(once);
    expect(again && event_log::encode(*again) == once, "an end is itself again");
  }
  if (const auto notes = event_log::decode_notes(bytes)) {
    expect(event_log::encode(*notes) == bytes, "notes are themselves again");
  }
}

// A record's payload by itself as well: the check before it lets no changed one pass.
void journal(std::string_view bytes) {
  if (const auto record = agent::read_payload(bytes)) {
    const std::string once = agent::encode_record(*record);
    const auto scan = agent::scan_journal(std::string(agent::kJournalMagic) + once);
    expect(scan.damage.empty() && scan.records.size() == 1, "what was read can be written");
    expect(agent::encode_record(scan.records[0]) == once, "a record is itself again");
  }
  BytesAsJournal file(bytes);
  agent::Journal journal(file);
  const auto opened = journal.open();
  if (!opened) return;
  expect(static_cast<bool>(journal.rewrite(opened->records)), "what was saved can be written");
  agent::Journal second(file);
  const auto again = second.open();
  expect(again && again->records.size() == opened->records.size() && again->damage.empty(), "and read again");
}

}  // namespace prov::fuzz
