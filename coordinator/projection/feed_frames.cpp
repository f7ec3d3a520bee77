#include "coordinator/projection/feed_frames.h"

#include "common/json/json.h"

namespace prov::projection {

using nlohmann::json;

namespace {

std::string text_of(const json& frame) { return frame.dump(-1, ' ', false, json::error_handler_t::replace); }

std::optional<Id> workflow_of(const domain::Envelope& meta) {
  using Kind = domain::AggregateKind;
  if (meta.aggregate_kind != Kind::workflow && meta.aggregate_kind != Kind::task) return std::nullopt;
  const auto id = Id::from(meta.aggregate_id);
  return id ? std::optional<Id>(workflow_id(*id)) : std::nullopt;
}

}  // namespace

Topic topic_of(domain::AggregateKind kind) {
  switch (kind) {
    case domain::AggregateKind::task: return Topic::task;
    case domain::AggregateKind::workflow: return Topic::workflow;
    case domain::AggregateKind::agent:
    case domain::AggregateKind::join_token: return Topic::agent;
    case domain::AggregateKind::server:
    case domain::AggregateKind::taskserv:
    case domain::AggregateKind::cluster: return Topic::server;
    case domain::AggregateKind::platform:
    case domain::AggregateKind::workspace:
    case domain::AggregateKind::session:
    case domain::AggregateKind::secret:
    case domain::AggregateKind::blob:
    case domain::AggregateKind::lock: break;
  }
  return Topic::system;
}

bool passes(const FeedFilter& filter, const domain::Envelope& meta) {
  if (!filter.workspace.empty() && filter.workspace != meta.workspace) return false;
  if (!filter.topics.empty() && !filter.topics.contains(topic_of(meta.aggregate_kind))) return false;
  if (!filter.workflow || meta.correlation == *filter.workflow) return true;
  return workflow_of(meta) == filter.workflow;
}

std::string event_frame(std::uint64_t sequence, std::string_view event_json) {
  const std::string head = R"({"kind":"event","sequence":)" + std::to_string(sequence) + R"(,"event":)";
  if (event_json.size() <= kMaxEventFrameBytes) return head + std::string(event_json) + "}";
  json event = json::parse(event_json, nullptr, false);
  if (!event.is_object()) event = json::object();
  json kept = json::object();
  for (auto& [key, value] : event.items()) {
    if (value.is_primitive()) kept[key] = std::move(value);
  }
  kept["body"] = nullptr;
  kept["truncated"] = true;
  return head + text_of(kept) + "}";
}

std::string output_frame(const Id& task, std::uint32_t attempt, std::uint64_t offset, std::string_view data) {
  return text_of(
      {{"kind", "output"}, {"task", to_text(task)}, {"attempt", attempt}, {"offset", offset}, {"data", data}});
}

std::string ping_frame(std::uint64_t sequence) { return text_of({{"kind", "ping"}, {"sequence", sequence}}); }

std::string output_end_frame(std::string_view outcome, std::int32_t exit_code) {
  return text_of({{"kind", "end"}, {"outcome", outcome}, {"exit_code", exit_code}});
}

std::string attempt_frame(std::uint32_t attempt) { return text_of({{"kind", "attempt"}, {"attempt", attempt}}); }

std::string shell_end_frame(std::int32_t exit_code, std::string_view reason) {
  return text_of({{"kind", "end"}, {"exit_code", exit_code}, {"reason", reason}});
}

}  // namespace prov::projection
