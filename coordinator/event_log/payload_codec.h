#pragma once
// Inside of the event codec: one put and one get per payload struct of schema/event.capnp. `get` fills a fresh value.
#include "coordinator/domain/events.h"
#include "coordinator/event_log/codec_detail.h"
#include "schema/event.capnp.h"

namespace prov::event_log::detail {

template <class DomainStruct>
struct SchemaOf;

#define PROV_PAYLOAD(Name)                                    \
  template <>                                                 \
  struct SchemaOf<domain::Name> {                             \
    using type = schema::Name;                                \
  };                                                          \
  void put(schema::Name::Builder out, const domain::Name& e); \
  void get(schema::Name::Reader in, domain::Name& e);

PROV_PAYLOAD(LogCreated)
PROV_PAYLOAD(CoordinatorStarted)
PROV_PAYLOAD(CheckpointSigned)
PROV_PAYLOAD(SecurityAlarm)
PROV_PAYLOAD(DamageAccepted)
PROV_PAYLOAD(WorkspaceRegistered)
PROV_PAYLOAD(JoinTokenCreated)
PROV_PAYLOAD(JoinTokenExpired)
PROV_PAYLOAD(AgentEnrolled)
PROV_PAYLOAD(AgentConnected)
PROV_PAYLOAD(AgentLost)
PROV_PAYLOAD(AgentDrainChanged)
PROV_PAYLOAD(AgentRemoved)
PROV_PAYLOAD(ServerDeclared)
PROV_PAYLOAD(ServerCreated)
PROV_PAYLOAD(ServerDeleted)
PROV_PAYLOAD(TaskservDeclared)
PROV_PAYLOAD(TaskservInstalled)
PROV_PAYLOAD(TaskservRemoved)
PROV_PAYLOAD(WorkflowSubmitted)
PROV_PAYLOAD(WorkflowCancelRequested)
PROV_PAYLOAD(WorkflowEnded)
PROV_PAYLOAD(TaskDispatched)
PROV_PAYLOAD(TaskStarted)
PROV_PAYLOAD(TaskEnded)
PROV_PAYLOAD(TaskInDoubt)
PROV_PAYLOAD(SessionOpened)
PROV_PAYLOAD(SessionClosed)
PROV_PAYLOAD(SecretCreated)
PROV_PAYLOAD(BlobStored)
PROV_PAYLOAD(OperationOpened)
PROV_PAYLOAD(OperationSkipped)
PROV_PAYLOAD(WorkflowPaused)
PROV_PAYLOAD(WorkflowResumed)
PROV_PAYLOAD(WorkflowRetried)
PROV_PAYLOAD(ApprovalGiven)
PROV_PAYLOAD(ClusterDeclared)
PROV_PAYLOAD(ClusterReady)
PROV_PAYLOAD(ClusterRemoved)
#undef PROV_PAYLOAD

}  // namespace prov::event_log::detail
