// The one table of the command line.
#include <algorithm>

#include "coordinator/cli/verbs/verbs.h"

namespace prov::cli {
namespace {

constexpr Group kGroups[] = {
    {"infra", "Infrastructure"},          {"orch", "Orchestration"}, {"dev", "Development"}, {"ws", "Workspace"},
    {"config", "Configuration and help"},
};

constexpr Noun kNouns[] = {
    {"server", "s", "infra", "hosts: create, list, delete them, and run commands on them"},
    {"taskserv", "t task", "infra", "task services (databases, web servers, ...) on the hosts"},
    {"cluster", "cl", "infra", "task services on several hosts that are one thing to their users"},
    {"provider", "pr", "infra", "where hosts come from"},
    {"infra", "i infras", "infra", "the infras that a workspace describes"},
    {"plan", "", "infra", "what an infra's settings ask for against what is there"},
    {"apply", "", "infra", "do exactly what a saved plan says"},
    {"drift", "", "infra", "whether task services are still as the log says"},
    {"exec", "x", "infra", "a command on many hosts at once"},
    {"targets", "tg", "infra", "which hosts an expression means"},
    {"agent", "ag", "infra", "the agents that carry the steps out on the hosts"},
    {"workflow", "wf flow", "orch", "what was submitted: follow it, read its output, cancel it"},
    {"batch", "b", "orch", "files of operations over many hosts: submit, follow, undo them"},
    {"audit", "au", "orch", "the event log: read, verify, export, replay it"},
    {"platform", "p", "orch", "the coordinator and its data"},
    {"orchestrator", "orch", "orch", "the same as platform, for those who know it by that name"},
    {"module", "mod", "dev", "extensions: find, load, lock them"},
    {"layer", "lyr", "dev", "where an extension's files and keys come from"},
    {"template", "tpl tmpl", "dev", "templates of extensions, and what they make"},
    {"version", "", "dev", "the version of this program, and of the modules in use"},
    {"workspace", "ws", "ws", "folders that describe infrastructure"},
    {"config", "cfg", "config", "settings, and which layer each one comes from"},
    {"validate", "val", "config", "whether every setting and file is right"},
    {"schema", "sch", "config", "JSON Schemas of what one writes"},
    {"env", "e", "config", "paths and settings in use"},
    {"completion", "", "config", "completion for your shell"},
    {"guide", "guides howto", "config", "short guides in the terminal: from-scratch, update, customize"},
    {"help", "h", "config", "help on a group, a command, or a topic (exit-codes)"},
};

constexpr Flag kFlags[] = {
    {"help", 'h', "", "", "show help on this command", true},
    {"workspace", 0, "NAME|FOLDER", "", "use this workspace instead of the active one", true},
    {"out", 'o', "FORMAT", "table json yaml", "form of the result", true},
    {"quiet", 'q', "", "", "say nothing but the result and errors", true},
    {"no-color", 0, "", "", "no colour and no movement", true},
    {"set", 0, "KEY=VALUE", "", "a setting for this run alone (again for more)", true},
    {"endpoint", 0, "SOCKET|URL", "", "where the coordinator is: a Unix socket, or http://ADDRESS:PORT", true},
    {"check", 0, "", "", "show what would be done and why, and do nothing", false},
    {"wait", 0, "", "", "follow the workflow until it ends; the exit code tells how", false},
    {"infra", 0, "NAME", "", "the infra that is meant (of workspace init: the name of its first)", false},
    {"yes", 'y', "", "", "do not ask", false},
    {"timeout", 0, "SECONDS", "", "wait so long at most (of server ssh and exec: how long the command may take)",
     false},
    {"server", 0, "HOST", "", "only this host (again for more)", false},
    {"follow", 'f', "", "", "go on as more appears", false},
    {"lines", 0, "NUMBER", "", "how many of the last lines", false},
    {"limit", 0, "NUMBER|PERCENT", "", "at most so many (of hosts also a percentage: 10%)", false},
    {"status", 0, "WORD", "running ended", "only those", false},
    {"before", 0, "TIME|SEQUENCE", "", "only what was submitted before then", false},
    {"all", 0, "", "", "everything: of every infra, or every workspace (of validate: of the workspace)", false},
    {"files", 0, "", "", "also the folder with everything in it", false},
    {"force", 0, "", "", "also when it is the active one", false},
    {"attempt", 0, "NUMBER", "", "of that attempt instead of the last one", false},
    {"valid", 0, "SECONDS", "", "how long the token can be used (default 3600)", false},
    {"address", 0, "ADDRESS", "", "the coordinator's address as the host sees it", false},
    {"undo", 0, "", "", "give it work again", false},
    {"reason", 0, "TEXT", "", "why; it is written into the log", false},
    {"config", 0, "FILE", "", "settings of the coordinator, in place of config/orchestrator.toml of the home", false},
    {"environment", 0, "NAME", "", "the environment that is meant: dev, test, prod, ...", false},
    {"origin", 0, "", "", "also where each value comes from", false},
    {"user", 0, "", "", "in your own file, for every workspace", false},
    {"data", 0, "FOLDER", "", "a data folder (a copy, a backup) instead of the running platform", false},
    {"archive", 0, "FOLDER", "", "where segments of that log are, beside FOLDER/archive (again for more)", false},
    {"public-key", 0, "FILE", "", "whose signed checkpoints to accept (again for more)", false},
    {"since", 0, "TIME", "", "only events from then on (2026-01-31T23:59:59Z)", false},
    {"until", 0, "TIME", "", "only events up to then", false},
    {"from", 0, "SEQUENCE", "", "from this event on", false},
    {"to", 0, "SEQUENCE|NAME", "", "up to this event (of rollback: back to this checkpoint)", false},
    {"at", 0, "SEQUENCE|TIME", "", "the state there (2026-01-31T23:59:59Z for a time)", false},
    {"type", 0, "TYPE", "", "only events of this type, e.g. TaskEnded", false},
    {"subject", 0, "WHO", "", "only events of this principal", false},
    {"aggregate", 0, "WHAT", "", "only events of this host, workflow, agent, ...", false},
    {"workflow", 0, "ID", "", "only events of this workflow", false},
    {"path", 0, "FOLDER", "", "the folder to make it in (default: its name, here)", false},
    {"provider", 0, "NAME", "", "the provider of its first infra (default: providers.default_provider)", false},
    {"activate", 0, "", "", "make it the active workspace", false},
    {"rehearse", 0, "", "", "with --check: do it in a copy of the host that is thrown away, and say what differs",
     false},
    {"again", 0, "", "", "also what is installed as described: what was changed by hand comes back", false},
    {"param", 0, "NAME=VALUE", "", "a parameter of the batch, or of the template's extension (again for more)", false},
    {"into", 0, "FOLDER", "", "a folder of extensions to make it in (default: extensions/ of the workspace)", false},
    {"level", 0, "LEVEL", "static dependencies all", "what to look at", false},
    {"failed", 0, "", "", "what did not succeed, and what was skipped for it", false},
    {"step", 0, "OPERATION", "", "only of this operation (again for more)", false},
    {"in-doubt", 0, "", "", "also what may have been done already", false},
    {"reject", 0, "", "", "say no: what waits for it fails", false},
    {"comment", 0, "TEXT", "", "why; it is written into the log", false},
    {"target", 0, "EXPRESSION", "", "on these hosts, e.g. \"role:web and not web-9\"", false},
    {"batch", 0, "NUMBER|PERCENT", "", "on so many hosts at a time", false},
    {"batch-sleep", 0, "SECONDS", "", "wait so long before the next ones", false},
    {"format", 0, "FORMAT", "text dot json", "form of the graph", false},
    {"limit-seed", 0, "NUMBER", "", "which hosts --limit takes: the same number, the same hosts", false},
    {"canary", 0, "NUMBER", "", "on so many hosts first; the others only if all is well there", false},
    {"max-failures", 0, "NUMBER|PERCENT", "", "stop when more hosts than that have failed", false},
};

// "yes" goes with every command that changes something, so that scripts need not know which of them ask.
constexpr std::string_view kSubmit = "infra check wait timeout yes";
constexpr std::string_view kSubmitDelete = "infra check wait timeout yes";
constexpr std::string_view kTaskserv = "infra server again check rehearse wait timeout yes";
constexpr std::string_view kTaskservDelete = "infra server check wait timeout yes";
constexpr std::string_view kRetry = "failed step in-doubt check wait timeout yes";
constexpr std::string_view kRollback = "to check wait timeout yes";
constexpr Completes kService = Completes::service;
constexpr OutAlso kLines{"jsonl", "what happens as it happens, one JSON object a line"};
constexpr OutAlso kPlanFile{"FILE", "write the plan there, for: provisioning apply FILE"};

constexpr Command kCommands[] = {
    {"server", "create", "", "[HOST...]", 0, kAnyNumber, Completes::server, false, kSubmit,
     "make the hosts of an infra and let their agents join", "server create --infra quickstart --wait", server_create},
    {"server", "list", "ls", "", 0, 0, Completes::nothing, false, "infra all", "list hosts, their addresses and agents",
     "server list", server_list},
    {"server", "delete", "rm", "[HOST...]", 0, kAnyNumber, Completes::server, false, "infra check wait timeout yes all",
     "remove hosts with everything on them", "server delete web-1 --wait", server_delete},
    {"server", "ssh", "", "HOST [-- COMMAND...]", 1, 1, Completes::server, true, "timeout",
     "a shell on a host, or one command, through its agent", "server ssh db-1 -- uptime", server_ssh},

    {"taskserv", "create", "install", "[NAME...]", 0, kAnyNumber, Completes::taskserv, false, kTaskserv,
     "install task services in the order they need", "taskserv create postgres --wait", taskserv_create},
    {"taskserv", "list", "ls", "", 0, 0, Completes::nothing, false, "infra server",
     "list task services and where they are", "taskserv list --server db-1", taskserv_list},
    {"taskserv", "delete", "rm uninstall", "NAME...", 1, kAnyNumber, Completes::taskserv, false, kTaskservDelete,
     "uninstall task services", "taskserv delete redis --server db-1 --wait", taskserv_delete},
    {"taskserv", "check-deps", "", "NAME", 1, 1, Completes::taskserv, false, "infra",
     "whether what it requires, and what it conflicts with, is as it needs", "taskserv check-deps redis --infra main",
     taskserv_check_deps},
    {"taskserv", "check", "", "[NAME...]", 0, kAnyNumber, Completes::taskserv, false, "infra server wait timeout",
     "run the task services' own checks on the hosts", "taskserv check --wait", taskserv_check},
    {"taskserv", "generate", "gen new", "NAME", 1, 1, Completes::nothing, false, "into",
     "write a new task service that works, to go on from", "taskserv generate greeter", extension_generate},
    {"taskserv", "validate", "val", "[NAME...]", 0, kAnyNumber, Completes::taskserv_module, false, "level infra",
     "everything that is wrong with a task service, without a host", "taskserv validate redis --level static",
     extension_validate},

    {"cluster", "generate", "gen new", "NAME", 1, 1, Completes::nothing, false, "into",
     "write a new cluster, to go on from", "cluster generate web", extension_generate},
    {"cluster", "validate", "val", "[NAME...]", 0, kAnyNumber, Completes::cluster_module, false, "level infra",
     "everything that is wrong with a cluster, without a host", "cluster validate", extension_validate},

    {"provider", "generate", "gen new", "NAME", 1, 1, Completes::nothing, false, "into",
     "write a new provider that works, to go on from", "provider generate bare-metal", extension_generate},
    {"provider", "validate", "val", "[NAME...]", 0, kAnyNumber, Completes::provider_module, false, "level infra",
     "everything that is wrong with a provider, without a host", "provider validate local", extension_validate},

    {"infra", "list", "ls", "", 0, 0, Completes::nothing, false, "", "list the infras of the workspace", "infra list",
     infra_list},
    {"infra", "validate", "check", "[NAME]", 0, 1, Completes::infra, false, "",
     "check the files of an infra without asking the coordinator", "infra validate quickstart", infra_validate},
    {"infra", "create", "", "[NAME]", 0, 1, Completes::infra, false, kSubmit,
     "make all hosts of an infra and everything on them, as one run", "infra create --check", infra_create},
    {"infra", "delete", "rm", "[NAME]", 0, 1, Completes::infra, false, kSubmitDelete,
     "remove everything of an infra, in the reverse order; its files stay", "infra delete quickstart --check",
     infra_delete},

    {"plan", "", "", "", 0, 0, Completes::nothing, false, "infra",
     "what would be made, changed and removed to bring an infra to its settings", "plan --infra main --out main.plan",
     plan_infra_verb, kPlanFile},
    {"apply", "", "", "FILE", 1, 1, Completes::folder, false, "wait timeout yes",
     "do exactly what a saved plan says, or stop and say what has moved", "apply main.plan --wait", apply_plan},
    {"drift", "", "", "", 0, 0, Completes::nothing, false, "infra timeout",
     "run the checks of what is installed, and say what differs from the log", "drift --infra main", show_drift},
    {"exec", "", "", "-- COMMAND...", 0, 0, Completes::nothing, true,
     "target limit limit-seed batch batch-sleep canary max-failures check timeout yes",
     "run a command on many hosts, and show what it printed on each", "exec --target role:web --batch 10 -- uptime",
     exec_everywhere},
    {"targets", "explain", "", "EXPRESSION", 1, 1, Completes::nothing, false, "limit limit-seed",
     "which hosts an expression means, and why", "targets explain \"role:web and not web-9\"", targets_explain},

    {"agent", "list", "ls", "", 0, 0, Completes::nothing, false, "all", "list agents and whether they can be reached",
     "agent list", agent_list},
    {"agent", "show", "", "HOST|KEY", 1, 1, Completes::agent, false, "", "everything about one agent",
     "agent show db-1", agent_show},
    {"agent", "token", "", "HOST", 1, 1, Completes::server, false, "valid address",
     "make a one-time join token for a host", "agent token db-2 --valid 600", agent_token},
    {"agent", "drain", "", "HOST|KEY", 1, 1, Completes::agent, false, "undo", "give an agent no new work",
     "agent drain db-1", agent_drain},
    {"agent", "remove", "rm", "HOST|KEY", 1, 1, Completes::agent, false, "yes reason",
     "forget an agent: its key is refused from then on", "agent remove db-1 --reason \"host is gone\"", agent_remove},

    {"workflow", "list", "ls", "", 0, 0, Completes::nothing, false, "status limit all", "list workflows, newest first",
     "workflow list --status running", workflow_list},
    {"workflow", "history", "", "", 0, 0, Completes::nothing, false, "before limit all",
     "list workflows of all time, newest first, from the log", "workflow history --before 2026-01-31T00:00:00Z",
     workflow_history},
    {"workflow", "stats", "", "", 0, 0, Completes::nothing, false, "before limit all",
     "how the newest workflows (default: 1000) ended and how long they took", "workflow stats --limit 100",
     workflow_stats},
    {"workflow", "status", "", "[ID]", 0, 1, Completes::workflow, false, "",
     "the steps of a workflow (default: the newest)", "workflow status", workflow_status},
    {"workflow", "monitor", "watch", "[ID]", 0, 1, Completes::workflow, false, "timeout",
     "follow a workflow live until it ends (default: the newest)", "workflow monitor", workflow_monitor, kLines},
    {"workflow", "output", "", "TASK", 1, 1, Completes::task, false, "follow attempt", "what a step printed",
     "workflow output 1c9a...0002 --follow", workflow_output},
    {"workflow", "cancel", "", "ID", 1, 1, Completes::workflow, false, "yes",
     "stop what runs and start nothing more of it", "workflow cancel 1c9a...0000", workflow_cancel},
    {"workflow", "pause", "", "[ID]", 0, 1, Completes::workflow, false, "reason",
     "begin nothing more of it; what is out goes on", "workflow pause", workflow_pause},
    {"workflow", "resume", "", "[ID]", 0, 1, Completes::workflow, false, "", "let a paused one go on",
     "workflow resume", workflow_resume},
    {"workflow", "retry", "", "[ID]", 0, 1, Completes::workflow, false, kRetry, "do again what did not succeed",
     "workflow retry --failed --wait", workflow_retry},
    {"workflow", "rollback", "", "[ID]", 0, 1, Completes::workflow, false, kRollback,
     "undo what was done, in reverse order", "workflow rollback --check", workflow_rollback},
    {"workflow", "approve", "", "[ID|STEP]", 0, 1, Completes::workflow, false, "reject comment yes",
     "let an approval that waits go on, or say no", "workflow approve --comment \"looks well\"", workflow_approve},

    {"batch", "submit", "", "FILE", 1, 1, Completes::folder, false, "infra param check wait timeout yes",
     "run the operations of a file", "batch submit rollout.yaml --check", batch_submit},
    {"batch", "list", "ls", "", 0, 0, Completes::nothing, false, "status limit all", "list batches, newest first",
     "batch list", batch_list},
    {"batch", "status", "", "[ID]", 0, 1, Completes::workflow, false, "",
     "the operations and steps of a batch (default: the newest)", "batch status", workflow_status},
    {"batch", "monitor", "watch", "[ID]", 0, 1, Completes::workflow, false, "timeout",
     "follow a batch live until it ends (default: the newest)", "batch monitor --out jsonl", workflow_monitor, kLines},
    {"batch", "cancel", "", "ID", 1, 1, Completes::workflow, false, "yes",
     "stop what runs and start nothing more of it", "batch cancel 1c9a...0000", workflow_cancel},
    {"batch", "pause", "", "[ID]", 0, 1, Completes::workflow, false, "reason",
     "begin nothing more of it; what is out goes on", "batch pause", workflow_pause},
    {"batch", "resume", "", "[ID]", 0, 1, Completes::workflow, false, "", "let a paused one go on", "batch resume",
     workflow_resume},
    {"batch", "retry", "", "[ID]", 0, 1, Completes::workflow, false, kRetry, "do again what did not succeed",
     "batch retry --failed --wait", workflow_retry},
    {"batch", "rollback", "", "[ID]", 0, 1, Completes::workflow, false, kRollback,
     "undo what was done, in reverse order", "batch rollback --check", workflow_rollback},
    {"batch", "approve", "", "[ID|STEP]", 0, 1, Completes::workflow, false, "reject comment yes",
     "let an approval that waits go on, or say no", "batch approve --comment \"looks well\"", workflow_approve},
    {"batch", "stats", "", "", 0, 0, Completes::nothing, false, "limit all",
     "how batches ended, and how long they took", "batch stats", batch_stats},

    {"audit", "log", "", "", 0, 0, Completes::nothing, false,
     "data archive from to since until type subject aggregate workflow limit", "list events, with filters",
     "audit log --type TaskEnded --limit 20", audit_log},
    {"audit", "verify", "", "", 0, 0, Completes::nothing, false, "data archive public-key from",
     "verify the chain of the log and its signed checkpoints", "audit verify --data /backup/copy", audit_verify},
    {"audit", "export", "", "", 0, 0, Completes::nothing, false,
     "data archive from to since until type subject aggregate workflow",
     "write events as JSON Lines to standard output", "audit export --from 1", audit_export},
    {"audit", "replay", "", "", 0, 0, Completes::nothing, false, "data archive at to",
     "the state at an event or a time, or what changed between two", "audit replay --at 120 --to 180", audit_replay},

    {"platform", "start", "", "[orchestrator]", 0, 1, kService, false, "config environment infra timeout",
     "start the coordinator and wait until it is healthy", "platform start orchestrator", platform_start},
    {"platform", "stop", "", "[orchestrator]", 0, 1, kService, false, "timeout",
     "stop it; agents go on with what they have and report later", "platform stop orchestrator", platform_stop},
    {"platform", "status", "", "[orchestrator]", 0, 1, kService, false, "", "version, log, agents, work and space",
     "platform status", platform_status},
    {"platform", "health", "", "[orchestrator]", 0, 1, kService, false, "", "whether it answers", "platform health",
     platform_health},
    {"platform", "logs", "", "[orchestrator]", 0, 1, kService, false, "follow lines",
     "what it writes into its log file", "platform logs orchestrator --follow", platform_logs},
    {"platform", "backup", "", "FOLDER", 1, 1, Completes::folder, false, "",
     "one consistent copy of log, blobs and keys, while it runs", "platform backup /backup/today", platform_backup},
    {"platform", "restore", "", "FOLDER", 1, 1, Completes::folder, false, "yes",
     "bring a backup back, on a stopped platform", "platform restore /backup/today", platform_restore},
    {"platform", "accept", "", "", 0, 0, Completes::nothing, false, "reason yes",
     "accept damage that was found, and leave read-only", "platform accept --reason \"disk replaced\"",
     platform_accept},

    {"orchestrator", "start", "", "", 0, 0, Completes::nothing, false, "config environment infra timeout",
     "the same as platform start orchestrator", "orchestrator start", platform_start},
    {"orchestrator", "stop", "", "", 0, 0, Completes::nothing, false, "timeout",
     "the same as platform stop orchestrator", "orchestrator stop", platform_stop},
    {"orchestrator", "status", "", "", 0, 0, Completes::nothing, false, "", "the same as platform status orchestrator",
     "orchestrator status", platform_status},
    {"orchestrator", "health", "", "", 0, 0, Completes::nothing, false, "", "the same as platform health orchestrator",
     "orchestrator health", platform_health},
    {"orchestrator", "logs", "", "", 0, 0, Completes::nothing, false, "follow lines",
     "the same as platform logs orchestrator", "orchestrator logs --follow", platform_logs},

    {"module", "discover", "find", "KIND", 1, 1, Completes::kind_first, false, "infra",
     "list the taskservs, providers or clusters that the layers have", "module discover taskservs", module_discover},
    {"module", "load", "", "KIND WORKSPACE NAME[@VERSIONS]...", 3, kAnyNumber, Completes::kind_first, false, "yes",
     "put extensions on the workspace's list of modules",
     "module load taskserv my-workspace kubernetes containerd@^1.7", module_load},
    {"module", "unload", "", "KIND WORKSPACE NAME...", 3, kAnyNumber, Completes::kind_first, false, "yes",
     "take them off the list", "module unload taskserv my-workspace containerd", module_unload},
    {"module", "list", "ls", "KIND [WORKSPACE]", 1, 2, Completes::kind_first, false, "", "list what is loaded",
     "module list taskserv my-workspace", module_list},
    {"module", "lock", "", "", 0, 0, Completes::nothing, false, "infra check yes",
     "write down which versions and digests are used, so that nothing else will be", "module lock", module_lock},
    {"module", "graph", "", "", 0, 0, Completes::nothing, false, "infra format",
     "what an infra's task services require of each other", "module graph --infra main --format dot", module_graph},

    {"layer", "explain", "", "NAME [FILE|KEY]", 1, 2, Completes::module, false, "infra",
     "which layer each file and key of an extension comes from, and why",
     "layer explain nginx templates/nginx.conf.mustache", layer_explain},
    {"layer", "show", "list", "", 0, 0, Completes::nothing, false, "infra", "the layers and what they hold",
     "layer show --infra main", layer_show},
    {"layer", "test", "", "[NAME...]", 0, kAnyNumber, Completes::module, false, "infra",
     "read and pack every extension as it would be used", "layer test", layer_test},
    {"layer", "stats", "", "", 0, 0, Completes::nothing, false, "infra", "how much comes from each layer",
     "layer stats", layer_stats},

    {"template", "list", "ls", "[NAME...]", 0, kAnyNumber, Completes::module, false, "infra",
     "list the templates of extensions", "template list redis", template_list},
    {"template", "show", "", "NAME [FILE]", 1, 2, Completes::module, false, "infra param",
     "what a template makes, with defaults, sample values and --param", "template show redis --param port=6380",
     template_show},
    {"template", "validate", "val check", "[NAME...]", 0, kAnyNumber, Completes::module, false, "infra",
     "every name in templates that does not exist", "template validate", template_validate},

    {"version", "show", "", "", 0, 0, Completes::nothing, false, "", "show the version of this program", "version show",
     show_version},
    {"version", "check", "", "", 0, 0, Completes::nothing, false, "infra",
     "versions of the modules in use against the lock and the newest there are", "version check --infra main",
     version_check},

    {"workspace", "init", "create new", "[NAME]", 0, 1, Completes::nothing, false, "path infra provider activate",
     "make a workspace with a first infra (of this folder, without a name)", "workspace init demo --activate",
     workspace_init},
    {"workspace", "list", "ls", "", 0, 0, Completes::nothing, false, "", "list known workspaces", "workspace list",
     workspace_list},
    {"workspace", "activate", "switch use", "NAME|FOLDER", 1, 1, Completes::workspace, false, "",
     "make a workspace the active one", "workspace activate demo", workspace_activate},
    {"workspace", "active", "current", "", 0, 0, Completes::nothing, false, "", "which workspace is in use, and why",
     "workspace active", workspace_active},
    {"workspace", "info", "show", "[NAME|FOLDER]", 0, 1, Completes::workspace, false, "", "what a workspace holds",
     "workspace info", workspace_info},
    {"workspace", "register", "add", "NAME FOLDER", 2, 2, Completes::folder, false, "activate",
     "make a workspace that is there already a known one", "workspace register demo ~/demo --activate",
     workspace_register},
    {"workspace", "remove", "rm forget", "NAME", 1, 1, Completes::workspace, false, "files force yes",
     "forget a workspace; its files stay, unless --files says otherwise", "workspace remove demo", workspace_remove},
    {"workspace", "validate", "check", "[NAME|FOLDER]", 0, 1, Completes::workspace, false, "",
     "find every mistake in a workspace (the same as validate --all)", "workspace validate demo", workspace_validate},
    {"workspace", "migrate", "", "[NAME|FOLDER]", 0, 1, Completes::workspace, false, "check yes",
     "bring the file of an older workspace to today's format; what was there is kept beside it",
     "workspace migrate --check", workspace_migrate},
    {"workspace", "cleanup", "", "[NAME|FOLDER]", 0, 1, Completes::workspace, false, "check yes",
     "remove caches and what interrupted writes have left", "workspace cleanup --check", workspace_cleanup},
    {"workspace", "preferences", "prefs", "", 0, 0, Completes::nothing, false, "",
     "how you like it: what can be set, and what is", "workspace preferences", workspace_preferences},
    {"workspace", "set-preference", "", "NAME VALUE", 2, 2, Completes::nothing, false, "", "set a preference",
     "workspace set-preference output_format json", workspace_set_preference},
    {"workspace", "get-preference", "", "NAME", 1, 1, Completes::nothing, false, "", "print a preference",
     "workspace get-preference output_format", workspace_get_preference},

    {"config", "show", "list ls", "[KEY]", 0, 1, Completes::setting, false, "origin environment infra",
     "show what holds, or one section, or one setting", "config show link --origin", config_show},
    {"config", "get", "", "KEY", 1, 1, Completes::setting, false, "environment infra", "print the value of a setting",
     "config get link.port", config_get},
    {"config", "set", "", "KEY VALUE", 2, 2, Completes::setting, false, "user environment infra",
     "write a setting into the file of a layer, unless something would not fit", "config set link.port 9191 --user",
     config_set},
    {"config", "unset", "", "KEY", 1, 1, Completes::setting, false, "user environment infra",
     "take a setting out of the file of a layer", "config unset link.port --user", config_unset},
    {"config", "validate", "check", "", 0, 0, Completes::nothing, false, "environment infra",
     "read every layer, and say all that is wrong", "config validate --environment prod", config_validate},
    {"config", "explain", "", "KEY", 1, 1, Completes::setting, false, "environment infra",
     "what a setting means, what it can be, and what each layer says", "config explain link.dead_ms", config_explain},
    {"validate", "", "", "[FILE...]", 0, kAnyNumber, Completes::folder, false, "all environment infra",
     "find every mistake in settings, in the files named, or (--all) in the whole workspace", "validate --all",
     validate},
    {"schema", "list", "ls", "", 0, 0, Completes::nothing, false, "", "which JSON Schemas there are", "schema list",
     schema_list},
    {"schema", "show", "", "NAME", 1, 1, Completes::nothing, false, "",
     "print a JSON Schema, for an editor or another program", "schema show settings > settings.schema.json",
     schema_show},

    {"env", "", "", "", 0, 0, Completes::nothing, false, "", "show paths and settings in use", "env", show_env},
    {"completion", "", "", "bash|zsh|fish", 1, 1, Completes::shell, false, "",
     "print a completion script for your shell", "completion bash > /etc/bash_completion.d/provisioning",
     show_completion},
    {"guide", "", "", "[from-scratch|update|customize]", 0, 1, Completes::guide, false, "",
     "a short guide, a section at a time", "guide from-scratch", show_guide},
    {"help", "", "", "[TOPIC...]", 0, 3, Completes::topic, false, "", "show help", "help server create", show_help},
};

bool has_word(std::string_view text, std::string_view word) {
  const auto all = words(text);
  return std::find(all.begin(), all.end(), word) != all.end();
}

}  // namespace

std::span<const Group> groups() { return kGroups; }
std::span<const Noun> nouns() { return kNouns; }
std::span<const Command> commands() { return kCommands; }
std::span<const Flag> flags() { return kFlags; }

const Noun* find_noun(std::string_view word) {
  for (const auto& noun : kNouns) {
    if (noun.name == word || has_word(noun.aliases, word)) return &noun;
  }
  return nullptr;
}

const Command* find_command(const Noun& noun, std::string_view verb) {
  for (const auto& command : kCommands) {
    if (command.noun != noun.name) continue;
    if (command.verb == verb || has_word(command.aliases, verb)) return &command;
  }
  return nullptr;
}

const Flag* find_flag(std::string_view name) {
  const auto* found = std::find_if(std::begin(kFlags), std::end(kFlags), [&](const Flag& f) { return f.name == name; });
  return found == std::end(kFlags) ? nullptr : found;
}

const Flag* find_flag(char letter) {
  const auto* found =
      std::find_if(std::begin(kFlags), std::end(kFlags), [&](const Flag& f) { return f.letter == letter; });
  return letter == 0 || found == std::end(kFlags) ? nullptr : found;
}

bool takes(const Command& command, const Flag& flag) { return flag.everywhere || has_word(command.flags, flag.name); }

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::vector<std::string> verbs_of(const Noun& noun) {
  std::vector<std::string> out;
  for (const auto& command : kCommands) {
    if (command.noun != noun.name || command.verb.empty()) continue;
    out.emplace_back(command.verb);
    for (const auto alias : words(command.aliases)) out.emplace_back(alias);
  }
  return out;
}

std::vector<std::string> noun_words() {
  std::vector<std::string> out;
  for (const auto& noun : kNouns) {
    out.emplace_back(noun.name);
    for (const auto alias : words(noun.aliases)) out.emplace_back(alias);
  }
  return out;
}

}  // namespace prov::cli
