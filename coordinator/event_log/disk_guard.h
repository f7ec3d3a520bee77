#pragma once
// Keeps the log's disk from filling up, which RocksDB does not survive. A ballast file holds a reserve. When the free
// room falls below the margin, the ballast is given up and the state is `low`: operators' commands are refused, while
// agents' reports and what follows from them use the reserve. When there is room for the ballast again it is made
// again, and work goes on by itself. Owner's thread.
#include <cstdint>
#include <functional>
#include <string>

#include "common/ports/clock.h"
#include "common/result.h"

namespace prov::event_log {

class DiskGuard {
 public:
  struct Config {
    std::string ballast_path;  // on the log's disk
    std::uint64_t ballast_bytes = 256ULL << 20;
    std::uint64_t margin_bytes = 96ULL << 20;  // free beside the ballast at least; above RocksOptions::min_free_bytes
  };
  enum class State { ok, low };
  using FreeBytes = std::function<Result<std::uint64_t>()>;

  // Makes the ballast when there is room; begins as `low` when there is none. Call before the store is opened: on a
  // full disk giving up the ballast is what lets it open.
  DiskGuard(Config config, FreeBytes free_bytes, Clock& clock);

  // Both ask the disk, but at most once a second and once per 256 KiB that `appended` was told of: so that the ballast
  // gives way to reports also while no operator asks.
  State state();
  void appended(std::uint64_t bytes);

  // The store had no room for a commit: the ballast is given up, whatever the margin says. False: it was gone already.
  bool give_way();

  void on_change(std::function<void(State)> listener) { listener_ = std::move(listener); }

  // Code::exhausted, with what to do, while the state is low: what an operator's command is answered.
  Result<void> admit();

  // Whether the store can take so much at once (it needs it several times, until it has put it in its place) with the
  // ballast and the margin left. For what can as well be done without, such as a snapshot.
  bool has_room_for(std::uint64_t bytes) const;

  std::uint64_t free_bytes() const { return free_bytes_; }  // when last asked, without the ballast

 private:
  void look();
  void become(State state);
  bool make_ballast();
  void drop_ballast();

  Config config_;
  FreeBytes ask_;
  Clock& clock_;
  std::function<void(State)> listener_;
  State state_ = State::ok;
  std::uint64_t free_bytes_ = 0, appended_ = 0, looked_ms_ = 0;
  bool has_ballast_ = false;
};

// Of the file system that holds `path`.
DiskGuard::FreeBytes free_bytes_at(std::string path);

}  // namespace prov::event_log
