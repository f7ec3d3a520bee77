#pragma once
// The coordinator's machine: its disk, and its process, put together from the production parts as
// coordinator/main/platform.cpp does it. The process can die at any moment and is made anew from the disk.
#include <functional>
#include <memory>
#include <optional>

#include "coordinator/command_handler/core.h"
#include "coordinator/event_log/checkpoint.h"
#include "tests/sim/cloud.h"
#include "tests/sim/network.h"
#include "tests/sim/plant.h"
#include "tests/support/record_log/memory_record_log.h"

namespace prov::sim {

class Coordinator {
 public:
  Coordinator(Kernel& kernel, Network& network, Cloud& cloud, Plant plant);
  ~Coordinator();

  void start();                             // no effect when it runs
  void crash(test::MemoryDisk::Tail tail);  // the process dies; `tail`: what becomes of a commit that was under way
  bool up() const { return life_ != nullptr; }
  std::uint64_t lives() const { return lives_; }

  // REQUIRES: up()
  command_handler::Core& core();
  void submit(const domain::Command& command, const domain::Principal& who, command_handler::Core::Reply reply,
              std::vector<SideRecord> sides = {});
  void take_snapshot();
  std::size_t waiting_bytes() const;  // decided and not yet given to the disk

  std::shared_ptr<test::MemoryDisk> disk() { return disk_; }
  const event_log::PublicKey& public_key() const { return signing_.public_key(); }
  const domain::Limits& limits() const { return limits_; }
  std::string read_only() const;
  std::uint32_t attested_epoch() const;  // by agents; what an operator's acceptance has to be above

  // The room on its disk, as the guard's ballast file leaves it. A commit that does not fit is refused.
  void set_room(std::uint64_t bytes) { room_ = bytes; }
  std::uint64_t free_bytes() const;
  static constexpr std::uint64_t kPlenty = 1ULL << 40, kBallast = 16 << 10, kMargin = 24 << 10;

  // Everything up to here is in a snapshot, so damage before it is found by an audit, not by a start.
  std::uint64_t snapshot_commit() const { return snapshot_commit_; }

  std::int64_t skew_ms = 0;         // of its wall clock
  std::uint64_t sync_us = 3'000;    // what a sync takes at most
  std::function<void()> on_fatal;   // the process wants to die
  std::function<void()> on_synced;  // a commit is on the disk; nobody in the process knows yet

 private:
  struct Life;
  Kernel& kernel_;
  Network& network_;
  Cloud& cloud_;
  const Plant plant_;
  std::shared_ptr<test::MemoryDisk> disk_ = std::make_shared<test::MemoryDisk>();
  event_log::SigningKey signing_;
  Key link_key_;
  std::string master_key_;
  domain::Limits limits_;
  std::uint64_t lives_ = 0, room_ = kPlenty, snapshot_commit_ = 0;
  const std::string ballast_;
  std::unique_ptr<Life> life_;
};

}  // namespace prov::sim
