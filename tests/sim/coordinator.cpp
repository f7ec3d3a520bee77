#include "tests/sim/coordinator.h"

#include <stdlib.h>
#include <unistd.h>

#include "coordinator/dispatcher/dispatcher.h"
#include "coordinator/event_log/disk_guard.h"
#include "coordinator/event_log/keys.h"
#include "coordinator/event_log/log_writer.h"
#include "coordinator/event_log/replay.h"
#include "coordinator/event_log/snapshots.h"
#include "coordinator/secrets/secret_store.h"
#include "tests/sim/early_ack_log.h"

namespace prov::sim {
namespace {

std::array<std::uint8_t, 32> draw_seed(Rng& rng) {
  std::array<std::uint8_t, 32> out{};
  rng.fill(out);
  return out;
}

// The one thing of the simulation that is a real file: the production guard's ballast, which only is there or not.
struct BallastFolder {
  BallastFolder() {
    std::string pattern = (getenv("TMPDIR") != nullptr ? getenv("TMPDIR") : std::string("/tmp")) + "/sim-XXXXXX";
    PROV_ASSERT(mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~BallastFolder() {
    (void)unlink((path + "/ballast").c_str());
    (void)rmdir(path.c_str());
  }
  std::string path;
};

std::string ballast_path() {
  static const BallastFolder folder;
  (void)unlink((folder.path + "/ballast").c_str());
  return folder.path + "/ballast";
}

}  // namespace

struct Coordinator::Life {
  Life(Coordinator& of, event_log::OpenedLog opened)
      : owner(of),
        process(of.kernel_.schedule, of.skew_ms),
        guard(
            {of.ballast_, kBallast, kMargin}, [&of] { return of.free_bytes(); }, process),
        disk_log(of.disk_, [this](std::function<void()> end) { sync(std::move(end)); }),
        lying_log(disk_log),
        log(of.plant_ == Plant::early_ack ? static_cast<RecordLog&>(lying_log) : disk_log),
        writer(log, process, process, opened.position, &of.signing_, [this](const Error& error) { die(error); }),
        link(of.network_),
        core(core_config(), writer, std::move(opened.state), process, of.kernel_.rng),
        providers(of.cloud_, process),
        secrets(log, of.master_key_, of.kernel_.rng),
        dispatcher(dispatcher_config(), core, writer, log, link, providers, secrets, process, process, of.kernel_.rng) {
    disk_log.set_room([&of](std::size_t bytes) { return bytes <= of.free_bytes(); });
    core.on_event([this](const std::vector<command_handler::Core::EventPtr>& events) {
      for (const auto& event : events) {  // who follows the feed hears of each, in order
        PROV_ASSERT(told == 0 || event->meta.sequence == told + 1);
        told = event->meta.sequence;
      }
    });
  }

  command_handler::CoreConfig core_config() {
    command_handler::CoreConfig config;
    config.policy.owners = {"uid:0", "uid:1000"};
    config.limits = owner.limits_;
    if (owner.plant_ == Plant::limit_off_by_one) {
      ++config.limits.agent_orders;
      ++config.limits.workflow_parallel;
    }
    config.admission = [this] { return guard.admit(); };
    config.written = [this](std::size_t bytes) {
      owner.room_ -= std::min<std::uint64_t>(bytes, owner.room_);
      guard.appended(bytes);
    };
    config.make_room = [this] { return guard.give_way(); };
    config.checkpoint_events = 200;
    config.host = "sim";
    return config;
  }

  dispatcher::DispatcherConfig dispatcher_config() const {
    dispatcher::DispatcherConfig config;
    config.agent_program = "/opt/agent";
    config.join_endpoint = [this](const std::string&) {
      wire::JoinToken token;
      token.server_key = owner.link_key_;
      token.enrol_endpoint = "tcp://10.0.0.1:7001";
      return token;
    };
    config.link_endpoint = [](const std::string&) { return std::string("tcp://10.0.0.1:7000"); };
    return config;
  }

  void sync(std::function<void()> end) {
    process.after_us(owner.kernel_.rng.range(50, owner.sync_us), [this, end = std::move(end)] {
      end();
      if (owner.on_synced) owner.on_synced();
    });
  }

  void die(const Error& error) {
    owner.kernel_.line("coordinator: fatal: " + error.message);
    if (owner.on_fatal) owner.kernel_.schedule.next(owner.on_fatal);
  }

