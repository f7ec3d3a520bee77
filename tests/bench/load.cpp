// A user who loads the coordinator over REST:
//   load SOCKET WORKSPACE HOSTS batch COUNT            one workflow of COUNT no-op tasks over hosts h0, h1, ...
//   load SOCKET WORKSPACE HOSTS window COUNT IN_FLIGHT COUNT workflows of one no-op task, each by its own request
// Prints one line of JSON. A batch counts from its durable acceptance (the answer) to its durable end (the feed, as
// `--wait` learns of it). In a window each request is answered when its workflow has ended (?wait): latency counts from
// the request to that answer, and the rate from the first request to the last answer.
#include <poll.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "common/io/http_client/http_client.h"
#include "common/io/http_client/ws_client.h"
#include "common/json/json.h"

namespace {

using namespace prov;
using Clock = std::chrono::steady_clock;

constexpr int kPatienceMs = 300'000;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "load: %s\n", why.c_str());
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result) give_up(result.error().message);
  return std::move(*result);
}

double ms_since(Clock::time_point from) {
  return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
}

// The text of the first JSON string behind `name` and a colon.
std::string field(std::string_view json, std::string_view name) {
  const std::size_t at = json.find("\"" + std::string(name) + "\":\"");
  if (at == std::string_view::npos) return {};
  const std::size_t from = at + name.size() + 4;
  return std::string(json.substr(from, json.find('"', from) - from));
}

struct Target {
  io::Endpoint endpoint;
  std::string workspace;
  int hosts;

  std::string noop_path() const { return "/workflows/noop?workspace=" + workspace; }
  std::string feed_path() const { return "/ws?events=workflow&workspace=" + workspace; }
};

std::string noop_body(int first_host, int hosts, long count) {
  std::string servers;
  for (int n = first_host; n < first_host + hosts; ++n)
    servers += (servers.empty() ? "\"h" : ",\"h") + std::to_string(n) + "\"";
  return "{\"servers\":[" + servers + "],\"count\":" + std::to_string(count) + "}";
}

// The id of the next workflow whose end the feed tells of; "" when there is none within `wait_ms`.
std::string next_ended(io::WsClient& feed, int wait_ms) {
  for (;;) {
    auto message = must(feed.receive(wait_ms));
    if (!message) return {};
    if (message->kind == io::WsMessage::Kind::closed) give_up("the feed closed: " + message->data);
    if (message->data.find("\"WorkflowEnded\"") == std::string::npos) continue;
    const std::size_t body = message->data.find("\"body\":");
    if (body == std::string::npos || field(message->data, "outcome") != "done") give_up("not done: " + message->data);
    return field(std::string_view(message->data).substr(body), "id");
  }
}

void batch(const Target& target, long count) {
  io::HttpClient client(target.endpoint);
  const auto asked = Clock::now();
  const auto answer = must(client.request("POST", target.noop_path(), {{"Content-Type", "application/json"}},
                                          noop_body(0, target.hosts, count)));
  const auto accepted = Clock::now();
  const std::string id = field(answer.body, "workflow");
  if (answer.status != 200 || id.empty()) give_up("refused: " + answer.body);
  // Only now, so that nobody has to write the JSON of a workflow with all of its tasks.
  auto feed = must(io::WsClient::connect(target.endpoint, target.feed_path() + "&workflow=" + id));
  const auto now = must(client.request("GET", "/workflows/" + id + "?limit=1"));
  const std::string status = nlohmann::json::parse(now.body).at("data").at("status");  // its operations have one too
  if (status != "running" && status != "ended") give_up("what is this: " + now.body);
  if (status == "running" && next_ended(feed, kPatienceMs) != id) give_up("no end within the time");
  const double ms = ms_since(accepted);
  const double submit_ms = std::chrono::duration<double, std::milli>(accepted - asked).count();
  std::printf("{\"tasks\":%ld,\"submit_ms\":%.3f,\"ms\":%.3f,\"rate\":%.1f}\n", count, submit_ms, ms,
              static_cast<double>(count) / ms * 1000);
}

