#include "coordinator/cli/output_stream.h"

#include <algorithm>

#include "common/json/json.h"
#include "coordinator/cli/limits.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {
namespace {

constexpr std::uint64_t kQuietMs = 3000;

struct Progress {
  std::uint64_t offset = 0;
  std::uint64_t begin_ms = 0;
  bool told_waiting = false;
  std::optional<OutputEnd> end;
};

// Reads one connection until it breaks (false) or the end is known (true).
bool read_stream(Context& context, Stream& stream, const std::function<void(std::string_view)>& show,
                 const std::function<void()>& waiting, Progress& progress) {
  while (!progress.end) {
    if (context.world.interrupted()) {
      progress.end = OutputEnd{true, {}, 0};
      break;
    }
    auto message = stream.receive(kTickMs);
    if (!message) return false;
    if (!*message) {
      const bool quiet = progress.offset == 0 && context.world.steady_ms() - progress.begin_ms > kQuietMs;
      if (quiet && !progress.told_waiting) waiting();
      progress.told_waiting = progress.told_waiting || quiet;
      continue;
    }
    if ((*message)->kind == Stream::Kind::binary) {
      show((*message)->data);
      progress.offset += (*message)->data.size();
      continue;
    }
    const nlohmann::json text = nlohmann::json::parse((*message)->data, nullptr, false);
    if (text_in(text, "kind") == "attempt") progress.offset = 0;
    if (text_in(text, "kind") != "end") continue;
    OutputEnd end{false, text_in(text, "outcome"), 0};
    if (const auto& code = child_in(text, "exit_code"); code.is_number_integer())
      end.exit_code = code.get<std::int64_t>();
    progress.end = std::move(end);
  }
  return true;
}

}  // namespace

Result<OutputEnd> follow_output(Context& context, Client& client, const std::string& task,
                                const std::function<void(std::string_view)>& show,
                                const std::function<void()>& waiting) {
  context.world.catch_interrupt();
  Progress progress;
  progress.begin_ms = context.world.steady_ms();
  int pause_ms = kFirstPauseMs;
  for (std::uint64_t lost_ms = 0;;) {
    auto stream = client.open_stream("/ws/output", {{"task", task}, {"offset", std::to_string(progress.offset)}});
    if (stream) {
      lost_ms = 0;
      pause_ms = kFirstPauseMs;
      if (read_stream(context, **stream, show, waiting, progress)) return *progress.end;
      context.console.say("connection lost; coming back");
    } else if (stream.error().code != Code::unavailable) {
      return tl::unexpected(stream.error());
    }
    const std::uint64_t now_ms = context.world.steady_ms();
    if (lost_ms == 0) lost_ms = now_ms;
    if (!stream && now_ms - lost_ms > kPatienceMs) return tl::unexpected(stream.error());
    if (context.world.interrupted()) return OutputEnd{true, {}, 0};
    context.world.sleep_ms(pause_ms);
    pause_ms = std::min(pause_ms * 2, kLongestPauseMs);
  }
}

}  // namespace prov::cli
