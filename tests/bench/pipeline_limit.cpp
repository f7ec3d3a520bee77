// What a batch over many agents costs at least on this machine, with nothing that makes it a platform: tasks go out
// over ROUTER and DEALER with CURVE, agents keep each frame of them in a synced file of their own and answer it, and
// both events of a task are durable in a plain file before anybody hears of them, in groups. No state, no decisions, no
// encoding, no hashes, no index. pipeline_limit TASKS AGENTS prints {"rate": tasks per second, "cpu_us": of both
// processes per task}.
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/io/posix/files.h"
#include "common/result.h"
#include "tests/bench/scratch.h"

namespace {

constexpr std::size_t kEvent = 90, kOrder = 60, kReport = 90;  // bytes, about those of a no-op task
constexpr std::size_t kFrameTasks = 64, kCredit = 128;         // orders in a frame, and on their way at an agent
constexpr std::size_t kAgentThreads = 2;
constexpr int kMostAgents = 3'000;  // each holds four files open
constexpr std::size_t kTurnFrames = 1'024;

using Key = char[41];  // Z85

struct Invitation {
  char endpoint[256];
  Key server;
};

void set(void* socket, int option, const void* value, std::size_t size) {
  PROV_ASSERT(zmq_setsockopt(socket, option, value, size) == 0);
}

void set(void* socket, int option, int value) { set(socket, option, &value, sizeof value); }

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    PROV_ASSERT(written > 0);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

// A route is a letter and the agent's number: it must not begin with a zero.
std::string route_of(std::uint32_t agent) {
  std::string out = "a....";
  std::memcpy(out.data() + 1, &agent, sizeof agent);
  return out;
}

std::uint32_t agent_of(std::string_view route) {
  std::uint32_t out = 0;
  PROV_ASSERT(route.size() == 1 + sizeof out);
  std::memcpy(&out, route.data() + 1, sizeof out);
  return out;
}

class Message {
 public:
  Message() { zmq_msg_init(&message_); }
  ~Message() { zmq_msg_close(&message_); }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  bool receive(void* socket) { return zmq_msg_recv(&message_, socket, ZMQ_DONTWAIT) >= 0; }
  std::string_view view() { return {static_cast<const char*>(zmq_msg_data(&message_)), zmq_msg_size(&message_)}; }

