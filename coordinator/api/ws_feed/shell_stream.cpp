#include "coordinator/api/ws_feed/shell_stream.h"

#include <atomic>
#include <optional>

#include "common/json/json.h"
#include "common/wire/agent_wire.h"
#include "coordinator/projection/feed_frames.h"

namespace prov::api {
namespace {

constexpr std::size_t kMaxOnTheWay = 64;  // messages to the session that the owner's thread has not taken yet
constexpr std::uint64_t kMaxSide = 4096;  // rows and columns

}  // namespace

// Owner's thread only, but for the count. Until the session is open, what is to be told waits here.
struct ShellStream::Session {
  std::atomic<std::size_t> on_the_way = 0;
  std::optional<Id> id;
  bool over = false;
  std::vector<std::function<void(Shells&, const Id&)>> waiting;
};

void ShellStream::on_open(Channel& channel) {
  channel_ = &channel;
  session_ = std::make_shared<Session>();
  Shells::Events events;
  events.output = [weak = weak_from_this(), &io = io_](std::string data) {
    if (weak.expired()) return;
    io.post([weak, data = std::move(data)]() mutable {
      if (const auto self = weak.lock()) self->take_output(std::move(data));
    });
  };
  events.ended = [weak = weak_from_this(), &io = io_, session = session_](std::int32_t exit_code, std::string reason) {
    session->over = true;
    session->waiting.clear();
    if (weak.expired()) return;
    io.post([weak, exit_code, reason] {
      if (const auto self = weak.lock()) self->take_end(exit_code, reason);
    });
  };
  events.opened = [ended = events.ended, session = session_, &shells = shells_](Result<Id> id) {
    if (!id) return ended(-1, id.error().message);
    if (session->over) return;
    session->id = *id;
    for (const auto& what : std::exchange(session->waiting, {})) {
      --session->on_the_way;
      what(shells, *id);
    }
  };
  owner_.post(
      [&shells = shells_, wish = wish_, who = who_, events = std::move(events)] { shells.open(wish, who, events); });
}

bool ShellStream::takes_more() const { return session_ == nullptr || session_->on_the_way < kMaxOnTheWay; }

void ShellStream::tell(std::function<void(Shells&, const Id&)> what) {
  ++session_->on_the_way;
  owner_.post([&shells = shells_, session = session_, what = std::move(what)] {
    if (session->over) return;
    if (!session->id) return session->waiting.push_back(what);
    --session->on_the_way;
    what(shells, *session->id);
  });
}

void ShellStream::on_closed() {
  channel_ = nullptr;
  if (session_ == nullptr) return;
  tell([](Shells& shells, const Id& id) { shells.close(id); });
}

void ShellStream::on_message(bool binary, std::string data) {
  if (channel_ == nullptr) return;
  if (!binary) return take_resize(data);
  for (std::size_t at = 0; at < data.size(); at += wire::kMaxShellData) {
    tell([part = data.substr(at, wire::kMaxShellData)](Shells& shells, const Id& id) { shells.input(id, part); });
  }
}

void ShellStream::take_resize(const std::string& text) {
  const auto message = nlohmann::json::parse(text, nullptr, false);
  const auto side = [&](const char* name) -> std::uint16_t {
    if (!message.contains(name) || !message[name].is_number_unsigned()) return 0;
    const auto value = message[name].get<std::uint64_t>();
    return value <= kMaxSide ? static_cast<std::uint16_t>(value) : std::uint16_t{0};
  };
  const bool known = message.is_object() && message.contains("kind") && message["kind"] == "resize";
  const std::uint16_t rows = known ? side("rows") : std::uint16_t{0};
  const std::uint16_t columns = known ? side("columns") : std::uint16_t{0};
  if (rows == 0 || columns == 0) {
    return channel_->close(kCloseBadData, R"(a text message must be {"kind": "resize", "rows": N, "columns": N})");
  }
  tell([rows, columns](Shells& shells, const Id& id) { shells.resize(id, rows, columns); });
}

void ShellStream::take_output(std::string data) {
  if (channel_ == nullptr) return;
  if (channel_->queued_bytes() + data.size() > kMaxQueuedBytes) {
    return channel_->close(kClosePolicy, "the client does not read fast enough");
  }
  channel_->send_binary(std::move(data));
}

void ShellStream::take_end(std::int32_t exit_code, const std::string& reason) {
  if (channel_ == nullptr) return;
  channel_->send_text(std::make_shared<const std::string>(projection::shell_end_frame(exit_code, reason)));
  channel_->close(kCloseNormal, "");
}

}  // namespace prov::api
