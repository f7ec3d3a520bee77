#include "agent/core/shells.h"

namespace prov::agent {
namespace {

constexpr std::size_t kMaxSessions = 32;
constexpr std::size_t kWindowBytes = 256 << 10;

}  // namespace

void Shells::open(const wire::ShellOpen& request) {
  if (sessions_.contains(request.session)) return;  // a repeated frame
  const auto refuse = [&](const std::string& why) { hooks_.send(wire::ShellClosed{request.session, -1, why}); };
  if (terminals_ == nullptr) return refuse("this agent has no terminals");
  if (sessions_.size() >= kMaxSessions) return refuse("this host has " + std::to_string(kMaxSessions) + " shells open");
  const Id id = request.session;
  Terminals::Handler handler{[this, id](std::string data) { printed(id, std::move(data)); },
                             [this, id](std::int32_t code) { ended(id, code); }};
  auto terminal = terminals_->open(request, std::move(handler));
  if (!terminal) return refuse(terminal.error().message);
  if (awaited_ != 0) (*terminal)->read_more(false);
  sessions_.emplace(id, std::move(*terminal));
}

bool Shells::data(const wire::ShellData& data) {
  const auto it = sessions_.find(data.session);
  if (it == sessions_.end()) return false;
  if (auto written = it->second->write(data.data); !written) {
    hooks_.send(wire::ShellClosed{data.session, -1, written.error().message});
    sessions_.erase(it);
  }
  return true;
}

bool Shells::resize(const wire::ShellResize& resize) {
  const auto it = sessions_.find(resize.session);
  if (it == sessions_.end()) return false;
  it->second->resize(resize.rows, resize.columns);
  return true;
}

bool Shells::close(const Id& session) { return sessions_.erase(session) != 0; }

void Shells::close_all() {
  sessions_.clear();
  unanswered_bytes_ = 0;
  awaited_ = 0;
}

void Shells::printed(const Id& session, std::string data) {
  unanswered_bytes_ += data.size();
  hooks_.send(wire::ShellData{session, std::move(data)});
  if (unanswered_bytes_ < kWindowBytes || awaited_ != 0) return;
  awaited_ = hooks_.beat();
  for (auto& [id, terminal] : sessions_) terminal->read_more(false);
}

void Shells::ended(Id session, std::int32_t exit_code) {
  hooks_.send(wire::ShellClosed{session, exit_code, {}});
  sessions_.erase(session);
}

void Shells::answered(std::uint64_t count) {
  if (awaited_ == 0 || count < awaited_) return;
  awaited_ = 0;
  unanswered_bytes_ = 0;
  for (auto& [id, terminal] : sessions_) terminal->read_more(true);
}

}  // namespace prov::agent
