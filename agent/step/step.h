#pragma once
// One attempt of one task on this host, and what became of it: the words that every part of the agent shares.
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/facts.h"
#include "common/ids.h"
#include "common/wire/agent_wire.h"

namespace prov::agent {

struct StepId {
  Id task;
  std::uint32_t attempt = 0;
  auto operator<=>(const StepId&) const = default;
};

struct StepIdHash {
  std::size_t operator()(const StepId& step) const noexcept { return IdHash{}(step.task) + step.attempt; }
};

// Of the task alone: all attempts of one are found in one place.
struct TaskHash {
  std::size_t operator()(const StepId& step) const noexcept { return IdHash{}(step.task); }
};

inline std::string to_text(const StepId& step) { return prov::to_text(step.task) + "/" + std::to_string(step.attempt); }

// PATH of every step, and so where its interpreters are looked for.
inline constexpr const char* kStepPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

using Action = decltype(wire::Order::action);  // what an order runs

// Which boot of the host. All that is said of the present one shares its text: orders are many, and boots few.
class BootId {
 public:
  BootId() = default;
  BootId(std::string text) : text_(std::make_shared<const std::string>(std::move(text))) {}
  BootId(const char* text) : BootId(std::string(text)) {}

  std::string_view text() const { return text_ ? std::string_view(*text_) : std::string_view(); }
  bool operator==(const BootId& other) const { return text_ == other.text_ || text() == other.text(); }

 private:
  std::shared_ptr<const std::string> text_;
};

struct Verdict {
  Outcome outcome = Outcome::failed;
  std::int32_t exit_code = 0;                // -signal when a signal ended it; 0 where nothing ran
  std::string message;                       // why, for people; empty for a plain success
  std::uint64_t output_bytes = 0;            // readable through StepRunner::read_output until it is forgotten
  Digest output_digest;                      // of all of it; digest_of("") when there is none
  std::vector<wire::Variable> outputs = {};  // what it hands on, as take_outputs() leaves it

  bool operator==(const Verdict&) const = default;
};

}  // namespace prov::agent
