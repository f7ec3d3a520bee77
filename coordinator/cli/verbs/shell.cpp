#include "coordinator/cli/verbs/shell.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/json/json.h"
#include "coordinator/cli/output_stream.h"
#include "coordinator/cli/raw_terminal.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kMaxKeys = 32 << 10;  // in one message; the feed takes 64 KiB

// Enter ~ . ends the session from this side, as in ssh: the way out when the host does not answer any more.
class EscapeWatch {
 public:
  bool asked_to_leave(std::string_view typed) {
    for (const char c : typed) {
      if (state_ == 2 && c == '.') return true;
      state_ = c == '\r' || c == '\n' ? 1 : state_ == 1 && c == '~' ? 2 : 0;
    }
    return false;
  }

 private:
  int state_ = 1;
};

class ShellSession {
 public:
  ShellSession(Context& context, Stream& stream) : context_(context), stream_(stream) {}

  Result<Exit> run() {
    auto terminal = RawTerminal::enter(STDIN_FILENO);
    if (!terminal) return tl::unexpected(terminal.error());
    std::optional<Exit> end;
    while (!end) {
      pollfd ready[] = {{STDIN_FILENO, POLLIN, 0}, {stream_.fd(), POLLIN, 0}, {(*terminal)->signal_fd(), POLLIN, 0}};
      if (::poll(ready, 3, -1) < 0 && errno != EINTR) return fail(Code::io, "poll failed");
      if (ready[2].revents != 0) {
        if (auto fine = on_signal(**terminal); !fine) return tl::unexpected(fine.error());
      }
      if (ready[1].revents != 0) {
        auto shown = on_messages(end);
        if (!shown) return tl::unexpected(shown.error());
      }
      if (!end && ready[0].revents != 0) {
        auto sent = on_keys();
        if (!sent) return tl::unexpected(sent.error());
        if (!*sent) end = Exit::interrupted;
      }
    }
    return *end;
  }

 private:
  Result<void> on_signal(RawTerminal& terminal) {
    if (terminal.take_signal() != SIGWINCH)
      return fail(Code::unavailable, "stopped by a signal; the session is closed");
    const auto [rows, columns] = context_.world.terminal_size();
    return stream_.send(Stream::Kind::text, json{{"kind", "resize"}, {"rows", rows}, {"columns", columns}}.dump());
  }

  Result<void> on_messages(std::optional<Exit>& end) {
    for (;;) {
      auto message = stream_.receive(0);
      if (!message) return tl::unexpected(message.error());
      if (!*message) return {};
      if ((*message)->kind == Stream::Kind::binary) {
        context_.world.out((*message)->data);
        continue;
      }
      const json text = json::parse((*message)->data, nullptr, false);
      if (text_in(text, "kind") != "end") continue;
      if (const std::string reason = text_in(text, "reason"); !reason.empty()) {  // it was not the shell that ended
        return fail(Code::unavailable, "the session is over: " + reason, "provisioning agent list");
      }
      const json& code = child_in(text, "exit_code");
      end = exit_of_command(code.is_number_integer() ? code.get<std::int64_t>() : 0);
      return {};
    }
  }

  Result<bool> on_keys() {  // false: the operator leaves
    char typed[kMaxKeys];
    const ssize_t got = ::read(STDIN_FILENO, typed, sizeof typed);
    if (got < 0 && errno == EINTR) return true;
    if (got <= 0) return false;
    const std::string_view keys(typed, static_cast<std::size_t>(got));
    if (escape_.asked_to_leave(keys)) return false;
    auto sent = stream_.send(Stream::Kind::binary, keys);
    if (!sent) return tl::unexpected(sent.error());
    return true;
  }

  Context& context_;
  Stream& stream_;
  EscapeWatch escape_;
};

Result<Exit> cancel(Context& context, Client& client, const std::string& workflow) {
  auto done = client.post("/workflows/" + path_segment(workflow) + "/cancel", {}, nullptr);
  if (!done) return tl::unexpected(done.error());
  context.console.warn("interrupted; the command is being stopped on the host");
  context.console.say("see how it ended: provisioning workflow status " + workflow);
  return Exit::interrupted;
}

