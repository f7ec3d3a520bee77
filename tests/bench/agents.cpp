// Many production agents in one process: agents DIR FIRST COUNT THREADS AGENT_PROGRAM. Agent n lives in DIR/h<n>, which
// holds its join token, as the state directory of a real host would; each has its own keys, journal and connection,
// made of the same parts as agent/main/run.cpp. They share what one process shares: event loops, libzmq's thread, and
// an allocator (jemalloc: with the C library's these threads wait for each other, which a lone agent's one does not).
// Says "ready" when all are started; ends with SIGTERM.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/core/agent.h"
#include "agent/executor/bundle_cache.h"
#include "agent/executor/process_runner.h"
#include "agent/host/disk_journal.h"
#include "agent/host/host_facts.h"
#include "agent/main/join.h"
#include "agent/main/log_line.h"
#include "common/io/loop/event_loop.h"
#include "common/io/loop/worker.h"
#include "common/io/posix/posix_world.h"
#include "common/io/zmq/zmq_coordinator_link.h"

namespace {

using namespace prov;
using namespace prov::agent;

struct Known {
  std::string state_dir;
  AgentKeys keys;
  Enrolment enrolment;
};

struct OneAgent {
  std::optional<DiskJournal> journal;
  std::unique_ptr<agent::BundleCache> bundles;
  std::unique_ptr<ProcessRunner> runner;
  std::unique_ptr<io::ZmqCoordinatorLink> link;
  std::optional<Agent> agent;
};

struct Hosts {  // those of one thread
  io::EventLoop loop;
  io::SystemClock clock;
  io::SystemRandom random;
  io::Worker clearing{"folders"};
  std::vector<std::unique_ptr<OneAgent>> agents;
};

Result<Known> become_known(const std::string& state_dir, Random& random) {
  auto member = join(state_dir, state_dir + "/join-token", Anew::when_possible, random);
  if (!member) return tl::unexpected(member.error());
  return Known{state_dir, member->keys, member->enrolment};
}

Result<void> add_agent(Hosts& hosts, const Known& known, const std::shared_ptr<io::ZmqContext>& context,
                       const std::shared_ptr<Zygote>& zygote, const std::string& program) {
  static const auto facts =
      HostFacts()();  // of the one host that they share; looked up by each it would be most of a hello
  auto one = std::make_unique<OneAgent>();
  one->journal.emplace(known.state_dir + "/journal");
  auto bundles = agent::BundleCache::open(known.state_dir + "/bundles");
  if (!bundles) return tl::unexpected(bundles.error());
  one->bundles = std::move(*bundles);
  RunnerConfig runner_config{known.state_dir + "/steps", program, known.keys.seal};
  runner_config.zygote = zygote;
  auto runner = ProcessRunner::open(std::move(runner_config), *one->bundles, hosts.loop, hosts.loop, hosts.clearing);
  if (!runner) return tl::unexpected(runner.error());
  one->runner = std::move(*runner);
  io::ZmqCoordinatorLinkConfig link_config{known.keys.link, known.enrolment.server_key, {known.enrolment.endpoint}};
  auto link = io::ZmqCoordinatorLink::create(std::move(link_config), context, hosts.loop, hosts.loop, hosts.random);
  if (!link) return tl::unexpected(link.error());
  one->link = std::move(*link);
  Config config;
  config.key = known.keys.link.public_key;
  config.log_id = known.enrolment.log_id;
  config.boot_id = host_boot_id();
  config.facts = [] { return facts; };
  config.expects_journal = true;
  one->agent.emplace(
      World{hosts.clock, hosts.loop, hosts.random, *one->link, *one->journal, *one->runner, *one->bundles, nullptr},
      std::move(config));
  one->agent->on_fatal([](const Error& error) {
    report_error(error);
    std::_Exit(1);
  });
  if (auto started = one->agent->start(); !started) return started;
  hosts.agents.push_back(std::move(one));
  return {};
}

// Several at once: each waits most of its time for the coordinator's disk.
std::vector<Result<Known>> become_known(const std::string& dir, int first, int count) {
  constexpr int kAtOnce = 32;
  std::vector<Result<Known>> out(static_cast<std::size_t>(count), fail(Code::internal, "not enrolled"));
  std::atomic<int> next = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < std::min(kAtOnce, count); ++i) {
    threads.emplace_back([&] {
      io::SystemRandom random;
      for (int n = next++; n < count; n = next++) {
        out[static_cast<std::size_t>(n)] = become_known(dir + "/h" + std::to_string(first + n), random);
      }
    });
  }
  threads.clear();  // waits for them
  return out;
}

Result<void> run(const std::string& dir, int first, int count, int threads, const std::string& program) {
  auto context = io::ZmqContext::create({1, count + 64});
  if (!context) return tl::unexpected(context.error());
  const auto zygote = std::make_shared<Zygote>(program, 8 * static_cast<std::size_t>(count));  // as many as hosts have
  std::vector<std::unique_ptr<Hosts>> groups;
  for (int n = 0; n < threads; ++n) groups.push_back(std::make_unique<Hosts>());
  int turn = 0;
  for (const auto& known : become_known(dir, first, count)) {
    if (!known) return tl::unexpected(known.error());
    Hosts& group = *groups[static_cast<std::size_t>(turn++ % threads)];
    if (auto added = add_agent(group, *known, *context, zygote, program); !added) return added;
  }
  std::vector<std::thread> running;
  for (auto& group : groups) running.emplace_back([&loop = group->loop] { loop.run(); });
  std::puts("ready");
  std::fflush(stdout);
  for (auto& thread : running) thread.join();
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return std::fputs("agents DIR FIRST COUNT THREADS AGENT_PROGRAM\n", stderr), 2;
  umask(077);
  std::signal(SIGPIPE, SIG_IGN);
  auto ran = run(argv[1], std::atoi(argv[2]), std::atoi(argv[3]), std::atoi(argv[4]), argv[5]);
  return ran ? 0 : report_error(ran.error());
}
