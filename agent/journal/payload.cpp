#include "agent/journal/payload.h"

#include <bit>
#include <concepts>
#include <cstring>

#include "agent/journal/limits.h"
#include "agent/step/judge.h"
#include "common/wire/codec_detail.h"

namespace prov::agent {
namespace {

using wire::detail::prose, wire::detail::refuse;

static_assert(std::endian::native == std::endian::little);  // numbers are copied as they are

enum class Kind : std::uint8_t { identity = 1, seen, assigned, started, ended, reported, distrust, done };

class Counter {  // of the bytes that a Writer would write
 public:
  void number(std::integral auto value) { size_ += sizeof value; }
  void bytes(std::string_view value) { size_ += value.size(); }
  std::size_t size() const { return size_; }

 private:
  std::size_t size_ = 0;
};

class Writer {
 public:
  explicit Writer(char* to) : at_(to) {}
  void number(std::integral auto value) {
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }
  void bytes(std::string_view value) {
    std::memcpy(at_, value.data(), value.size());
    at_ += value.size();
  }
  const char* end() const { return at_; }

 private:
  char* at_;
};

template <class Out>
struct Put {
  Out& out;
  const TimeMs time_ms;
  const std::string_view order;  // of an Assigned

  void head(Kind kind) {
    out.number(static_cast<std::uint8_t>(kind));
    out.number(time_ms);
  }
  void text(std::string_view value) {
    out.number(static_cast<std::uint32_t>(value.size()));
    out.bytes(value);
  }
  void step(const StepId& step) {
    out.bytes(step.task.view());
    out.number(step.attempt);
  }

  void operator()(const Identity& identity) {
    head(Kind::identity);
    out.bytes(identity.agent.view());
    out.bytes(identity.log_id.view());
  }
  void operator()(const Seen& seen) {
    head(Kind::seen);
    out.number(seen.epoch);
    out.number(seen.settled_through);
    out.number(seen.log_sequence);
  }
  void operator()(const Assigned& assigned) {
    head(Kind::assigned);
    out.bytes(assigned.order_digest.view());
    text(assigned.boot_id.text());
    out.bytes(order);
  }
  void operator()(const Started& started) {
    head(Kind::started);
    step(started.step);
    text(started.boot_id.text());
  }
  void operator()(const StepEnded& ended) {
    const Verdict& verdict = ended.verdict;
    const bool silent = verdict == silent_success();
    head(silent ? Kind::done : Kind::ended);
    step(ended.step);
    if (silent) return;
    out.number(static_cast<std::uint8_t>(verdict.outcome));
    out.number(verdict.exit_code);
    out.number(verdict.output_bytes);
    out.bytes(verdict.output_digest.view());
    text(prose(verdict.message));
    out.number(static_cast<std::uint32_t>(verdict.outputs.size()));
    for (const wire::Variable& each : verdict.outputs) {
      text(each.name);
      text(each.value);
    }
  }
  void operator()(const Reported& reported) {
    head(Kind::reported);
    step(reported.step);
  }
  void operator()(const Distrust& distrust) {
    head(Kind::distrust);
    out.number(distrust.through);
  }
};

template <class Out>
void put(Out& out, const Record& record, std::string_view order) {
  std::visit(Put<Out>{out, record.time_ms, order}, record.what);
}

// Each throws Refusal where the bytes end too soon.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <std::integral T>
  T number() {
    T out = 0;
    std::memcpy(&out, bytes(sizeof out).data(), sizeof out);
    return out;
  }
  template <class T>
  T fixed() {
    return *T::from(bytes(T::kSize));
  }
  std::string text(std::size_t max_bytes, const char* field) {
    const auto size = number<std::uint32_t>();
    if (size > max_bytes) refuse(std::string(field) + " has " + std::to_string(size) + " bytes");
    const std::string_view out = bytes(size);
    if (out.find('\0') != std::string_view::npos) refuse(std::string(field) + " contains a NUL");
    return std::string(out);
  }
  std::string_view rest() { return bytes(rest_.size()); }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view bytes(std::size_t size) {
    if (size > rest_.size()) refuse("it is cut off");
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }

