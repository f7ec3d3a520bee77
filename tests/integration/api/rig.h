#pragma once
// A platform as the main puts it together (real log, real sockets, real loop), but for the network to the agents: the
// test plays the agent of each host. The owner's thread is the rig's own; the test's thread is the client's.
#include <gtest/gtest.h>

#include <future>
#include <map>
#include <memory>
#include <thread>

#include "common/io/http_client/http_client.h"
#include "common/io/http_client/ws_client.h"
#include "common/json/json.h"
#include "coordinator/api/server.h"
#include "tests/support/record_log/temp_folder.h"

namespace prov::api {

struct RigOptions {
  HttpConfig http;  // socket path and port are set by the rig
  bool tcp = true;
  std::uint32_t owner = 0;  // who may do what; the rig puts the running user here
  std::string folder;       // of an earlier rig: goes on with its log
};

class Rig {
 public:
  explicit Rig(RigOptions options = {});
  ~Rig();

  // ---- owner's thread
  template <class Work>
  auto on_owner(Work work) -> decltype(work()) {
    std::promise<decltype(work())> done;
    auto result = done.get_future();
    post([&] {
      if constexpr (std::is_void_v<decltype(work())>) {
        work();
        done.set_value();
      } else {
        done.set_value(work());
      }
    });
    return result.get();
  }
  void post(std::function<void()> work);
  command_handler::Core& core();

  // ---- hosts, played by the test
  void add_host(const std::string& name);  // enrolled and connected
  // What the agent of every host prints for each order, and how it ends; nullopt: it does not end.
  struct Play {
    std::string output;
    std::optional<int> exit_code = 0;
    bool in_one_message = false;  // it started, printed nothing and is done after kTookMs, all told at once
  };
  static constexpr std::uint64_t kTookMs = 7;
  void play(Play play);
  void print(const Id& task, const std::string& text);  // of a task that runs
  void end(const Id& task, int exit_code);
  void shell_prints(const std::string& text);  // in the newest session
  void shell_ends(int exit_code);
  std::string shell_typed();

  // ---- clients
  io::Endpoint unix_endpoint() const { return {socket_path, "", 0, ""}; }
  io::Endpoint tcp_endpoint(const std::string& with_token) const { return {"", "127.0.0.1", tcp_port, with_token}; }
  std::string token() const;
  // Over the Unix socket; the `data` of a success. Fails the test otherwise.
  nlohmann::json ask(const std::string& method, const std::string& target, const nlohmann::json& body = nullptr);
  nlohmann::json noop(const std::string& host, int count = 1);

  void stop_server();
  int stops_wanted() const;

  std::string socket_path;
  std::uint16_t tcp_port = 0;

 private:
  void on_order(const Id& task, const std::function<void()>& act);
  struct Parts;
  std::unique_ptr<test::TempFolder> own_folder_;
  std::unique_ptr<Parts> parts_;
  std::thread thread_;
  std::uint8_t next_key_ = 1;
};

// The next JSON message of a WebSocket; null when it is closed or nothing comes for five seconds.
nlohmann::json next_json(io::WsClient& ws);

}  // namespace prov::api