  Coordinator& owner;
  std::uint64_t told = 0;  // the last event that passed the gate in this life
  Process process;
  event_log::DiskGuard guard;
  test::MemoryRecordLog disk_log;
  EarlyAckLog lying_log;
  RecordLog& log;
  event_log::LogWriter writer;
  SimAgentLink link;
  command_handler::Core core;
  SimProviders providers;
  secrets::SecretStore secrets;
  dispatcher::Dispatcher dispatcher;
};

Coordinator::Coordinator(Kernel& kernel, Network& network, Cloud& cloud, Plant plant)
    : kernel_(kernel),
      network_(network),
      cloud_(cloud),
      plant_(plant),
      signing_(draw_seed(kernel.rng)),
      ballast_(ballast_path()) {
  kernel_.rng.fill(link_key_.bytes);
  const auto master = draw_seed(kernel_.rng);
  master_key_.assign(master.begin(), master.end());
  limits_.agent_orders = 6;
  limits_.workflow_parallel = 5;
  limits_.provider_parallel = 2;
  limits_.delivery_ms = 90'000;
}

Coordinator::~Coordinator() = default;

void Coordinator::start() {
  if (up()) return;
  ++lives_;
  event_log::OpenedLog opened;
  {
    test::MemoryRecordLog reader(disk_);
    opened = event_log::open_log(reader);
  }
  if (opened.position.log_id.is_zero()) opened.position.log_id = kernel_.rng.id();
  const auto damage = opened.damage;
  kernel_.line("coordinator: starts at sequence " + std::to_string(opened.position.sequence) +
               (damage ? ", damaged: " + damage->what : ""));
  if (plant_ == Plant::fold_by_clock) {  // a fold that asks what time it is now
    for (auto& [id, workflow] : opened.state.workflows) workflow.submitted_ms = kernel_.now_ms();
  }
  life_ = std::make_unique<Life>(*this, std::move(opened));
  if (damage) life_->core.set_read_only("the log is damaged at commit " + std::to_string(damage->commit));
  life_->core.on_effect([this](const domain::Effect& effect) { life_->dispatcher.perform(effect); });
  life_->core.start();
  life_->dispatcher.start();
}

void Coordinator::crash(test::MemoryDisk::Tail tail) {
  if (!up()) return;
  life_.reset();
  disk_->crash(tail);
  if (plant_ == Plant::lost_commit && kernel_.rng.chance(200) && disk_->commits.size() > 1) {
    disk_->forget_after(disk_->commits.rbegin()->first - 1);
    disk_->attested = disk_->commits.rbegin()->first;
  }
  if (plant_ == Plant::bit_rot && kernel_.rng.chance(200) && !disk_->commits.empty()) {
    disk_->flip(kernel_.rng.range(1, disk_->commits.rbegin()->first), 0);
  }
  if (plant_ == Plant::lost_index) {
    const auto first = disk_->sides.lower_bound(std::string(event_log::kWorkflowSpace));
    if (first != disk_->sides.end()) disk_->sides.erase(first);
  }
  kernel_.line("coordinator: killed");
}

command_handler::Core& Coordinator::core() { return life_->core; }

void Coordinator::submit(const domain::Command& command, const domain::Principal& who,
                         command_handler::Core::Reply reply, std::vector<SideRecord> sides) {
  if (plant_ != Plant::early_answer) return life_->core.submit(command, who, std::move(reply), std::move(sides));
  auto once = std::make_shared<command_handler::Core::Reply>(std::move(reply));
  const auto answer = [once](const Result<domain::Answer>& told) {
    if (auto tell = std::exchange(*once, {})) tell(told);
  };
  life_->core.submit(command, who, answer, std::move(sides));
  const auto& remembered = life_->core.state().remembered;
  const auto known = remembered.find({who.subject, command.workspace, command.id});
  if (known != remembered.end()) answer(domain::Answer{known->second.made, known->second.sequence, false});
}

void Coordinator::take_snapshot() {
  auto records = event_log::fold_snapshot(life_->log);
  if (!records) return kernel_.line("coordinator: no snapshot: " + records.error().message);
  for (SideRecord& record : *records) life_->writer.write_side(std::move(record));
  life_->writer.flush();
  snapshot_commit_ = disk_->commits.empty() ? 0 : disk_->commits.rbegin()->first;
}

std::uint64_t Coordinator::free_bytes() const {
  if (room_ >= kPlenty / 2) return room_;  // whether the ballast is there makes no difference, and costs a system call
  const bool ballast = access(ballast_.c_str(), F_OK) == 0;
  return room_ - std::min(room_, ballast ? kBallast : 0);
}

std::size_t Coordinator::waiting_bytes() const { return up() ? life_->writer.waiting_bytes() : 0; }
std::uint32_t Coordinator::attested_epoch() const { return up() ? life_->dispatcher.attested_epoch() : 0; }
std::string Coordinator::read_only() const { return up() ? life_->core.read_only_reason() : ""; }

}  // namespace prov::sim
