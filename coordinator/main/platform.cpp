#include "coordinator/main/platform.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "common/io/posix/files.h"
#include "common/io/posix/posix_world.h"
#include "common/io/posix/processes.h"
#include "common/io/rocksdb/rocks_record_log.h"
#include "common/io/zmq/zmq_agent_link.h"
#include "common/json/json.h"
#include "common/this_thread.h"
#include "coordinator/api/server.h"
#include "coordinator/audit/audit.h"
#include "coordinator/audit/backup.h"
#include "coordinator/command_handler/core.h"
#include "coordinator/dispatcher/dispatcher.h"
#include "coordinator/event_log/archived_log.h"
#include "coordinator/event_log/disk_guard.h"
#include "coordinator/event_log/replay.h"
#include "coordinator/main/archivist.h"
#include "coordinator/main/index_filler.h"
#include "coordinator/main/keys.h"
#include "coordinator/main/snapshotter.h"
#include "coordinator/providers/process_runner.h"
#include "coordinator/secrets/secret_store.h"

namespace prov::coordinator {
namespace {

std::string host_name() {
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return name;
}

Result<std::string> text_of(const Result<nlohmann::ordered_json>& report) {
  if (!report) return tl::unexpected(report.error());
  return report->dump();
}

std::string endpoint(const std::string& address, std::uint16_t port) {
  const bool six = address.find(':') != std::string::npos;
  return "tcp://" + (six ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

// Strangers may open connections as they like. Enough descriptors stay for the log, the API and providers whatever they
// do: a log that cannot open its next file ends the process.
io::ZmqAgentLinkConfig link_config(const Settings& settings, const io::KeyPair& keys) {
  const std::uint64_t files = io::raise_open_files();
  const std::uint64_t ours = files > 2'048 ? 1'024 : files / 2;
  io::ZmqAgentLinkConfig config{keys, settings.link_addresses, settings.link_port, settings.enrol_port};
  config.max_connections = std::min<std::uint64_t>(config.max_connections, (files - ours) / 4 * 3);
  config.max_enrol_connections = std::min<std::uint64_t>(config.max_enrol_connections, (files - ours) / 8);
  return config;
}

command_handler::CoreConfig core_config(const Settings& settings, event_log::DiskGuard& guard) {
  command_handler::CoreConfig config;
  for (const std::uint32_t uid : settings.owners) config.policy.owners.insert("uid:" + std::to_string(uid));
  config.limits = settings.limits;
  config.software = "provisioning " PROV_VERSION;
  config.host = host_name();
  config.admission = [&guard] { return guard.admit(); };
  config.written = [&guard](std::size_t bytes) { guard.appended(bytes); };
  config.make_room = [&guard] { return guard.give_way(); };
  return config;
}

std::string archive_dir(const Settings& settings) {
  return settings.archive_dir.empty() ? settings.own_archive() : settings.archive_dir;
}

event_log::ArchivePolicy archive_policy(const Settings& settings) {
  constexpr std::uint64_t kDayMs = 24ULL * 3600 * 1000;
  return {settings.archive_after_days * kDayMs, settings.archive_keep_events, settings.archive_segment_kib << 10};
}

event_log::PublicKeys public_keys(const Keys& keys) {
  const event_log::PublicKey& key = keys.signing.public_key();
  return {{event_log::key_id(key), key}};
}

// No snapshot can be used, so the whole log is needed; and what lies in segments is set aside for nobody's sake.
tl::unexpected<Error> archive_needed(const Settings& settings, const event_log::Damage& damage) {
  return fail(Code::corrupt,
              "this start has to read the whole log, and commit " + std::to_string(damage.commit) +
                  " of it is in the archive: " + damage.what,
              "bring the archive back to " + archive_dir(settings) +
                  " (or name its folder: [log] archive_dir), then start again");
}

api::ServerConfig server_config(const Settings& settings) {
  api::ServerConfig config;
  config.http.socket_path = settings.socket_path;
  if (settings.tcp) config.http.tcp_port = settings.tcp_port;
  config.token_file = settings.token_file;
  config.data_dir = settings.data_dir;
  return config;
}

}  // namespace

struct Platform::Parts {
  Parts(const Settings& s, io::EventLoop& l, std::unique_ptr<event_log::DiskGuard> disk, Keys k,
        std::unique_ptr<io::RocksRecordLog> rocks, std::unique_ptr<event_log::ArchivedLog> whole,
        event_log::OpenedLog opened, std::unique_ptr<io::ZmqAgentLink> network)
      : settings(s),
        loop(l),
        guard(std::move(disk)),
        keys(std::move(k)),
        store(std::move(rocks)),
        log(std::move(whole)),
        writer(*log, loop, clock, opened.position, &keys.signing, [this](const Error& error) { fatal(error); }),
        link(std::move(network)),
        core(core_config(settings, *guard), writer, std::move(opened.state), loop, random),
        providers({settings.data_dir + "/providers", settings.cache_dir}, *log, loop),
        secrets(*log, keys.master, random),
        dispatcher(dispatcher_config(), core, writer, *log, *link, providers, secrets, clock, loop, random),
        snapshotter(
            *log, writer, loop, loop, settings.snapshot_events, opened.snapshot_sequence,
            [this](std::uint64_t bytes) { return guard->has_room_for(bytes); },
            [](const std::string& note) { spdlog::warn("{}", note); }),
        archivist(event_log::Archiver(*store, *log, archive_dir(settings), archive_policy(settings), public_keys(keys)),
                  writer, loop, loop, [](const std::string& note) { spdlog::info("{}", note); }),
        index_filler(*log, writer, loop, [](const std::string& note) { spdlog::info("{}", note); }),
        server(server_config(settings), server_hooks(), core, dispatcher, *log, writer, loop, loop, clock, random) {}

  api::ServerHooks server_hooks() {
    api::ServerHooks hooks;
    hooks.link = [this] {
      projection::LinkFacts facts;
      facts.server_key = to_text(keys.link.public_key);
      for (const std::string& address : settings.link_addresses) {
        facts.endpoints.push_back(endpoint(address, link->link_port()));
        facts.enrol_endpoints.push_back(endpoint(address, link->enrol_port()));
      }
      return facts;
    };
    hooks.audit.state = [this](std::uint64_t at, std::optional<std::uint64_t> to) {
      return to ? text_of(audit::diff_report(*log, at, *to)) : text_of(audit::state_report(*log, at));
    };
    hooks.audit.verify = [this] {
      return Result<std::string>(audit::to_json(audit::verify(*log, public_keys(keys))).dump());
    };
    hooks.backup = [this](std::string folder, std::function<void(Result<api::BackupDone>)> done) {
      core.cover([this, folder = std::move(folder), done = std::move(done)] { back_up(folder, done); });
    };
    hooks.stop = [this] {
      if (stop_wanted) stop_wanted({});
    };
    return hooks;
  }

  dispatcher::DispatcherConfig dispatcher_config() const {
    dispatcher::DispatcherConfig config;
    config.heartbeat_ms = settings.heartbeat_ms;
    config.dead_ms = settings.dead_ms;
    config.advertise = settings.advertise;
    config.agent_program = settings.agent_program;
    const auto at = [this](const std::string& address) {
      return address.empty() ? settings.link_addresses.front() : address;
    };
    config.join_endpoint = [this, at](const std::string& address) {
      wire::JoinToken token;
      token.server_key = keys.link.public_key;
      token.enrol_endpoint = endpoint(at(address), link->enrol_port());
      return token;
    };
    config.link_endpoint = [this, at](const std::string& address) { return endpoint(at(address), link->link_port()); };
    return config;
  }

  // On a thread of its own: it copies files; the writer goes on meanwhile.
  void back_up(const std::string& folder, std::function<void(Result<api::BackupDone>)> done) {
    if (std::exchange(backing_up, true)) {
      return done(fail(Code::conflict, "another backup is being made", "wait for its end, then ask again"));
    }
    if (backup_thread.joinable()) backup_thread.join();  // it is over, but for its last words
    backup_thread = std::thread([this, folder, done = std::move(done)] {
      this_thread::set_name("backup");
      Result<api::BackupDone> made = fail(Code::internal, "");
      if (auto report = audit::backup(*store, *log, settings.data_dir + "/keys", folder); report) {
        made = api::BackupDone{folder, report->position.sequence, report->bytes};
      } else {
        made = tl::unexpected(report.error());
      }
      loop.post([this, done, made = std::move(made)] {
        backing_up = false;
        done(made);
      });
    });
  }

  ~Parts() {
    if (backup_thread.joinable()) backup_thread.join();
  }

  void tell_room(event_log::DiskGuard::State state) const {
    const std::uint64_t mib = guard->free_bytes() >> 20;
    if (state == event_log::DiskGuard::State::ok)
      return spdlog::info("the disk of the log has room again ({} MiB)", mib);
    spdlog::warn("the disk of the log is nearly full ({} MiB): no new work is taken, reports use the reserve", mib);
  }

  // What waits for room on the disk was promised to nobody yet, and agents tell it again: it must not hold up the end.
  void when_all_written(std::function<void()> done) {
    auto once = std::make_shared<std::function<void()>>(std::move(done));
    const auto leave = [once] {
      if (auto go = std::exchange(*once, {})) go();
    };
    core.when_durable(leave);
    give_up_when_full(once, leave);
  }

  void give_up_when_full(const std::shared_ptr<std::function<void()>>& waiting, const std::function<void()>& leave) {
    constexpr std::uint64_t kLookMs = 500;
    loop.after(kLookMs, [this, waiting, leave] {
      if (!*waiting) return;
      if (core.flowing()) return give_up_when_full(waiting, leave);
      spdlog::warn("the disk of the log is full: what agents have reported since is not written; they report it again");
      leave();
    });
  }

  void fatal(const Error& error) {
    spdlog::critical("the log cannot be written, this process ends: {}", error.message);
    if (stop_wanted) stop_wanted(tl::unexpected(error));
  }

  Settings settings;
  io::EventLoop& loop;
  std::unique_ptr<event_log::DiskGuard> guard;
  io::SystemClock clock;
  io::SystemRandom random;
  Keys keys;
  std::unique_ptr<io::RocksRecordLog> store;
  std::unique_ptr<event_log::ArchivedLog> log;  // the store, and the segments beside it
  event_log::LogWriter writer;
  std::unique_ptr<io::ZmqAgentLink> link;
  command_handler::Core core;
  providers::ProcessRunner providers;
  secrets::SecretStore secrets;
  dispatcher::Dispatcher dispatcher;
  Snapshotter snapshotter;
  Archivist archivist;
  IndexFiller index_filler;
  api::Server server;
  std::thread backup_thread;
  bool backing_up = false;
  std::function<void(Result<void>)> stop_wanted;
};

Platform::Platform(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Platform::~Platform() = default;

Result<std::unique_ptr<Platform>> Platform::open(const Settings& settings, io::EventLoop& loop) {
  auto dir = io::make_private_dir(settings.data_dir);
  if (!dir) return tl::unexpected(dir.error());
  static io::SystemClock guard_clock;  // stateless; the guard stands before the parts that own the other one
  auto guard = std::make_unique<event_log::DiskGuard>(
      event_log::DiskGuard::Config{settings.data_dir + "/ballast", settings.reserve_bytes},
      event_log::free_bytes_at(settings.data_dir), guard_clock);
  if (auto there = check_log_is_there(settings.data_dir); !there) return tl::unexpected(there.error());
  auto store = io::RocksRecordLog::open({settings.data_dir + "/log"});
  if (!store) return tl::unexpected(store.error());
  for (const std::string& note : (*store)->notes()) spdlog::warn("{}", note);
  auto log = event_log::ArchivedLog::open(**store, {archive_dir(settings), settings.own_archive()});
  if (!log) return tl::unexpected(log.error());
  if (const std::uint64_t there = (*log)->missing_before(); there > 0) {
    spdlog::warn("commits before {} are neither in the log nor in {}: history and audits end there", there,
                 archive_dir(settings));
  }
  io::SystemRandom random;
  auto keys = load_or_create_keys(settings.data_dir + "/keys", (*log)->last_commit() > 0, random);
  if (!keys) return tl::unexpected(keys.error());
  auto opened = event_log::open_log(**log, event_log::Reading::ahead);
  for (const std::string& note : opened.notes) spdlog::warn("{}", note);
  if (opened.damage && opened.damage->commit < (*store)->first_commit())
    return archive_needed(settings, *opened.damage);
  if (opened.position.log_id.is_zero()) opened.position.log_id = random.id();
  spdlog::info("the log ends at sequence {} (snapshot at {}, {} events replayed)", opened.position.sequence,
               opened.snapshot_sequence, opened.replayed_events);
  auto link = io::ZmqAgentLink::create(link_config(settings, keys->link), loop);
  if (!link) {
    link.error().message += "; link.addresses, link.port and link.enrol_port say where agents connect";
    return tl::unexpected(link.error());
  }
  const auto damage = opened.damage;
  auto parts = std::make_unique<Parts>(settings, loop, std::move(guard), std::move(*keys), std::move(*store),
                                       std::move(*log), std::move(opened), std::move(*link));
  if (damage) {
    const std::string what = "commit " + std::to_string(damage->commit) + ": " + damage->what;
    spdlog::critical("the log is damaged at {}; read-only until an operator accepts it", what);
    parts->core.set_read_only("the log is damaged at " + what);
  }
  return std::unique_ptr<Platform>(new Platform(std::move(parts)));
}

Result<void> Platform::start() {
  Parts& parts = *parts_;
  parts.guard->on_change([&parts](event_log::DiskGuard::State state) { parts.tell_room(state); });
  if (parts.guard->state() == event_log::DiskGuard::State::low) parts.tell_room(event_log::DiskGuard::State::low);
  parts.core.on_effect([&parts](const domain::Effect& effect) { parts.dispatcher.perform(effect); });
  parts.core.start();
  parts.dispatcher.start();
  parts.index_filler.start();
  if (archive_policy(parts.settings).on()) parts.archivist.start();
  if (auto ok = parts.server.start(); !ok) return ok;
  spdlog::info("epoch {}; agents at {}; REST at {}{}", parts.core.state().epoch,
               endpoint(parts.settings.link_addresses.front(), parts.link->link_port()), parts.settings.socket_path,
               parts.server.tcp_port() == 0 ? "" : " and 127.0.0.1:" + std::to_string(parts.server.tcp_port()));
  return {};
}

void Platform::stop(std::function<void()> done) {
  parts_->server.stop();
  parts_->providers.stop_all();
  parts_->core.finish();
  parts_->when_all_written(std::move(done));
}

void Platform::on_stop_wanted(std::function<void(Result<void>)> listener) { parts_->stop_wanted = std::move(listener); }

}  // namespace prov::coordinator
