#pragma once
// The messages of the feed (docs/formats/rest.md), and which of them concerns whom.
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "coordinator/domain/events.h"

namespace prov::projection {

inline constexpr std::size_t kMaxEventFrameBytes = 1 << 20;  // an event with more comes without its body

enum class Topic { task, workflow, agent, server, batch, system };
inline constexpr std::string_view kTopicNames[] = {"task", "workflow", "agent", "server", "batch", "system"};

Topic topic_of(domain::AggregateKind kind);

struct FeedFilter {
  std::set<Topic> topics;  // empty: all
  std::string workspace;   // empty: all
  std::optional<Id> workflow;
};
bool passes(const FeedFilter& filter, const domain::Envelope& meta);

// `event_json` is the event as one JSON object, as `audit export` writes it.
std::string event_frame(std::uint64_t sequence, std::string_view event_json);
std::string output_frame(const Id& task, std::uint32_t attempt, std::uint64_t offset, std::string_view data);
std::string ping_frame(std::uint64_t sequence);  // everything up to it was sent or filtered out

// ends of the other streams
std::string output_end_frame(std::string_view outcome, std::int32_t exit_code);
std::string attempt_frame(std::uint32_t attempt);
std::string shell_end_frame(std::int32_t exit_code, std::string_view reason);

}  // namespace prov::projection