 private:
  zmq_msg_t message_;
};

// ---- agents

struct AgentSocket {
  void* dealer = nullptr;
  prov::io::Fd journal;
};

// All that has come. Asks until there is nothing: libzmq tells by its descriptor of what comes after that alone.
void answer(AgentSocket& agent, Message& message) {
  const auto has_more = [&agent] {
    int events = 0;
    std::size_t size = sizeof events;
    return zmq_getsockopt(agent.dealer, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
  };
  while (has_more()) {
    std::size_t tasks = 0;
    for (; message.receive(agent.dealer); tasks += message.view().size() / kOrder) {
      write_all(agent.journal.get(), message.view());
    }
    if (tasks == 0) continue;
    fdatasync(agent.journal.get());
    const std::string reports(tasks * kReport, 'r');
    zmq_send(agent.dealer, reports.data(), reports.size(), 0);
  }
}

void run_agents(void* context, const Invitation& to, const std::string& folder, std::uint32_t first,
                std::uint32_t last) {
  const prov::io::Fd poll(epoll_create1(0));
  std::vector<AgentSocket> agents(last - first);
  Message message;
  Key public_key, secret_key;
  PROV_ASSERT(zmq_curve_keypair(public_key, secret_key) == 0);
  for (std::uint32_t i = 0; i < agents.size(); ++i) {
    const std::string route = route_of(first + i), journal = folder + "/" + std::to_string(first + i);
    AgentSocket& agent = agents[i];
    agent.journal = prov::io::Fd(open(journal.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600));
    agent.dealer = zmq_socket(context, ZMQ_DEALER);
    set(agent.dealer, ZMQ_ROUTING_ID, route.data(), route.size());
    set(agent.dealer, ZMQ_CURVE_SERVERKEY, to.server, sizeof to.server);
    set(agent.dealer, ZMQ_CURVE_PUBLICKEY, public_key, sizeof public_key);
    set(agent.dealer, ZMQ_CURVE_SECRETKEY, secret_key, sizeof secret_key);
    PROV_ASSERT(zmq_connect(agent.dealer, to.endpoint) == 0);
    zmq_send(agent.dealer, "", 0, 0);
    int fd = -1;
    std::size_t size = sizeof fd;
    zmq_getsockopt(agent.dealer, ZMQ_FD, &fd, &size);
    epoll_event wanted{EPOLLIN | EPOLLET, {.u32 = i}};
    PROV_ASSERT(epoll_ctl(poll.get(), EPOLL_CTL_ADD, fd, &wanted) == 0);
    answer(agent, message);
  }
  for (std::vector<epoll_event> ready(agents.size());;) {
    const int count = epoll_wait(poll.get(), ready.data(), static_cast<int>(ready.size()), -1);
    for (int n = 0; n < count; ++n) {
      answer(agents[ready[static_cast<std::size_t>(n)].data.u32], message);
    }
  }
}

[[noreturn]] void be_agents(int invitations, std::uint32_t count) {
  Invitation to{};
  if (read(invitations, &to, sizeof to) != sizeof to) std::_Exit(1);
  const prov::bench::Scratch folder;
  void* context = zmq_ctx_new();
  zmq_ctx_set(context, ZMQ_MAX_SOCKETS, static_cast<int>(count) + 64);
  std::vector<std::thread> threads;
  for (std::uint32_t n = 0; n < kAgentThreads; ++n) {
    const auto upto = [count](std::uint32_t part) { return static_cast<std::uint32_t>(count * part / kAgentThreads); };
    std::thread(run_agents, context, std::cref(to), folder.path(), upto(n), upto(n + 1)).detach();
  }
  char over = 0;
  (void)!read(invitations, &over, 1);  // until the other process is gone, or has enough
  std::filesystem::remove_all(folder.path());
  std::_Exit(0);
}

// ---- the coordinator

// One thread that appends and syncs a buffer at a time.
class Log {
 public:
  explicit Log(const std::string& path)
      : file_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600)), done_(eventfd(0, EFD_NONBLOCK)) {
    thread_ = std::thread([this] { run(); });
  }
  ~Log() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void commit(std::string& bytes) {  // takes them, and gives back an empty buffer
    {
      const std::lock_guard lock(mutex_);
      std::swap(bytes, bytes_);
      busy_ = true;
    }
    bytes.clear();
    wake_.notify_one();
  }
  int done() const { return done_.get(); }  // readable when it has been synced

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return busy_ || over_; });
      if (over_) return;
      write_all(file_.get(), bytes_);
      fdatasync(file_.get());
      busy_ = false;
      constexpr std::uint64_t kOne = 1;
      (void)!write(done_.get(), &kOne, sizeof kOne);
    }
  }

  prov::io::Fd file_, done_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string bytes_;
  bool busy_ = false, over_ = false;
  std::thread thread_;
};

class Coordinator {
 public:
  Coordinator(void* router, const std::string& folder, std::uint64_t tasks, std::uint32_t agents)
      : router_(router), log_(folder + "/log"), tasks_(tasks), credit_(agents, kCredit) {}

  void wait_for_agents() {
    for (std::size_t here = 0; here < credit_.size();) {
      await(-1);
      here += take_reports();
    }
  }

  void run() {
    for (std::uint32_t agent = 0; agent < credit_.size(); ++agent) give(agent);
    for (commit(); ended_ < tasks_; commit()) {
      await(-1);
      std::uint64_t synced = 0;
      if (read(log_.done(), &synced, sizeof synced) == sizeof synced) hear_durable();
      take_reports();
    }
  }

 private:
  struct Effects {  // of what is in a buffer, when it is durable
    std::vector<std::pair<std::uint32_t, std::size_t>> orders;
    std::uint64_t ended = 0;
  };

  void await(int timeout_ms) {
    zmq_pollitem_t items[] = {{router_, 0, ZMQ_POLLIN, 0}, {nullptr, log_.done(), ZMQ_POLLIN, 0}};
    zmq_poll(items, 2, timeout_ms);
  }

  std::size_t take_reports() {
    std::size_t frames = 0;
    for (; frames < kTurnFrames && route_.receive(router_); ++frames) {
      body_.receive(router_);
      const std::uint32_t agent = agent_of(route_.view());
      const std::size_t ended = body_.view().size() / kReport;
      filling_.append(body_.view());
      effects_.ended += ended;
      credit_[agent] += ended;
      if (ended != 0) give(agent);
    }
    return frames;
  }