  std::string_view rest_;
};

// One statement for each field: arguments of a call have no order.
StepId get_step(Reader& in) {
  StepId out;
  out.task = in.fixed<Id>();
  out.attempt = in.number<std::uint32_t>();
  return out;
}

Identity get_identity(Reader& in) {
  Identity out;
  out.agent = in.fixed<Key>();
  out.log_id = in.fixed<Id>();
  return out;
}

Seen get_seen(Reader& in) {
  Seen out;
  out.epoch = in.number<std::uint32_t>();
  out.settled_through = in.number<std::uint64_t>();
  out.log_sequence = in.number<std::uint64_t>();
  return out;
}

Assigned get_assigned(Reader& in) {
  Assigned out;
  out.order_digest = in.fixed<Digest>();
  out.boot_id = in.text(kMaxBootIdBytes, "boot");
  auto order = wire::decode_order(in.rest());
  if (!order) refuse(order.error().message);
  out.order = std::move(*order);
  return out;
}

Started get_started(Reader& in) {
  Started out;
  out.step = get_step(in);
  out.boot_id = in.text(kMaxBootIdBytes, "boot");
  return out;
}

std::vector<wire::Variable> get_outputs(Reader& in) {
  const auto count = in.number<std::uint32_t>();
  if (count > wire::kMaxOutputs) refuse("outputs has " + std::to_string(count) + " elements");
  std::vector<wire::Variable> out(count);
  for (wire::Variable& each : out) {
    each.name = in.text(wire::kMaxOutputNameBytes, "output name");
    each.value = in.text(wire::kMaxOutputValueBytes, "output value");
  }
  if (const std::string fault = wire::outputs_fault(out); !fault.empty()) refuse(fault);
  return out;
}

StepEnded get_ended(Reader& in) {
  StepEnded out;
  Verdict& verdict = out.verdict;
  out.step = get_step(in);
  const auto outcome = in.number<std::uint8_t>();
  if (outcome >= kOutcomes) refuse("outcome " + std::to_string(outcome) + " is not known");
  verdict.outcome = static_cast<Outcome>(outcome);
  verdict.exit_code = in.number<std::int32_t>();
  verdict.output_bytes = in.number<std::uint64_t>();
  verdict.output_digest = in.fixed<Digest>();
  verdict.message = in.text(kMaxMessageBytes, "message");
  verdict.outputs = get_outputs(in);
  return out;
}

decltype(Record::what) get_what(Kind kind, Reader& in) {
  switch (kind) {
    case Kind::identity: return get_identity(in);
    case Kind::seen: return get_seen(in);
    case Kind::assigned: return get_assigned(in);
    case Kind::started: return get_started(in);
    case Kind::ended: return get_ended(in);
    case Kind::reported: return Reported{get_step(in)};
    case Kind::distrust: return Distrust{in.number<std::uint64_t>()};
    case Kind::done: return StepEnded{get_step(in), silent_success()};
  }
  refuse("its kind is not known");
}

Record get_record(Reader& in) {
  Record out;
  const auto kind = static_cast<Kind>(in.number<std::uint8_t>());
  out.time_ms = in.number<TimeMs>();
  out.what = get_what(kind, in);
  if (!in.at_end()) refuse("something follows its end");
  return out;
}

std::size_t size_of(const Record& record, std::string_view order) {
  Counter counter;
  put(counter, record, order);
  return counter.size();
}

}  // namespace

Payload::Payload(const Record& record, std::string_view order)
    : record_(record), order_(order), size_(size_of(record, order)) {}

void Payload::write(char* to) const {
  Writer writer(to);
  put(writer, record_, order_);
  PROV_ASSERT(writer.end() == to + size_);
}

Result<Record> read_payload(std::string_view bytes) {
  try {
    Reader in(bytes);
    return get_record(in);
  } catch (const wire::detail::Refusal& refusal) {
    return tl::unexpected(wire::detail::invalid("journal record", refusal.why));
  }
}

}  // namespace prov::agent
