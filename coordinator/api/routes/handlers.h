#pragma once
// The handlers of the route table; each family has a file of its own.
#include "coordinator/api/routes/call.h"

namespace prov::api {

// platform_routes.cpp
void get_health(const CallPtr& call);
void get_status(const CallPtr& call);
void post_backup(const CallPtr& call);
void post_stop(const CallPtr& call);
void post_accept(const CallPtr& call);

// inventory_routes.cpp
void get_workspaces(const CallPtr& call);
void post_workspace(const CallPtr& call);
void get_servers(const CallPtr& call);
void get_taskservs(const CallPtr& call);

// agent_routes.cpp
void get_agents(const CallPtr& call);
void get_agent(const CallPtr& call);
void post_agent_token(const CallPtr& call);
void post_agent_drain(const CallPtr& call);
void delete_agent(const CallPtr& call);

// workflow_routes.cpp
void post_create_servers(const CallPtr& call);
void post_delete_servers(const CallPtr& call);
void post_create_taskservs(const CallPtr& call);
void post_delete_taskservs(const CallPtr& call);
void post_check_taskservs(const CallPtr& call);
void post_exec(const CallPtr& call);
void post_noop(const CallPtr& call);
void get_workflows(const CallPtr& call);
void get_workflow(const CallPtr& call);
void post_batch(const CallPtr& call);
void get_batches(const CallPtr& call);

// course_routes.cpp
void post_cancel(const CallPtr& call);
void post_pause(const CallPtr& call);
void post_resume(const CallPtr& call);
void post_retry(const CallPtr& call);
void post_rollback(const CallPtr& call);
void post_approve(const CallPtr& call);

// target_routes.cpp
void post_explain(const CallPtr& call);

// history_routes.cpp
void get_workflow_history(const CallPtr& call);
void get_workflow_stats(const CallPtr& call);

// task_routes.cpp
void get_tasks(const CallPtr& call);
void get_task(const CallPtr& call);
void get_task_output(const CallPtr& call);

// archive_routes.cpp
void put_blob(const CallPtr& call);
void head_blob(const CallPtr& call);
void get_events(const CallPtr& call);
void get_audit_state(const CallPtr& call);
void get_audit_verify(const CallPtr& call);

}  // namespace prov::api
