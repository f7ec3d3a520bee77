#include "coordinator/cli/coordinator_process.h"
#include "common/json/json.h"
#include "common/nearest.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "coordinator/cli/views/render.h"
#include "coordinator/config/load.h"

namespace prov::cli {
namespace {

constexpr std::size_t kMaxPidFile = 256;
constexpr std::size_t kTailBytes = 256 << 10;

std::optional<ProcessId> read_process(const std::string& file) {  // "PID", or "PID START_TIME"
  const auto text = workspace::read_file(file, kMaxPidFile);
  if (!text) return std::nullopt;
  std::istringstream in(*text);
  ProcessId process;
  if (!(in >> process.pid)) return std::nullopt;
  in >> process.start_time;
  return process;
}

}  // namespace

Result<std::string> coordinator_program(Context& context) {
  auto settings = context.settings();
  if (!settings) return tl::unexpected(settings.error());
  const config::Setting* given = (*settings)->find("cli.coordinator");
  const std::string program = given == nullptr ? program_beside(context.world, kCoordinatorProgram) : given->value.text;
  if (::access(program.c_str(), X_OK) == 0) return program;
  return fail(Code::not_found, "the coordinator's program is not there: " + program,
              given == nullptr ? "name it with PROVISIONING_COORDINATOR"
                               : text_of(given->origin()) + " names it; is it right?");
}

std::optional<ProcessId> running_coordinator(Context& context) {
  const auto named = read_process(context.home.pid_file());
  if (!named) return std::nullopt;
  const std::string given = context.setting("cli.coordinator").value_or("");
  const auto found = context.world.processes->find(
      named->pid, given.empty() ? kCoordinatorProgram : given.substr(given.rfind('/') + 1));
  const auto started = read_process(context.home.started_file());
  const bool ours = started && started->pid == named->pid;
  if (found && ours && started->start_time != found->start_time) return std::nullopt;  // the number's next owner
  return found;
}

Result<void> remember_started(const Context& context, const ProcessId& process) {
  return workspace::write_file_atomically(
      context.home.started_file(), std::to_string(process.pid) + " " + std::to_string(process.start_time) + "\n", 0600);
}

Result<nlohmann::json> probe_status(Context& context) {
  auto where = context.endpoint();
  if (!where) return tl::unexpected(where.error());
  Client once(context.world.connect(*where), {context.world.new_id, context.world.sleep_ms, io::to_text(*where)});
  return once.get("/status");
}

std::vector<std::string> last_lines(const std::string& file, std::size_t count) {
  std::vector<std::string> lines;
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return lines;
  const off_t size = ::lseek(fd, 0, SEEK_END);
  const off_t begin = std::max<off_t>(0, size - static_cast<off_t>(kTailBytes));
  std::string text(static_cast<std::size_t>(size - begin), '\0');
  const ssize_t got = ::pread(fd, text.data(), text.size(), begin);
  ::close(fd);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  if (begin > 0 && !lines.empty()) lines.erase(lines.begin());  // cut somewhere in its middle
  if (lines.size() > count) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(count));
  return lines;
}

Result<void> check_service(const Context& context) {
  if (context.call.args.empty() || context.call.args[0] == "orchestrator") return {};
  return fail(Code::not_found, "there is no service \"" + context.call.args[0] + "\"",
              did_you_mean(context.call.args[0], {"orchestrator"}));
}

}  // namespace prov::cli
