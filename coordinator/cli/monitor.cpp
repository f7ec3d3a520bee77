#include "coordinator/cli/monitor.h"

#include <algorithm>

#include "common/json/json.h"
#include "coordinator/cli/limits.h"
#include "coordinator/cli/views/live_view.h"
#include "coordinator/cli/views/monitor_view.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/cli/workflow_list.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::uint64_t kStillRunningMs = 30'000;  // between "running" lines where nothing is drawn
constexpr std::size_t kStepsPage = 10'000;         // steps in one answer
constexpr std::size_t kMaxSteps = 1'000'000;
constexpr int kLiveRows = 12;  // steps whose last line is asked for
constexpr int kMostRows = 24;
constexpr const char* kSchema = "provisioning.feed";
constexpr auto kReplace = json::error_handler_t::replace;

class Follower {
 public:
  Follower(Context& context, Client& client, std::string workflow, std::uint64_t timeout_ms, const Ending& ending)
      : context_(context),
        client_(client),
        workflow_(std::move(workflow)),
        ending_(ending),
        lines_(context.format() == Format::jsonl),
        view_(context.console),
        begin_ms_(context.world.steady_ms()),
        until_ms_(timeout_ms == 0 ? UINT64_MAX : begin_ms_ + timeout_ms) {}

  Result<Exit> run() {
    context_.world.catch_interrupt();
    auto status = client_.get("/status");
    if (!status) return tl::unexpected(status.error());
    sequence_ = number_in(*status, "sequence");
    if (lines_) write_line({{"kind", "schema"}, {"schema", kSchema}, {"version", 1}, {"workflow", workflow_}});
    if (auto known = reload(); !known) return tl::unexpected(known.error());
    recall_last_lines();
    while (!model_.ended()) {
      const auto left = watch();
      if (!left) return tl::unexpected(left.error());
      if (*left) return leave(**left);
    }
    return finish();
  }

 private:
  // ---- for machines: the feed's frames as they come, one a line
  void write_line(const json& line) { context_.console.result(line.dump(-1, ' ', false, kReplace) + "\n"); }

  // One connection to the feed, until the workflow ends (nullopt), we are to leave, or it cannot be had any more.
  Result<std::optional<Exit>> watch() {
    auto stream = connect();
    if (!stream) return tl::unexpected(stream.error());
    if (!*stream) return leaving_;
    while (!model_.ended()) {
      if (should_leave()) return leaving_;
      auto message = (*stream)->receive(kTickMs);
      if (!message) {
        tell_line("connection lost (" + one_line(message.error().message) + "); coming back");
        return std::nullopt;
      }
      if (*message) take((*message)->data);
      draw();
    }
    return std::nullopt;
  }

  // Tries until the feed is there; what happened meanwhile is read first. nullptr: we are to leave.
  Result<std::unique_ptr<Stream>> connect() {
    int pause_ms = kFirstPauseMs;
    bool told = false;
    const std::uint64_t since_ms = context_.world.steady_ms();
    for (;;) {
      auto stream = client_.open_stream("/ws", {{"events", "task,workflow"},
                                                {"workflow", workflow_},
                                                {"output", "tail"},
                                                {"from", std::to_string(sequence_)}});
      if (stream) {
        if (connections_++ > 0 || told) {
          if (auto known = reload(); !known) return tl::unexpected(known.error());
          tell_line("connected again, from event " + std::to_string(sequence_));
        }
        return stream;
      }
      if (stream.error().code != Code::unavailable) return stream;
      if (connections_ == 0 && !std::exchange(told, true)) tell_line(one_line(stream.error().message) + "; trying on");
      if (context_.world.steady_ms() - since_ms > kPatienceMs) {
        stream.error().hint = "provisioning platform status, then: provisioning workflow monitor " + workflow_;
        return stream;
      }
      if (should_leave()) return std::unique_ptr<Stream>();
      context_.world.sleep_ms(pause_ms);
      pause_ms = std::min(pause_ms * 2, kLongestPauseMs);
    }
  }

  Result<void> reload() {
    for (std::size_t offset = 0; offset < kMaxSteps;) {
      auto page = client_.get("/workflows/" + path_segment(workflow_),
                              {{"limit", std::to_string(kStepsPage)}, {"offset", std::to_string(offset)}});
      if (!page) return tl::unexpected(page.error());
      tell(model_.load(*page));
      offset += kStepsPage;
      const std::uint64_t all =
          std::max(number_in(child_in(*page, "counts"), "total"), number_in(*page, "operations_total"));
      if (offset >= all) break;
    }
    return {};
  }

