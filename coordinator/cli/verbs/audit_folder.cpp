#include "coordinator/cli/verbs/audit_folder.h"

#include <sstream>

#include "coordinator/cli/coordinator_process.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr const char* kPassedOn[] = {"from",      "to", "since",    "until",      "type",   "subject",
                                     "aggregate", "at", "workflow", "public-key", "archive"};

Result<std::vector<std::string>> reader_argv(Context& context, const std::string& folder, const std::string& verb) {
  auto program = coordinator_program(context);
  if (!program) return tl::unexpected(program.error());
  std::vector<std::string> argv{*program, "audit", verb, "--data", absolute_path(context.world, folder)};
  for (const char* flag : kPassedOn) {
    for (const auto& value : context.call.values(flag)) argv.insert(argv.end(), {std::string("--") + flag, value});
  }
  if (const auto name = audited_workspace(context); !name.empty()) argv.insert(argv.end(), {"--workspace", name});
  return argv;
}

Code code_of_exit(int exit) {
  for (const Code code : {Code::invalid, Code::corrupt, Code::not_found, Code::conflict}) {
    if (static_cast<int>(exit_of(code)) == exit) return code;
  }
  return Code::internal;
}

// "error: MESSAGE" and "  hint: HINT" of the program become an error of ours; its other lines are talk.
std::optional<Error> take_talk(Context& context, const Finished& done) {
  constexpr std::string_view kError = "error: ", kHint = "  hint: ";
  std::optional<Error> error;
  std::istringstream lines(done.err);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(kError, 0) == 0) {
      error = Error{code_of_exit(done.exit_code), line.substr(kError.size()), ""};
    } else if (error && line.rfind(kHint, 0) == 0) {
      error->hint = line.substr(kHint.size());
    } else {
      context.console.say(one_line(line));
    }
  }
  return error;
}

}  // namespace

std::string audited_workspace(Context& context) {
  const std::string asked = context.call.value("workspace");
  if (asked.empty()) return asked;
  const auto known = context.workspace();
  return known ? known->name : asked;
}

Result<FolderAnswer> read_folder(Context& context, const std::string& folder, const std::string& verb,
                                 const std::vector<std::string>& more) {
  auto argv = reader_argv(context, folder, verb);
  if (!argv) return tl::unexpected(argv.error());
  argv->insert(argv->end(), more.begin(), more.end());
  argv->insert(argv->end(), {"--out", "json"});
  auto done = context.world.processes->finish(*argv);
  if (!done) return tl::unexpected(done.error());
  FolderAnswer answer{json::parse(done->out, nullptr, false), take_talk(context, *done)};
  if (answer.document.is_discarded() && !answer.error) {
    return fail(Code::internal,
                "the coordinator's program ended with " + std::to_string(done->exit_code) + " and said nothing");
  }
  return answer;
}

Error become_reader(Context& context, const std::string& folder, const std::string& verb) {
  auto argv = reader_argv(context, folder, verb);
  if (!argv) return argv.error();
  return context.world.processes->become(*argv);
}

}  // namespace prov::cli
