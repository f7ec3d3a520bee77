// Every route there is. A line here is the only way in.
#include "coordinator/api/routes/handlers.h"
#include "coordinator/api/routes/router.h"

namespace prov::api {
namespace {

constexpr std::size_t kSmallBody = 64 << 10;
constexpr std::string_view kChange = "workspace check plan";
constexpr std::string_view kStart = "workspace check plan wait";  // of what starts a workflow
using enum Method;
using enum Access;

constexpr Route kRoutes[] = {
    {get, "/health", open, "", 0, get_health},
    {get, "/status", read, "", 0, get_status},
    {post, "/platform/backup", write, "", kSmallBody, post_backup},
    {post, "/platform/stop", write, "", kSmallBody, post_stop},
    {post, "/platform/accept", write, "check plan", kSmallBody, post_accept},

    {get, "/workspaces", read, "limit offset", 0, get_workspaces},
    {post, "/workspaces", write, "check plan", kSmallBody, post_workspace},
    {get, "/servers", read, "workspace infra limit offset", 0, get_servers},
    {get, "/taskservs", read, "workspace infra server limit offset", 0, get_taskservs},

    {get, "/agents", read, "workspace limit offset", 0, get_agents},
    {post, "/agents/token", write, "workspace", kSmallBody, post_agent_token},
    {get, "/agents/{agent}", read, "workspace", 0, get_agent},
    {del, "/agents/{agent}", write, kChange, kSmallBody, delete_agent},
    {post, "/agents/{agent}/drain", write, kChange, kSmallBody, post_agent_drain},

    {post, "/workflows/servers/create", write, kStart, kMaxBodyBytes, post_create_servers},
    {post, "/workflows/servers/delete", write, kStart, kMaxBodyBytes, post_delete_servers},
    {post, "/workflows/taskservs/create", write, kStart, kMaxBodyBytes, post_create_taskservs},
    {post, "/workflows/taskservs/delete", write, kStart, kMaxBodyBytes, post_delete_taskservs},
    {post, "/workflows/taskservs/check", write, kStart, kMaxBodyBytes, post_check_taskservs},
    {post, "/workflows/exec", write, kStart, kMaxBodyBytes, post_exec},
    {post, "/workflows/noop", write, kStart, kMaxBodyBytes, post_noop},
    {post, "/workflows/batch/submit", write, kStart, kMaxBatchBytes, post_batch},
    {get, "/workflows", read, "workspace status limit offset", 0, get_workflows},
    {get, "/workflows/history", read, "workspace status before before_ms limit", 0, get_workflow_history},
    {get, "/workflows/stats", read, "workspace before before_ms newest", 0, get_workflow_stats},
    {get, "/workflows/batch", read, "workspace status limit offset", 0, get_batches},
    {get, "/workflows/{id}", read, "workspace limit offset", 0, get_workflow},
    {post, "/workflows/{id}/cancel", write, kChange, kSmallBody, post_cancel},
    {post, "/workflows/{id}/pause", write, kChange, kSmallBody, post_pause},
    {post, "/workflows/{id}/resume", write, kChange, kSmallBody, post_resume},
    {post, "/workflows/{id}/retry", write, kStart, kSmallBody, post_retry},
    {post, "/workflows/{id}/rollback", write, kStart, kSmallBody, post_rollback},
    {post, "/workflows/{id}/approve", write, kChange, kSmallBody, post_approve},
    {get, "/workflows/batch/{id}", read, "workspace limit offset", 0, get_workflow},
    {post, "/workflows/batch/{id}/cancel", write, kChange, kSmallBody, post_cancel},
    {post, "/workflows/batch/{id}/pause", write, kChange, kSmallBody, post_pause},
    {post, "/workflows/batch/{id}/resume", write, kChange, kSmallBody, post_resume},
    {post, "/workflows/batch/{id}/retry", write, kStart, kSmallBody, post_retry},
    {post, "/workflows/batch/{id}/rollback", write, kStart, kSmallBody, post_rollback},
    {post, "/workflows/batch/{id}/approve", write, kChange, kSmallBody, post_approve},
    {post, "/targets/explain", read, "workspace limit offset", kSmallBody, post_explain},

    {get, "/tasks", read, "workspace status workflow limit offset", 0, get_tasks},
    {get, "/tasks/{id}", read, "workspace", 0, get_task},
    {get, "/tasks/{id}/output", read, "workspace attempt offset", 0, get_task_output},

    {put, "/blobs/{digest}", write, "workspace kind name", kMaxBlobBytes, put_blob},
    {head, "/blobs/{digest}", read, "workspace", 0, head_blob},
    {get, "/events", read, "workspace from to type aggregate subject workflow since_ms until_ms limit newest", 0,
     get_events},
    {get, "/audit/state", read, "at to", 0, get_audit_state},
    {get, "/audit/verify", read, "", 0, get_audit_verify},

    {get, "/ws", read, "token events from workspace workflow output", 0, nullptr, Socket::feed},
    {get, "/ws/output", read, "token task offset workspace", 0, nullptr, Socket::output},
    {get, "/ws/shell", write, "token workspace server rows columns term arg", 0, nullptr, Socket::shell},
};

}  // namespace

std::span<const Route> routes() { return kRoutes; }

}  // namespace prov::api