class Window {
 public:
  Window(const Target& target, long count, long in_flight) : target_(target), count_(count), in_flight_(in_flight) {
    for (long n = 0; n < in_flight; ++n)
      connections_.push_back({must(io::SocketStream::connect(target.endpoint, 3000)), {}});
    head_ = must(io::request_head(target.endpoint, "POST",
                                  target.noop_path() + "&wait=" + std::to_string(kPatienceMs / 1000),
                                  {{"Content-Type", "application/json"}}));
    head_.resize(head_.size() - 2);  // without the empty line: Content-Length comes yet
  }

  void run() {
    const auto begun = Clock::now();
    for (Connection& connection : connections_) ask(connection);
    while (static_cast<long>(latencies_.size()) < count_) {
      wait();
      for (std::size_t i = 0; i < connections_.size(); ++i) {
        if ((polled_[i].revents & (POLLIN | POLLHUP)) == 0) continue;
        take_end(connections_[i]);
        ask(connections_[i]);
      }
    }
    const double ms = ms_since(begun);
    std::sort(latencies_.begin(), latencies_.end());
    const auto at = [&](double part) {
      return latencies_[static_cast<std::size_t>(part * static_cast<double>(latencies_.size() - 1))];
    };
    std::printf(
        "{\"tasks\":%ld,\"in_flight\":%ld,\"ms\":%.3f,\"rate\":%.1f,\"min_ms\":%.3f,\"p50_ms\":%.3f,"
        "\"p99_ms\":%.3f,\"p999_ms\":%.3f,\"max_ms\":%.3f}\n",
        count_, in_flight_, ms, static_cast<double>(count_) / ms * 1000, at(0), at(0.5), at(0.99), at(0.999), at(1));
  }

 private:
  struct Connection {
    io::SocketStream stream;
    Clock::time_point asked;
  };

  void ask(Connection& connection) {
    if (asked_ == count_) return;
    const std::string body = noop_body(static_cast<int>(asked_ % target_.hosts), 1, 1);
    connection.asked = Clock::now();
    const std::string request = head_ + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    if (auto written = connection.stream.write(request, 3000); !written) give_up(written.error().message);
    ++asked_;
  }

  void wait() {
    polled_.clear();
    for (const Connection& connection : connections_) polled_.push_back({connection.stream.fd(), POLLIN, 0});
    if (poll(polled_.data(), polled_.size(), kPatienceMs) <= 0) give_up("nothing happens any more");
  }

  void take_end(Connection& connection) {
    const auto head = must(io::read_head(connection.stream, {}));
    std::size_t size = 0;
    const std::string_view length = head.header("content-length");
    std::from_chars(length.data(), length.data() + length.size(), size);
    while (connection.stream.buffered().size() < size) must(connection.stream.fill(kPatienceMs));
    const std::string body(connection.stream.buffered().substr(0, size));
    connection.stream.consume(size);
    if (head.status != 200 || field(body, "outcome") != "done") give_up("not done: " + body);
    latencies_.push_back(ms_since(connection.asked));
  }

  const Target& target_;
  const long count_, in_flight_;
  std::string head_;
  std::vector<Connection> connections_;
  std::vector<pollfd> polled_;
  std::vector<double> latencies_;
  long asked_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 4 ? argv[4] : "";
  if (!(mode == "batch" && argc == 6) && !(mode == "window" && argc == 7)) {
    return std::fputs("load SOCKET WORKSPACE HOSTS batch COUNT | window COUNT IN_FLIGHT\n", stderr), 2;
  }
  Target target;
  target.endpoint.unix_path = argv[1];
  target.workspace = argv[2];
  target.hosts = std::atoi(argv[3]);
  if (mode == "batch") {
    batch(target, std::atol(argv[5]));
  } else {
    Window(target, std::atol(argv[5]), std::atol(argv[6])).run();
  }
}