  void give(std::uint32_t agent) {
    while (credit_[agent] > 0 && given_ < tasks_) {
      const std::size_t count = std::min({credit_[agent], kFrameTasks, static_cast<std::size_t>(tasks_ - given_)});
      filling_.append(count * kEvent, 'e');
      effects_.orders.emplace_back(agent, count);
      credit_[agent] -= count;
      given_ += count;
    }
  }

  void commit() {
    if (committing_ || filling_.empty()) return;
    log_.commit(filling_);
    under_way_ = std::exchange(effects_, {});
    committing_ = true;
  }

  void hear_durable() {
    committing_ = false;
    ended_ += under_way_.ended;
    static const std::string orders(kFrameTasks * kOrder, 'o');
    for (const auto& [agent, count] : under_way_.orders) {
      const std::string route = route_of(agent);
      zmq_send(router_, route.data(), route.size(), ZMQ_SNDMORE);
      zmq_send(router_, orders.data(), count * kOrder, 0);
    }
  }

  void* router_;
  Log log_;
  const std::uint64_t tasks_;
  std::vector<std::size_t> credit_;  // of each agent
  std::string filling_;
  Effects effects_, under_way_;
  bool committing_ = false;
  std::uint64_t given_ = 0, ended_ = 0;
  Message route_, body_;
};

double cpu_s(pid_t process) {
  clockid_t clock;
  timespec used{};
  PROV_ASSERT(clock_getcpuclockid(process, &clock) == 0 && clock_gettime(clock, &used) == 0);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

void* bind_router(void* context, std::uint32_t agents, Invitation& out) {
  Key secret_key;
  PROV_ASSERT(zmq_curve_keypair(out.server, secret_key) == 0);
  void* router = zmq_socket(context, ZMQ_ROUTER);
  set(router, ZMQ_CURVE_SERVER, 1);
  set(router, ZMQ_CURVE_SECRETKEY, secret_key, sizeof secret_key);
  set(router, ZMQ_SNDHWM, 0);
  set(router, ZMQ_RCVHWM, 0);
  set(router, ZMQ_LINGER, 0);
  set(router, ZMQ_BACKLOG, static_cast<int>(agents));
  PROV_ASSERT(zmq_bind(router, "tcp://127.0.0.1:*") == 0);
  std::size_t size = sizeof out.endpoint;
  PROV_ASSERT(zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, out.endpoint, &size) == 0);
  return router;
}

}  // namespace

int main(int argc, char** argv) {
  const long long tasks_asked = argc == 3 ? std::atoll(argv[1]) : 0;
  const int agents_asked = argc == 3 ? std::atoi(argv[2]) : 0;
  if (tasks_asked < 1 || agents_asked < 1 || agents_asked > kMostAgents) {
    return std::fprintf(stderr, "pipeline_limit TASKS AGENTS: at least one of each, and at most %d agents\n",
                        kMostAgents),
           2;
  }
  const auto tasks = static_cast<std::uint64_t>(tasks_asked);
  const auto agents = static_cast<std::uint32_t>(agents_asked);
  int invitations[2];
  PROV_ASSERT(pipe(invitations) == 0);
  const pid_t child = fork();
  if (child == 0) {
    close(invitations[1]);
    be_agents(invitations[0], agents);
  }
  const prov::bench::Scratch folder;
  void* context = zmq_ctx_new();
  Invitation invitation{};
  void* router = bind_router(context, agents, invitation);
  PROV_ASSERT(write(invitations[1], &invitation, sizeof invitation) == sizeof invitation);
  {
    Coordinator coordinator(router, folder.path(), tasks, agents);
    coordinator.wait_for_agents();
    const double cpu = cpu_s(getpid()) + cpu_s(child);
    const auto begun = std::chrono::steady_clock::now();
    coordinator.run();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    const double used = cpu_s(getpid()) + cpu_s(child) - cpu, count = static_cast<double>(tasks);
    std::printf("{\"rate\": %.0f, \"cpu_us\": %.3f}\n", count / took.count(), used / count * 1e6);
  }
  close(invitations[1]);
  waitpid(child, nullptr, 0);
  zmq_close(router);
  zmq_ctx_term(context);
}
