#include "coordinator/dispatcher/desk.h"

#include "coordinator/event_log/blobs.h"

namespace prov::dispatcher {

domain::Principal agent_principal(const Key& agent) {
  return {"agent:" + to_text(agent), "curve", domain::Transport::agent_link};
}

domain::Principal system_principal() { return {"system", "", domain::Transport::internal}; }

void Desk::report_ended(const Key& agent, domain::TaskEnded ended, std::optional<domain::ServerCreated> created) {
  constexpr std::uint64_t kAgainMs = 1'000;
  if (!core.read_only_reason().empty()) {
    timers.after(kAgainMs, [this, still = std::weak_ptr(alive), agent, ended = std::move(ended), created] {
      if (!still.expired()) report_ended(agent, ended, created);
    });
    return;
  }
  core.submit({{}, "", domain::ReportEnded{agent, std::move(ended), 0, std::move(created)}}, system_principal(), {});
}

void Desk::store_output(const Id& task, std::uint32_t attempt, std::uint64_t offset, std::string data) {
  writer.write_side(event_log::output_record(task, attempt, offset, data));
  if (!output_listener) return;
  core.when_durable(
      [this, task, attempt, offset, data = std::move(data)] { output_listener(task, attempt, offset, data); });
}

}  // namespace prov::dispatcher
