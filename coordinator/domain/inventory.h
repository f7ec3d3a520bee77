#pragma once
// What there is, as the log says it: agents and the tokens they join with, servers, task services, clusters, sessions.
#include <cstdint>
#include <string>

#include "common/facts.h"
#include "common/ids.h"
#include "common/time.h"
#include "coordinator/domain/specs.h"

namespace prov::domain {

struct JoinToken {
  Id id;
  Digest secret_hash;
  std::string workspace, server;
  TimeMs expires_ms = 0;
};

struct Agent {
  Key key, seal_key;
  std::string workspace, server;
  bool draining = false;
  bool reachable = false;  // between AgentConnected and AgentLost
  Facts facts;
  TimeMs enrolled_ms = 0;
};

enum class ServerStatus : std::uint8_t { declared, created, ready, failed };  // ready: its agent is enrolled
const char* name_of(ServerStatus status);

struct Server {
  std::string workspace;
  ServerSpec spec;
  ServerStatus status = ServerStatus::declared;
  std::string provider_id, address, runtime, coordinator_address;
  TimeMs created_ms = 0;
};

enum class TaskservStatus : std::uint8_t { declared, installed, failed };
const char* name_of(TaskservStatus status);

struct Taskserv {
  std::string workspace, infra;
  TaskservSpec spec;
  TaskservStatus status = TaskservStatus::declared;
  std::string installed_version;
  TimeMs installed_ms = 0;
  std::string message;  // of the last attempt
};

enum class ClusterStatus : std::uint8_t { declared, ready };
const char* name_of(ClusterStatus status);

struct Cluster {
  std::string workspace;
  ClusterSpec spec;
  ClusterStatus status = ClusterStatus::declared;
  TimeMs ready_ms = 0;
};

struct Session {
  Id id;
  std::string workspace, server;
  Key agent;
  TimeMs opened_ms = 0;
};

}  // namespace prov::domain
