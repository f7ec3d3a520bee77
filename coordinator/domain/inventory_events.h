#pragma once
// What can happen to what there is: workspaces, agents, servers, task services, clusters, sessions.
#include <cstdint>
#include <string>
#include <vector>

#include "common/facts.h"
#include "common/ids.h"
#include "common/time.h"
#include "coordinator/domain/shared.h"
#include "coordinator/domain/specs.h"

namespace prov::domain {

// ---- workspaces and agents
struct WorkspaceRegistered {
  std::string name;
};
struct JoinTokenCreated {
  Id id;
  Digest secret_hash;
  std::string workspace, server;
  TimeMs expires_ms = 0;
};
struct JoinTokenExpired {
  Id id;
};
struct AgentEnrolled {
  Key key, seal_key;
  std::string workspace, server;
  Id token_id;
};
struct AgentConnected {
  Key key;
  Shared<Facts> facts;
};
struct AgentLost {
  Key key;
  TimeMs last_heard_ms = 0;
  std::string reason;
};
struct AgentDrainChanged {
  Key key;
  bool draining = false;
  std::string reason;
};
struct AgentRemoved {
  Key key;
  std::string reason;
};

// ---- servers and task services
struct ServerDeclared {
  Shared<ServerSpec> spec;
};
struct ServerCreated {
  std::string hostname, provider_id, address, runtime, coordinator_address;
};
struct ServerDeleted {
  std::string hostname;
};
struct TaskservDeclared {
  std::string infra;
  TaskservSpec spec;
};
struct TaskservInstalled {
  std::string server, name, version;
  Digest bundle;
  bool changed = true;
};
struct TaskservRemoved {
  std::string server, name;
};

// ---- clusters
struct ClusterDeclared {
  ClusterSpec spec;
};
struct ClusterReady {
  std::string name;
};
struct ClusterRemoved {
  std::string name;
};

// ---- sessions
struct SessionOpened {
  Id id;
  Key agent;
  std::string server;
  std::vector<std::string> argv;
  bool terminal = false;
};
struct SessionClosed {
  Id id;
  std::int32_t exit_code = 0;
  std::string reason;
};

}  // namespace prov::domain
