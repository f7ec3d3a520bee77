#include "agent/main/run.h"

#include <fcntl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "agent/core/agent.h"
#include "agent/executor/bundle_cache.h"
#include "agent/executor/process_runner.h"
#include "agent/executor/pty_terminals.h"
#include "agent/host/accounts.h"
#include "agent/host/disk_journal.h"
#include "agent/host/host_facts.h"
#include "agent/main/join.h"
#include "agent/main/log_line.h"
#include "common/io/loop/event_loop.h"
#include "common/io/loop/worker.h"
#include "common/io/posix/claim.h"
#include "common/io/posix/core_dumps.h"
#include "common/io/posix/posix_world.h"
#include "common/io/posix/processes.h"
#include "common/io/zmq/zmq_coordinator_link.h"

namespace prov::agent {
namespace {

// One agent per state directory, for as long as the descriptor is open.
Result<io::Fd> claim_state_dir(const std::string& state_dir) {
  auto dir = io::make_private_dir(state_dir);
  if (!dir) return tl::unexpected(dir.error());
  io::Fd lock(openat(dir->get(), "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock) return tl::unexpected(io::system_error("open", state_dir + "/lock"));
  if (!io::claim(lock.get())) {
    return fail(Code::conflict, "another agent runs with state directory " + state_dir);
  }
  return lock;
}

io::Fd take_over_signals() {
  for (const int each : {SIGPIPE, SIGHUP}) signal(each, SIG_IGN);
  sigset_t taken;
  sigemptyset(&taken);
  for (const int each : {SIGTERM, SIGINT}) sigaddset(&taken, each);
  sigprocmask(SIG_BLOCK, &taken, nullptr);  // before any thread exists, so that none of them takes one
  return io::Fd(signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
}

struct Parts {  // in the order in which they are built; taken down the other way round
  io::EventLoop loop;
  io::SystemClock clock;
  io::SystemRandom random;
  std::optional<DiskJournal> journal;
  std::unique_ptr<BundleCache> bundles;
  std::optional<io::Worker> clearing;
  std::unique_ptr<ProcessRunner> runner;
  std::optional<PtyTerminals> terminals;
  std::unique_ptr<io::ZmqCoordinatorLink> link;
  std::optional<Agent> agent;
  Enrolment enrolment;
  std::optional<Error> fatal;
};

// The coordinator has said where it can be reached: known from now on, also after a restart of this agent.
void follow(Parts& parts, const std::string& state_dir, const std::vector<std::string>& said) {
  if (!learn_endpoints(parts.enrolment, parts.link->endpoint(), said)) return;
  parts.link->set_endpoints(endpoints_to_try(parts.enrolment));
  if (auto saved = save_enrolment(state_dir, parts.enrolment); !saved) {
    log_line(Severity::warning,
             "where the coordinator can be reached is forgotten when this agent ends: " + saved.error().message);
  }
}

Result<void> build(Parts& parts, const RunOptions& options, const AgentKeys& keys, const Enrolment& enrolment) {
  parts.journal.emplace(options.state_dir + "/journal");
  auto bundles = BundleCache::open(options.state_dir + "/bundles");
  if (!bundles) return tl::unexpected(bundles.error());
  parts.bundles = std::move(*bundles);
  parts.clearing.emplace("folders");
  RunnerConfig runner_config{options.state_dir + "/steps", io::own_program(), keys.seal};
  auto runner = ProcessRunner::open(std::move(runner_config), *parts.bundles, parts.loop, parts.loop, *parts.clearing);
  if (!runner) return tl::unexpected(runner.error());
  parts.runner = std::move(*runner);
  parts.terminals.emplace(parts.loop, root_shell());
  auto context = io::ZmqContext::create();
  if (!context) return tl::unexpected(context.error());
  parts.enrolment = enrolment;
  io::ZmqCoordinatorLinkConfig link_config{keys.link, enrolment.server_key, endpoints_to_try(enrolment)};
  auto link = io::ZmqCoordinatorLink::create(std::move(link_config), *context, parts.loop, parts.loop, parts.random);
  if (!link) return tl::unexpected(link.error());
  parts.link = std::move(*link);
  Config config;
  config.key = keys.link.public_key;
  config.log_id = enrolment.log_id;
  config.boot_id = host_boot_id();
  config.facts = HostFacts();
  config.log = log_line;
  config.parallel = options.parallel;
  config.endpoints = [&parts, dir = options.state_dir](const auto& said) { follow(parts, dir, said); };
  config.expects_journal = true;
  parts.agent.emplace(World{parts.clock, parts.loop, parts.random, *parts.link, *parts.journal, *parts.runner,
                            *parts.bundles, &*parts.terminals},
                      std::move(config));
  return {};
}

void handle_signals(Parts& parts, const io::Fd& signals, std::uint64_t drain_ms) {
  parts.loop.watch(signals.get(), [&parts, &signals, drain_ms, asked = false]() mutable {
    signalfd_siginfo info{};
    while (read(signals.get(), &info, sizeof info) == sizeof info) {
      if (asked)
        parts.loop.stop();  // asked twice: at once
      else
        parts.agent->drain(drain_ms, [&parts] { parts.loop.stop(); });
      asked = true;
    }
  });
}

}  // namespace

Result<void> run_agent(const RunOptions& options) {
  umask(077);
  io::forbid_core_dumps();
  auto lock = claim_state_dir(options.state_dir);
  if (!lock) return tl::unexpected(lock.error());
  Parts parts;
  auto member = join(options.state_dir, options.token_file, Anew::when_possible,
                     parts.random);  // may wait long: signals still end the process at once
  if (!member) return tl::unexpected(member.error());
  const io::Fd signals = take_over_signals();
  if (auto built = build(parts, options, member->keys, member->enrolment); !built) return built;
  parts.agent->on_fatal([&parts](const Error& error) {
    parts.fatal = error;
    parts.loop.stop();
  });
  if (auto started = parts.agent->start(); !started) return started;
  parts.runner->sweep([&parts](const StepId& step) { return parts.agent->knows(step); });
  handle_signals(parts, signals, options.drain_ms);
  log_line(Severity::info, "agent " + std::string(PROV_VERSION) + " of " + member->enrolment.server + " runs, key " +
                               to_text(member->keys.link.public_key));
  parts.loop.run();
  if (parts.fatal) return tl::unexpected(*parts.fatal);
  return {};
}

Result<void> join_only(const RunOptions& options) {
  umask(077);
  io::forbid_core_dumps();
  auto lock = claim_state_dir(options.state_dir);
  if (!lock) return tl::unexpected(lock.error());
  io::SystemRandom random;
  auto member = join(options.state_dir, options.token_file, Anew::required, random);
  if (!member) return tl::unexpected(member.error());
  return {};
}

}  // namespace prov::agent