  // The feed tells new output only, and perhaps not the very last. What the record has is read where it is shown: of
  // what runs already when we come, and of each step that failed.
  void recall_last_line(std::size_t index) {
    const std::string id = model_.steps()[index].id;
    const auto task = client_.get_at_once("/tasks/" + path_segment(id));
    if (task) model_.add_output(id, number_in(*task, "attempt"), text_in(*task, "output"));
  }
  void recall_last_lines() {
    int asked = 0;
    for (std::size_t i = 0; i < model_.steps().size() && asked < kLiveRows; ++i) {
      const Step& step = model_.steps()[i];
      if (!step.last_line.empty() || (step.state != Step::State::running && step.outcome != "failed")) continue;
      recall_last_line(i);
      ++asked;
    }
  }

  void take(const std::string& frame) {
    const json message = json::parse(frame, nullptr, false);
    if (lines_ && message.is_object()) write_line(message);
    const std::string kind = text_in(message, "kind");
    if (kind == "output") {
      model_.add_output(text_in(message, "task"), number_in(message, "attempt"), text_in(message, "data"));
      return;
    }
    sequence_ = std::max(sequence_, number_in(message, "sequence"));
    if (kind == "event") tell(model_.apply(child_in(message, "event")));
  }

  void tell_line(const std::string& text) {
    if (lines_) {
      context_.console.say(text);
    } else {
      view_.line(text);
    }
  }

  void tell(const std::vector<StepChange>& changes) {
    for (const auto& note : model_.take_notes()) {
      if (!lines_) view_.line("  " + note);
    }
    for (const auto& change : changes) {
      if (model_.steps()[change.step].outcome == "failed" && failures_told_ < kLiveRows) recall_last_line(change.step);
      if (lines_ || !worth_a_line(model_, change)) continue;
      if (change.what == StepChange::What::ended && model_.steps()[change.step].outcome == "failed") ++failures_told_;
      view_.line(change_line(model_, change, context_.console));
    }
  }

  void draw() {
    if (lines_) return;
    const std::uint64_t steady_ms = context_.world.steady_ms();
    const bool due = context_.console.settings().movement || steady_ms - told_ms_ > kStillRunningMs;
    if (!due) return;
    const auto [rows, columns] = context_.world.terminal_size();
    const auto lines =
        live_lines(model_, context_.world.now_ms(), steady_ms - begin_ms_, std::min(rows, kMostRows), columns);
    if (context_.console.settings().movement) return view_.draw(lines);
    if (told_ms_ != 0) {
      for (const auto& line : lines) view_.line(line);
    }
    told_ms_ = steady_ms;
  }

  bool should_leave() {
    if (context_.world.interrupted()) leaving_ = Exit::interrupted;
    if (context_.world.steady_ms() >= until_ms_) leaving_ = Exit::still_running;
    return leaving_.has_value();
  }

  Result<Exit> leave(Exit exit) {
    view_.clear();
    if (lines_) {
      write_line({{"kind", "left"}, {"sequence", sequence_}});
    } else if (context_.format() != Format::table) {
      auto known = client_.get("/workflows/" + path_segment(workflow_));
      if (known) context_.print(*known, [] { return std::string(); });
    }
    context_.console.warn(std::string(exit == Exit::interrupted ? "interrupted" : "time is over") +
                          "; the workflow goes on (" + counts_line(model_.counts()) + ")");
    context_.console.warn("come back:   provisioning workflow monitor " + workflow_);
    context_.console.warn("or stop it:  provisioning workflow cancel " + workflow_);
    return exit;
  }

  // The last word is the coordinator's: what the feed did not say is read once more.
  Result<Exit> finish() {
    if (auto known = reload(); !known && known.error().code != Code::not_found) return tl::unexpected(known.error());
    view_.clear();
    const Exit exit = exit_of_workflow(model_.outcome(), model_.counts());
    if (ending_) return ending_(workflow_, exit);
    if (lines_) {
      write_line({{"kind", "end"}, {"outcome", model_.outcome()}, {"counts", counts_json(model_.counts())}});
    } else if (context_.format() == Format::table) {
      context_.console.result(summary_text(workflow_, model_, context_.console));
    } else {
      auto whole = client_.get("/workflows/" + path_segment(workflow_), {{"limit", std::to_string(kStepsPage)}});
      if (!whole) return tl::unexpected(whole.error());
      context_.print(*whole, [] { return std::string(); });
    }
    for (const auto& command : next_commands(workflow_, model_)) context_.console.say("next: " + command);
    return exit;
  }

