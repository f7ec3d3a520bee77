// What concerns the platform's data as a whole: backup, restore, damage.

#include "common/json/json.h"
#include "coordinator/cli/coordinator_process.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {

using nlohmann::json;

Result<Exit> platform_backup(Context& context) {
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto done = (*client)->post("/platform/backup", {}, {{"folder", absolute_path(context.world, context.call.args[0])}});
  if (!done) return tl::unexpected(done.error());
  context.print(*done, [&] {
    return "backup up to event " + text_in(*done, "sequence") + ", " + bytes_text(number_in(*done, "bytes")) + ": " +
           text_in(*done, "folder") + "\n";
  });
  context.console.say("check it: provisioning audit verify --data " + text_in(*done, "folder"));
  return Exit::ok;
}

Result<Exit> platform_restore(Context& context) {
  if (probe_status(context) || running_coordinator(context)) {
    return fail(Code::conflict, "the coordinator runs; a backup is brought back on a stopped platform",
                "provisioning platform stop orchestrator");
  }
  auto program = coordinator_program(context);
  if (!program) return tl::unexpected(program.error());
  auto data = context.setting("orchestrator.data_dir");
  if (!data) return tl::unexpected(data.error());
  const std::string folder = absolute_path(context.world, context.call.args[0]);
  auto sure = context.confirmed("Bring " + folder + " back into " + *data + "?");
  if (!sure) return tl::unexpected(sure.error());
  if (!*sure) return Exit::failed;
  if (auto made = workspace::make_private_folder(*data); !made) return tl::unexpected(made.error());
  return tl::unexpected(context.world.processes->become({*program, "restore", folder, "--data", *data}));
}

Result<Exit> platform_accept(Context& context) {
  if (!context.call.has("reason")) {
    return fail(Code::invalid, "why? the reason is written into the log", "provisioning platform accept --reason TEXT");
  }
  auto sure = context.confirmed("Accept the damage that was found? What is lost stays lost.");
  if (!sure) return tl::unexpected(sure.error());
  if (!*sure) return Exit::failed;
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto done = (*client)->post("/platform/accept", {}, {{"reason", context.call.value("reason")}});
  if (!done) return tl::unexpected(done.error());
  context.print(*done, [] { return std::string("accepted; the platform takes commands again\n"); });
  return Exit::ok;
}

}  // namespace prov::cli
