// The way of one command line: parse it, run its verb, say what went wrong.

#include "common/code_names.h"
#include "common/json/json.h"
#include "coordinator/cli/completion.h"
#include "coordinator/cli/context.h"
#include "coordinator/cli/names.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/workspace/problems.h"

namespace prov::cli {
namespace {

using nlohmann::json;

// A message goes on over lines that begin with two spaces: an expression, and the mark under the place of the mistake.
void tell_message(Console& console, std::string_view message) {
  std::string lead = console.err_paint(Colour::red, "error: ");
  for (std::size_t end = message.find("\n  "); end != std::string_view::npos; end = message.find("\n  ")) {
    console.warn(lead + one_line(message.substr(0, end)));
    message.remove_prefix(end + 1);
    lead.clear();
  }
  console.warn(lead + one_line(message));
}

// People read it on standard error, its most important line last; a program that asked for JSON or YAML gets its one
// document.
int tell(const Error& error, World& world, Console& console, const std::string& format) {
  const Exit exit = exit_of(error.code);
  if (format != "table") {
    const json document{{"success", false},
                        {"error", {{"code", name_of(error.code)}, {"message", error.message}, {"hint", error.hint}}}};
    world.out(format == "json"    ? to_pretty_json(document)
              : format == "jsonl" ? document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"
                                  : to_yaml(document));
  }
  const auto parts = workspace::taken_apart(error);  // several mistakes in files, each with its place
  for (const Error& part : parts) {
    tell_message(console, part.message);
    if (!part.hint.empty()) console.warn("  hint: " + one_line(part.hint));
  }
  if (parts.size() >= workspace::Problems::kMost) console.warn("there may be more");
  return static_cast<int>(exit);
}

// The flags of an unfinished command line that say whose names are meant.
Invocation where_to_look(const std::vector<std::string>& words) {
  Invocation out;
  for (const char* flag : {"workspace", "endpoint"}) {
    const std::string dashed = std::string("--") + flag;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i] == dashed && i + 2 < words.size()) out.flags[flag] = {words[i + 1]};
      if (words[i].rfind(dashed + "=", 0) == 0) out.flags[flag] = {words[i].substr(dashed.size() + 1)};
    }
  }
  return out;
}

int answer_completion(const std::vector<std::string>& words, World& world) {
  std::vector<std::string> rest(words.begin() + 1, words.end());
  if (!rest.empty() && rest.front() == "--") rest.erase(rest.begin());
  const Invocation asked = where_to_look(rest);
  Context context(world, asked);
  world.out(completion_lines(complete(rest, [&](Completes what) { return known_names(context, what); })));
  return 0;
}

}  // namespace

int run(const std::vector<std::string>& words, World& world) {
  if (!words.empty() && words.front() == kCompleteWord) return answer_completion(words, world);
  auto invocation = parse(words);
  if (!invocation) {
    const Invocation none;
    Context context(world, none);
    return tell(invocation.error(), world, context.console, asked_format(words));
  }
  Context context(world, *invocation);
  const auto exit = invocation->command->run(context);
  if (!exit) return tell(exit.error(), world, context.console, asked_format(words));
  return static_cast<int>(*exit);
}

}  // namespace prov::cli