// Said before the terminal is touched.
Result<void> check_reachable(Client& client, const std::string& workspace, const std::string& host) {
  auto agent = client.get("/agents/" + path_segment(host), {{"workspace", workspace}});
  if (!agent) return tl::unexpected(agent.error());
  if (flag_in(*agent, "reachable")) return {};
  return fail(Code::unavailable, "the agent of " + host + " cannot be reached now", "provisioning agent show " + host);
}

// Why nothing comes: said once, as far as the platform knows it.
std::string waiting_text(Client& client, const std::string& workspace, const std::string& host) {
  const std::string wait = "waiting for " + host;
  auto agent = client.get("/agents/" + path_segment(host), {{"workspace", workspace}});
  if (agent && flag_in(*agent, "draining")) {
    return wait + ", which is drained and gets no new work (provisioning agent drain " + host +
           " --undo; Ctrl-C gives up)";
  }
  if (agent && !flag_in(*agent, "reachable")) return wait + ", which cannot be reached now (Ctrl-C gives up)";
  return wait + " (Ctrl-C gives up)";
}

// What the coordinator has noted about a step; empty when it cannot be asked.
std::string message_of(Client& client, const std::string& task) {
  auto row = client.get("/tasks/" + task, {});
  const std::string message = row ? text_in(*row, "message") : "";
  return message.empty() ? "" : ": " + one_line(message);
}

// How a command that was run ended. Only one that ran has an exit code of its own.
Result<Exit> ended(Context& context, Client& client, const OutputEnd& end, const std::string& host,
                   const std::string& task) {
  std::string outcome = end.outcome;
  std::replace(outcome.begin(), outcome.end(), '_', ' ');
  if (outcome == "done" || outcome == "unchanged" || (outcome == "failed" && end.exit_code != 0)) {
    return exit_of_command(end.exit_code);
  }
  const std::string hint = "provisioning workflow output " + task;
  if (outcome == "not delivered")
    return fail(Code::unavailable, "the command never reached " + host, "provisioning agent show " + host);
  if (outcome == "in doubt") {
    context.console.warn("in doubt: nobody knows whether the command was done on " + host + message_of(client, task));
    return Exit::in_doubt;
  }
  return fail(Code::internal, "the command on " + host + ": " + outcome + message_of(client, task), hint);
}

}  // namespace

Exit exit_of_command(std::int64_t exit_code) {
  if (exit_code < 0) exit_code = 128 - exit_code;
  return static_cast<Exit>(std::clamp<std::int64_t>(exit_code, 0, 255));
}

Result<Exit> remote_command(Context& context, const std::string& workspace, const std::string& host,
                            const std::vector<std::string>& argv, std::uint64_t timeout_s) {
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto answer = (*client)->post("/workflows/exec", {{"workspace", workspace}},
                                {{"servers", json::array({host})}, {"argv", argv}, {"timeout_s", timeout_s}});
  if (!answer) return tl::unexpected(answer.error());
  const std::string workflow = text_in(*answer, "workflow");
  const auto id = parse_id(workflow);
  if (!id) return fail(Code::internal, "the coordinator named no workflow for the command");
  const std::string task = to_text(task_id(*id, 0));
  auto end = follow_output(
      context, **client, task, [&](std::string_view bytes) { context.console.result(bytes); },
      [&] { context.console.say(waiting_text(**client, workspace, host)); });
  if (!end) return tl::unexpected(end.error());
  if (end->interrupted) return cancel(context, **client, workflow);
  return ended(context, **client, *end, host, task);
}

Result<Exit> interactive_shell(Context& context, const std::string& workspace, const std::string& host) {
  if (!context.world.in_is_terminal || !context.world.out_is_terminal) {
    return fail(Code::invalid, "a shell needs a terminal, and this is none",
                "provisioning server ssh " + host + " -- COMMAND");
  }
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  if (auto there = check_reachable(**client, workspace, host); !there) return tl::unexpected(there.error());
  const auto [rows, columns] = context.world.terminal_size();
  auto stream = (*client)->open_stream("/ws/shell", {{"server", host},
                                                     {"workspace", workspace},
                                                     {"rows", std::to_string(rows)},
                                                     {"columns", std::to_string(columns)},
                                                     {"term", context.world.env("TERM")}});
  if (!stream) return tl::unexpected(stream.error());
  auto exit = ShellSession(context, **stream).run();
  if (exit && *exit == Exit::interrupted) context.console.say("session closed");
  return exit;
}

}  // namespace prov::cli
