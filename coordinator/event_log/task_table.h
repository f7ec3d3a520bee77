#pragma once
// The words of tasks of one commit, side by side (schema/commit.capnp): what goes out, begins and ends is nearly all of
// a busy log. In a table they take a quarter of the bytes, and of the time to encode, hash, store and decode them.
// One thread at a time; Cap'n Proto stays inside.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"
#include "coordinator/domain/events.h"

namespace prov::event_log {

class TaskTableBuilder {
 public:
  TaskTableBuilder();
  ~TaskTableBuilder();
  TaskTableBuilder(TaskTableBuilder&&) noexcept;
  TaskTableBuilder& operator=(TaskTableBuilder&&) noexcept;

  // Takes an event that comes `place` events behind the commit's first. False: a table cannot say all of what it says.
  bool add(std::uint32_t place, const domain::Event& event);

  std::uint32_t count() const;
  bool has_plain_ends() const;  // which a commit of version 2 cannot have
  std::size_t bytes() const;    // about what append_to adds

  void append_to(std::string& out);
  void clear();  // empty again; what the next table will need of its memory stays

 private:
  struct Content;
  std::unique_ptr<Content> content_;
};

class TaskTable {
 public:
  // Reads in place: `bytes` outlive it. Code::corrupt: not what any release writes.
  static Result<std::unique_ptr<TaskTable>> open(std::string_view bytes);
  ~TaskTable();

  std::uint32_t count() const;

  // Lays the entries out among `places` events. Code::corrupt: two have one place, or one has none there.
  Result<void> lay_out(std::uint32_t places);

  // REQUIRES: lay_out() and place < places.
  bool has(std::uint32_t place) const;

  // What is at a place, which is event `sequence` of the log. REQUIRES: has(place). Code::corrupt as open().
  Result<domain::Event> event(std::uint32_t place, std::uint64_t sequence) const;
  Result<domain::Envelope> envelope(std::uint32_t place, std::uint64_t sequence) const;

 private:
  struct Content;
  explicit TaskTable(std::unique_ptr<Content> content);
  std::unique_ptr<Content> content_;
};

}  // namespace prov::event_log
