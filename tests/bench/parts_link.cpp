// The link between coordinator and one agent on loopback: frames go down, come back as they are, and so many are on
// their way at once. Beside it the bare sockets, also with CURVE, that do nothing else.
#include <benchmark/benchmark.h>
#include <zmq.h>

#include <atomic>
#include <memory>
#include <thread>

#include "common/io/loop/event_loop.h"
#include "common/io/posix/posix_world.h"
#include "common/io/zmq/zmq_agent_link.h"
#include "common/io/zmq/zmq_coordinator_link.h"

namespace prov::bench {
namespace {

constexpr int kOnTheirWay = 64;
constexpr int kPerIteration = 1'000;

// The agent's side, on a thread of its own: sends back what comes, after one word to be known.
class Echo {
 public:
  Echo(const io::KeyPair& keys, const Key& server, std::uint16_t port) {
    const std::string endpoint = "tcp://127.0.0.1:" + std::to_string(port);
    link_ = std::move(*io::ZmqCoordinatorLink::create({keys, server, {endpoint}, 0}, *io::ZmqContext::create(), loop_,
                                                      loop_, random_));
    link_->start({[this](std::string frame) { link_->send(std::move(frame)); }});
    introduce();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Echo() {
    loop_.stop();
    thread_.join();
  }

 private:
  void introduce() {  // a frame before there is a connection is dropped
    loop_.after(50, [this] {
      link_->send("");
      introduce();
    });
  }

  io::EventLoop loop_;
  io::SystemRandom random_;
  std::unique_ptr<io::ZmqCoordinatorLink> link_;
  std::thread thread_;
};

void link_round_trip(benchmark::State& run) {
  const std::string frame(static_cast<std::size_t>(run.range(0)), 'x');
  const auto server = io::generate_key_pair(), client = io::generate_key_pair();
  io::EventLoop loop;
  io::ZmqAgentLinkConfig config;
  config.keys = server;
  config.addresses = {"127.0.0.1"};
  auto link = std::move(*io::ZmqAgentLink::create(std::move(config), loop));
  link->allow(client.public_key);
  bool known = false;
  int back = 0;
  link->start({[&](const Key& agent, std::string bytes) {
                 known = true;
                 if (bytes.empty()) return;
                 ++back;
                 link->send(agent, std::move(bytes));
               },
               [](const Key&, const std::string&, const std::function<void(std::string)>&) {},
               [](const std::string&, const std::string&, const std::string&) {}});
  const Echo echo(client, server.public_key, link->link_port());
  while (!known) loop.turn(-1);
  for (int n = 0; n < kOnTheirWay; ++n) link->send(client.public_key, frame);
  for (auto _ : run) {
    for (back = 0; back < kPerIteration;) loop.turn(-1);
  }
  run.SetItemsProcessed(run.iterations() * kPerIteration);
}
BENCHMARK(link_round_trip)->Arg(200)->Arg(8192)->UseRealTime()->MeasureProcessCPUTime();

void set(void* socket, int option, std::string_view value) {
  PROV_ASSERT(zmq_setsockopt(socket, option, value.data(), value.size()) == 0);
}

void use_secret(void* socket, const io::KeyPair& keys) {
  set(socket, ZMQ_CURVE_SECRETKEY, {reinterpret_cast<const char*>(keys.secret_key.data()), keys.secret_key.size()});
}

void echo_raw(void* dealer, const std::atomic<bool>& over) {
  zmq_send(dealer, "", 0, 0);
  zmq_msg_t message;
  zmq_msg_init(&message);
  while (!over) {
    if (zmq_msg_recv(&message, dealer, 0) > 0) zmq_msg_send(&message, dealer, 0);
  }
  zmq_msg_close(&message);
}

void link_round_trip_limit(benchmark::State& run) {
  const auto server = io::generate_key_pair(), client = io::generate_key_pair();
  void* here = zmq_ctx_new();
  void* there = zmq_ctx_new();
  void* router = zmq_socket(here, ZMQ_ROUTER);
  const int yes = 1, patience_ms = 100, linger_ms = 0;
  zmq_setsockopt(router, ZMQ_CURVE_SERVER, &yes, sizeof yes);
  zmq_setsockopt(router, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
  use_secret(router, server);
  PROV_ASSERT(zmq_bind(router, "tcp://127.0.0.1:*") == 0);
  char endpoint[256];
  std::size_t size = sizeof endpoint;
  PROV_ASSERT(zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0);
  void* dealer = zmq_socket(there, ZMQ_DEALER);
  zmq_setsockopt(dealer, ZMQ_RCVTIMEO, &patience_ms, sizeof patience_ms);
  zmq_setsockopt(dealer, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
  set(dealer, ZMQ_CURVE_SERVERKEY, server.public_key.view());
  set(dealer, ZMQ_CURVE_PUBLICKEY, client.public_key.view());
  use_secret(dealer, client);
  PROV_ASSERT(zmq_connect(dealer, endpoint) == 0);
  std::atomic<bool> over = false;
  std::thread echo([&] { echo_raw(dealer, over); });

  char route[16], bytes[16 << 10] = {};
  const int route_size = zmq_recv(router, route, sizeof route, 0);
  zmq_recv(router, bytes, sizeof bytes, 0);
  const auto send = [&] {
    zmq_send(router, route, static_cast<std::size_t>(route_size), ZMQ_SNDMORE);
    zmq_send(router, bytes, static_cast<std::size_t>(run.range(0)), 0);
  };
  for (int n = 0; n < kOnTheirWay; ++n) send();
  for (auto _ : run) {
    for (int n = 0; n < kPerIteration; ++n) {
      zmq_recv(router, route, sizeof route, 0);
      zmq_recv(router, bytes, sizeof bytes, 0);
      send();
    }
  }
  run.SetItemsProcessed(run.iterations() * kPerIteration);
  over = true;
  echo.join();
  zmq_close(dealer);
  zmq_close(router);
  zmq_ctx_term(there);
  zmq_ctx_term(here);
}
BENCHMARK(link_round_trip_limit)->Arg(200)->Arg(8192)->UseRealTime()->MeasureProcessCPUTime();

}  // namespace
}  // namespace prov::bench
