#pragma once
// One function per command, named noun_verb, by the file of its group.
#include "coordinator/cli/command.h"

namespace prov::cli {

// workspace_init.cpp, workspace.cpp, known_workspaces.cpp, workspace_care.cpp
Result<Exit> workspace_init(Context& context);
Result<Exit> workspace_register(Context& context);
Result<Exit> workspace_remove(Context& context);
Result<Exit> workspace_preferences(Context& context);
Result<Exit> workspace_get_preference(Context& context);
Result<Exit> workspace_set_preference(Context& context);
Result<Exit> workspace_migrate(Context& context);
Result<Exit> workspace_cleanup(Context& context);
Result<Exit> workspace_list(Context& context);
Result<Exit> workspace_activate(Context& context);
Result<Exit> workspace_active(Context& context);
Result<Exit> workspace_info(Context& context);

// infra.cpp
Result<Exit> infra_list(Context& context);
Result<Exit> infra_create(Context& context);
Result<Exit> infra_delete(Context& context);

// validate.cpp, schema.cpp
Result<Exit> validate(Context& context);
Result<Exit> workspace_validate(Context& context);
Result<Exit> infra_validate(Context& context);
Result<Exit> schema_list(Context& context);
Result<Exit> schema_show(Context& context);

// platform.cpp, platform_data.cpp
Result<Exit> platform_start(Context& context);
Result<Exit> platform_stop(Context& context);
Result<Exit> platform_status(Context& context);
Result<Exit> platform_health(Context& context);
Result<Exit> platform_logs(Context& context);
Result<Exit> platform_backup(Context& context);
Result<Exit> platform_restore(Context& context);
Result<Exit> platform_accept(Context& context);

// server.cpp
Result<Exit> server_create(Context& context);
Result<Exit> server_list(Context& context);
Result<Exit> server_delete(Context& context);
Result<Exit> server_ssh(Context& context);

// taskserv.cpp
Result<Exit> taskserv_create(Context& context);
Result<Exit> taskserv_list(Context& context);
Result<Exit> taskserv_delete(Context& context);
Result<Exit> taskserv_check(Context& context);

// agent.cpp
Result<Exit> agent_list(Context& context);
Result<Exit> agent_show(Context& context);
Result<Exit> agent_token(Context& context);
Result<Exit> agent_drain(Context& context);
Result<Exit> agent_remove(Context& context);

// workflow.cpp
Result<Exit> workflow_list(Context& context);
Result<Exit> workflow_status(Context& context);
Result<Exit> workflow_monitor(Context& context);
Result<Exit> workflow_output(Context& context);
Result<Exit> workflow_cancel(Context& context);

// history.cpp
Result<Exit> workflow_history(Context& context);
Result<Exit> workflow_stats(Context& context);

// course.cpp
Result<Exit> workflow_pause(Context& context);
Result<Exit> workflow_resume(Context& context);
Result<Exit> workflow_retry(Context& context);
Result<Exit> workflow_rollback(Context& context);
Result<Exit> workflow_approve(Context& context);

// batch.cpp
Result<Exit> batch_submit(Context& context);
Result<Exit> batch_list(Context& context);
Result<Exit> batch_stats(Context& context);

// plan.cpp, exec.cpp, drift.cpp
Result<Exit> plan_infra_verb(Context& context);
Result<Exit> apply_plan(Context& context);
Result<Exit> exec_everywhere(Context& context);
Result<Exit> targets_explain(Context& context);
Result<Exit> show_drift(Context& context);

// module.cpp
Result<Exit> module_discover(Context& context);
Result<Exit> module_load(Context& context);
Result<Exit> module_unload(Context& context);
Result<Exit> module_list(Context& context);
Result<Exit> module_lock(Context& context);
Result<Exit> module_graph(Context& context);
Result<Exit> taskserv_check_deps(Context& context);

// layer.cpp
Result<Exit> layer_explain(Context& context);
Result<Exit> layer_show(Context& context);
Result<Exit> layer_test(Context& context);
Result<Exit> layer_stats(Context& context);

// extension.cpp: for taskservs, providers and clusters, as the noun says
Result<Exit> extension_generate(Context& context);
Result<Exit> extension_validate(Context& context);

// template.cpp
Result<Exit> template_list(Context& context);
Result<Exit> template_show(Context& context);
Result<Exit> template_validate(Context& context);

// version.cpp
Result<Exit> version_check(Context& context);

// audit.cpp
Result<Exit> audit_log(Context& context);
Result<Exit> audit_verify(Context& context);
Result<Exit> audit_export(Context& context);
Result<Exit> audit_replay(Context& context);

// config.cpp, config_set.cpp
Result<Exit> config_show(Context& context);
Result<Exit> config_get(Context& context);
Result<Exit> config_set(Context& context);
Result<Exit> config_unset(Context& context);
Result<Exit> config_validate(Context& context);
Result<Exit> config_explain(Context& context);

// guide.cpp
Result<Exit> show_guide(Context& context);

// general.cpp
Result<Exit> show_help(Context& context);
Result<Exit> show_completion(Context& context);
Result<Exit> show_version(Context& context);
Result<Exit> show_env(Context& context);

}  // namespace prov::cli
