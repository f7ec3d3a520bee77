#pragma once
// The coordinator's HTTP interface (docs/formats/rest.md), put together: what the main builds, starts and stops.
// Threads: the owner's (state, commands), one for sockets and feeds, two that read the log.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/ports/clock.h"
#include "common/ports/random.h"
#include "common/ports/record_log.h"
#include "common/ports/timers.h"
#include "common/result.h"
#include "coordinator/api/http/http_server.h"
#include "coordinator/api/log_archive.h"
#include "coordinator/api/routes/backend.h"
#include "coordinator/command_handler/core.h"
#include "coordinator/dispatcher/dispatcher.h"
#include "coordinator/event_log/log_writer.h"

namespace prov::api {

struct ServerConfig {
  HttpConfig http;         // socket path, TCP port or none, limits
  std::string token_file;  // of TCP; made when it is missing
  std::string data_dir;    // whose free space /status tells
};

struct ServerHooks {                            // all of them are set
  std::function<projection::LinkFacts()> link;  // owner's thread
  AuditFunctions audit;                         // reader's threads
  // Owner's thread; `done` there too, once.
  std::function<void(std::string folder, std::function<void(Result<BackupDone>)> done)> backup;
  std::function<void()> stop;  // owner's thread; the answer was sent. Not Server::stop() itself: its caller does that
};

class Server {
 public:
  // Takes Core::on_event and Dispatcher::on_output. REQUIRES: before Core::start(). All references outlive it.
  Server(ServerConfig config, ServerHooks hooks, command_handler::Core& core, dispatcher::Dispatcher& dispatcher,
         RecordLog& log, event_log::LogWriter& writer, Executor& owner, Timers& timers, Clock& clock, Random& random);
  ~Server();  // stops; owner's thread

  // Reads or makes the tokens, binds and serves. Code::conflict: another coordinator answers at the socket.
  Result<void> start();
  // Ends what is idle, gives what is under way a moment, says good-bye to feeds and shells. Owner's thread, which
  // answers nobody meanwhile; idempotent.
  void stop();

  std::uint16_t tcp_port() const;  // 0: no TCP

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace prov::api