  static json counts_json(const StepCounts& counts) {
    return {{"total", counts.total},     {"done", counts.done},         {"failed", counts.failed},
            {"skipped", counts.skipped}, {"in_doubt", counts.in_doubt}, {"not_delivered", counts.not_delivered},
            {"running", counts.running}, {"waiting", counts.waiting}};
  }

  Context& context_;
  Client& client_;
  const std::string workflow_;
  const Ending& ending_;
  const bool lines_;
  MonitorModel model_;
  LiveView view_;
  std::uint64_t sequence_ = 0;
  int connections_ = 0;
  const std::uint64_t begin_ms_, until_ms_;
  std::uint64_t told_ms_ = 0;
  int failures_told_ = 0;
  std::optional<Exit> leaving_;
};

}  // namespace

Result<Exit> follow_workflow(Context& context, const std::string& workflow, const Ending& ending) {
  auto timeout_s = context.number("timeout", 0, 1, 7 * kDayS);
  if (!timeout_s) return tl::unexpected(timeout_s.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  return Follower(context, **client, workflow, *timeout_s * 1000, ending).run();
}

Result<Exit> follow_to_end(Context& context, const std::string& workflow, const Ending& ending) {
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  return Follower(context, **client, workflow, 0, ending).run();
}

namespace {

std::vector<std::string> beginning_with(const json& items, const std::string& asked) {
  std::vector<std::string> out;
  for (const auto& item : items) {
    std::string id = text_in(item, "id");
    if (id.starts_with(asked)) out.push_back(std::move(id));
  }
  return out;
}

// The newest may have left the working set as it ended. Empty: there is none, or the log cannot say yet.
std::string newest_of_all(Client& client, const std::string& workspace, const std::string& path) {
  constexpr std::size_t kLookThrough = 100;
  const bool batch = path != "/workflows";
  const auto past = workflow_history_page(client, {{"workspace", workspace}}, batch ? kLookThrough : 1);
  if (!past) return {};
  for (const auto& item : child_in(*past, "items")) {
    if (!batch || text_in(item, "kind") == "batch") return text_in(item, "id");
  }
  return {};
}

}  // namespace

Result<std::string> workflow_in_question(Context& context, const std::string& asked, const std::string& path) {
  constexpr std::size_t kWholeId = 36, kLookThrough = 1000;
  if (asked.size() == kWholeId) return asked;
  auto workspace = context.workspace_name_or_all();
  if (!workspace) return tl::unexpected(workspace.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  if (asked.empty()) {
    if (std::string newest = newest_of_all(**client, *workspace, path); !newest.empty()) return newest;
  }
  auto items = (*client)->list(path, {{"workspace", *workspace}}, asked.empty() ? 1 : kLookThrough);
  if (!items) return tl::unexpected(items.error());
  auto found = beginning_with(*items, asked);
  if (found.empty() && asked.empty()) {
    const bool batch = path != "/workflows";
    return fail(Code::not_found, batch ? "there is no batch yet" : "there is no workflow yet",
                batch ? "provisioning batch submit FILE" : "provisioning server create --wait");
  }
  if (found.empty()) {  // perhaps it left the working set
    auto past = workflow_history_page(**client, {{"workspace", *workspace}}, kLookThrough);
    if (!past) return tl::unexpected(past.error());
    found = beginning_with(child_in(*past, "items"), asked);
  }
  if (found.size() == 1) return found[0];
  if (found.empty()) {
    return fail(Code::not_found,
                "none of the newest " + std::to_string(kLookThrough) + " workflows begins with \"" + asked + "\"",
                "give the whole id; see: provisioning workflow history");
  }
  return fail(Code::invalid, "several workflows begin with \"" + asked + "\": " + found[0] + ", " + found[1] + ", ...",
              "give more of it");
}

Result<std::string> asked_workflow(Context& context) {
  const bool batch = context.call.command->noun == "batch";
  const std::string asked = context.call.args.empty() ? "" : context.call.args[0];
  return workflow_in_question(context, asked, batch ? "/workflows/batch" : "/workflows");
}

}  // namespace prov::cli
