#include "coordinator/event_log/task_table.h"

#include <limits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "common/hash.h"
#include "coordinator/event_log/codec_detail.h"
#include "coordinator/event_log/spec_codec.h"
#include "schema/commit.capnp.h"

namespace prov::event_log {
namespace {

using namespace detail;
using domain::Envelope;
using domain::TaskDispatched;
using domain::TaskEnded;
using domain::TaskStarted;

constexpr std::size_t kMessageBytes = 256;  // of a table with one speaker, without its entries
constexpr std::size_t kSpeakerBytes = 160;  // more or less
constexpr std::size_t kDispatchedBytes = 64, kStartedBytes = 48, kEndedBytes = 168, kEndedPlainlyBytes = 88;

// ---- what many envelopes have in common

struct Speaker {
  std::uint32_t epoch = 0;
  std::string workspace;
  domain::Shared<domain::Principal> principal;

  bool spoke(const Envelope& meta) const {
    return meta.epoch == epoch && meta.workspace == workspace && meta.principal == principal;
  }
};

// Each has a number, from 0 on. Who spoke last mostly speaks again.
class Speakers {
 public:
  std::uint32_t number_of(const Envelope& meta, std::uint32_t guess) {
    if (guess < all_.size() && all_[guess].spoke(meta)) return guess;
    std::string key = meta.workspace;
    for (const std::string* part : {&meta.principal->subject, &meta.principal->credential}) (key += '\0') += *part;
    const auto [begin, end] = numbers_.equal_range(key);
    for (auto one = begin; one != end; ++one) {
      if (all_[one->second].spoke(meta)) return one->second;
    }
    all_.push_back({meta.epoch, meta.workspace, meta.principal});
    return numbers_.emplace(std::move(key), static_cast<std::uint32_t>(all_.size() - 1))->second;
  }
  const std::vector<Speaker>& all() const { return all_; }

 private:
  std::vector<Speaker> all_;
  std::unordered_multimap<std::string, std::uint32_t> numbers_;
};

// Each has a number, from 1 on; 0 is the coordinator itself.
class Agents {
 public:
  std::uint32_t number_of(const Key& agent, std::uint32_t guess) {
    if (agent.is_zero()) return 0;
    if (guess > 0 && all_[guess - 1] == agent) return guess;
    const auto [known, is_new] = numbers_.try_emplace(agent, static_cast<std::uint32_t>(all_.size() + 1));
    if (is_new) all_.push_back(agent);
    return known->second;
  }
  const std::vector<Key>& all() const { return all_; }

 private:
  std::vector<Key> all_;
  std::unordered_map<Key, std::uint32_t, IdHash> numbers_;
};

// ---- entries

// What an entry says in place of an envelope, as in the schema.
struct Place {
  std::uint32_t place = 0, speaker = 0, caused_back = 0, log_after_ms = 0;
  std::int32_t wall_after_ms = 0;
  TimeMs agent_time_ms = 0;
};

// A TaskEnded of which there is no more to say.
struct EndedPlainly {
  Id task;
  std::uint32_t attempt = 0;
  std::uint32_t took_ms = 0;
  Outcome outcome = Outcome::done;
  bool started = false;
  Digest order_digest;
};

const Digest& digest_of_nothing() {
  static const Digest nothing = digest_of("");
  return nothing;
}

bool is_plain(const TaskEnded& e) {
  return e.output_bytes == 0 && e.exit_code == 0 && e.message.empty() && e.outputs.empty() && e.retry_at_ms == 0 &&
         e.took_ms <= std::numeric_limits<std::uint32_t>::max() && e.output_digest == digest_of_nothing();
}

EndedPlainly plainly(const TaskEnded& e) {
  return {e.task, e.attempt, static_cast<std::uint32_t>(e.took_ms), e.outcome, e.started, e.order_digest};
}

template <class Body>
struct Row {
  Place at;
  std::uint32_t agent = 0;  // of a dispatch
  Body body;
};

template <class Builder, class Body>
void put_place(Builder out, const Row<Body>& row) {
  out.setPlace(row.at.place);
  out.setSpeaker(row.at.speaker);
  out.setCausedBack(row.at.caused_back);
  out.setLogAfterMs(row.at.log_after_ms);
  out.setWallAfterMs(row.at.wall_after_ms);
  out.setAttempt(row.body.attempt);
  out.setTaskFirst(word_of(row.body.task, 0));
  out.setTaskLast(word_of(row.body.task, 1));
  out.setAgentTimeMs(row.at.agent_time_ms);
}

void put_own(schema::TaskTable::Dispatched::Builder out, const Row<TaskDispatched>& row) {
  out.setAgent(row.agent);
  out.setDeadlineMs(row.body.deadline_ms);
}

void put_own(schema::TaskTable::Started::Builder, const Row<TaskStarted>&) {}

void put_own(schema::TaskTable::Ended::Builder out, const Row<TaskEnded>& row) {
  const TaskEnded& e = row.body;
  out.setOutcome(static_cast<schema::Outcome>(e.outcome));
  out.setStarted(e.started);
  out.setExitCode(e.exit_code);
  out.setTookMs(e.took_ms);
  out.setRetryAtMs(e.retry_at_ms);
  out.setOutputBytes(e.output_bytes);
  out.setOutputDigest0(word_of(e.output_digest, 0));
  out.setOutputDigest1(word_of(e.output_digest, 1));
  out.setOutputDigest2(word_of(e.output_digest, 2));
  out.setOutputDigest3(word_of(e.output_digest, 3));
  out.setOrderDigest0(word_of(e.order_digest, 0));
  out.setOrderDigest1(word_of(e.order_digest, 1));
  out.setOrderDigest2(word_of(e.order_digest, 2));
  out.setOrderDigest3(word_of(e.order_digest, 3));
  PUT_TEXT(out, Message, e.message);
  PUT_LIST(out, Outputs, e.outputs, put_pairs);
}

void put_own(schema::TaskTable::EndedPlainly::Builder out, const Row<EndedPlainly>& row) {
  const EndedPlainly& e = row.body;
  out.setTookMs(e.took_ms);
  out.setOutcome(static_cast<schema::Outcome>(e.outcome));
  out.setStarted(e.started);
  out.setOrderDigest0(word_of(e.order_digest, 0));
  out.setOrderDigest1(word_of(e.order_digest, 1));
  out.setOrderDigest2(word_of(e.order_digest, 2));
  out.setOrderDigest3(word_of(e.order_digest, 3));
}

constexpr auto put_rows = [](auto list, const auto& rows) {
  for (unsigned i = 0; i < list.size(); ++i) {
    put_place(list[i], rows[i]);
    put_own(list[i], rows[i]);
  }
};

constexpr auto put_speakers = [](auto list, const std::vector<Speaker>& speakers) {
  for (unsigned i = 0; i < list.size(); ++i) {
    auto out = list[i];
    out.setEpoch(speakers[i].epoch);
    PUT_TEXT(out, Workspace, speakers[i].workspace);
    PUT_TEXT(out, Subject, speakers[i].principal->subject);
    PUT_TEXT(out, Credential, speakers[i].principal->credential);
    out.setTransport(static_cast<schema::Transport>(speakers[i].principal->transport));
  }
};

constexpr auto put_keys = [](auto list, const std::vector<Key>& keys) {
  for (unsigned i = 0; i < list.size(); ++i) list.set(i, to_data(keys[i]));
};

// Whether the envelope says nothing of the task beyond what its id does.
bool is_about(const Envelope& meta, const Id& task) {
  return meta.aggregate_kind == domain::AggregateKind::task && meta.aggregate_id == task.view() &&
         meta.correlation == workflow_id(task) && meta.command_id.is_zero() && meta.command_digest == 0;
}

tl::unexpected<Error> corrupt_table(const std::string& why) {
  return fail(Code::corrupt, "its table of tasks does not decode: " + why.substr(0, 200));
}

}  // namespace

// ---- building

struct TaskTableBuilder::Content {
  Id log_id;
  TimeMs log_time_ms = 0, wall_time_ms = 0;
  Speakers speakers;
  Agents agents;
  std::vector<Row<TaskDispatched>> dispatched;
  std::vector<Row<TaskStarted>> started;
  std::vector<Row<TaskEnded>> ended;
  std::vector<Row<EndedPlainly>> ended_plainly;
  std::size_t text_bytes = 0;
  std::vector<capnp::word> scratch;  // zeros, where the message is made

  std::size_t count() const { return dispatched.size() + started.size() + ended.size() + ended_plainly.size(); }
  bool empty() const { return count() == 0; }

  std::size_t bytes() const {
    if (empty()) return 0;
    return kMessageBytes + kSpeakerBytes * speakers.all().size() + (Key::kSize + 8) * agents.all().size() +
           kDispatchedBytes * dispatched.size() + kStartedBytes * started.size() + kEndedBytes * ended.size() +
           kEndedPlainlyBytes * ended_plainly.size() + text_bytes;
  }

  void clear() {
    speakers = {};
    agents = {};
    dispatched.clear();
    started.clear();
    ended.clear();
    ended_plainly.clear();
    text_bytes = 0;
  }

  // False: what the envelope says is out of an entry's reach.
  bool place(Place& out, std::uint32_t place, const Envelope& meta) {
    if (empty()) {
      log_id = meta.log_id;
      log_time_ms = meta.log_time_ms;
      wall_time_ms = meta.wall_time_ms;
    }
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
    const std::uint64_t back = meta.causation == 0 ? 0 : meta.sequence - meta.causation;
    const std::uint64_t after_ms = meta.log_time_ms - log_time_ms;
    const auto wall_after_ms = static_cast<std::int64_t>(meta.wall_time_ms - wall_time_ms);
    const bool fits = meta.log_id == log_id && meta.causation < meta.sequence && back <= kMost && after_ms <= kMost &&
                      wall_after_ms == static_cast<std::int32_t>(wall_after_ms);
    if (!fits) return false;
    out.place = place;
    out.caused_back = static_cast<std::uint32_t>(back);
    out.log_after_ms = static_cast<std::uint32_t>(after_ms);
    out.wall_after_ms = static_cast<std::int32_t>(wall_after_ms);
    out.agent_time_ms = meta.agent_time_ms;
    return true;
  }

  template <class Body>
  bool add(std::vector<Row<Body>>& rows, std::uint32_t at, const Envelope& meta, const Body& body) {
    Place where;
    if (!is_about(meta, body.task) || !place(where, at, meta)) return false;
    where.speaker = speakers.number_of(meta, rows.empty() ? 0 : rows.back().at.speaker);
    std::uint32_t agent = 0;
    if constexpr (requires { body.agent; }) {
      agent = agents.number_of(body.agent, rows.empty() ? 0 : rows.back().agent);
    }
    rows.push_back({where, agent, body});
    return true;
  }
};

TaskTableBuilder::TaskTableBuilder() = default;
TaskTableBuilder::~TaskTableBuilder() = default;
TaskTableBuilder::TaskTableBuilder(TaskTableBuilder&&) noexcept = default;
TaskTableBuilder& TaskTableBuilder::operator=(TaskTableBuilder&&) noexcept = default;

bool TaskTableBuilder::add(std::uint32_t place, const domain::Event& event) {
  if (!content_) content_ = std::make_unique<Content>();
  Content& to = *content_;
  if (const auto* body = std::get_if<TaskDispatched>(&event.body))
    return to.add(to.dispatched, place, event.meta, *body);
  if (const auto* body = std::get_if<TaskStarted>(&event.body)) return to.add(to.started, place, event.meta, *body);
  const auto* body = std::get_if<TaskEnded>(&event.body);
  if (body == nullptr || body->outcome > Outcome::refused) return false;
  if (is_plain(*body)) return to.add(to.ended_plainly, place, event.meta, plainly(*body));
  if (!to.add(to.ended, place, event.meta, *body)) return false;
  to.text_bytes += body->message.size();
  for (const auto& [name, value] : body->outputs) to.text_bytes += 32 + name.size() + value.size();
  return true;
}

std::uint32_t TaskTableBuilder::count() const { return content_ ? static_cast<std::uint32_t>(content_->count()) : 0; }

bool TaskTableBuilder::has_plain_ends() const { return content_ && !content_->ended_plainly.empty(); }

std::size_t TaskTableBuilder::bytes() const { return content_ ? content_->bytes() : 0; }

void TaskTableBuilder::clear() {
  constexpr std::size_t kWorthKeeping = 512 << 10;  // what a full commit of a busy log takes
  if (content_ && content_->bytes() > kWorthKeeping) content_.reset();
  if (content_) content_->clear();
}

void TaskTableBuilder::append_to(std::string& out) {
  Content& of = *content_;
  const std::size_t words = of.bytes() / sizeof(capnp::word);
  if (of.scratch.size() < words) of.scratch.resize(words);
  capnp::MallocMessageBuilder message(kj::arrayPtr(of.scratch.data(), of.scratch.size()));  // zeroes it at its end
  auto root = message.initRoot<schema::TaskTable>();
  PUT_ID(root, LogId, of.log_id);
  root.setLogTimeMs(of.log_time_ms);
  root.setWallTimeMs(of.wall_time_ms);
  PUT_LIST(root, Speakers, of.speakers.all(), put_speakers);
  PUT_LIST(root, Agents, of.agents.all(), put_keys);
  PUT_LIST(root, Dispatched, of.dispatched, put_rows);
  PUT_LIST(root, Started, of.started, put_rows);
  PUT_LIST(root, Ended, of.ended, put_rows);
  PUT_LIST(root, EndedPlainly, of.ended_plainly, put_rows);
  const auto segments = message.getSegmentsForOutput();
  const std::size_t at = out.size();
  out.resize(at + flat_bytes(segments));
  write_flat(segments, out.data() + at);
}

// ---- reading

struct TaskTable::Content {
  explicit Content(std::string_view bytes) : message(bytes), root(message.root<schema::TaskTable>()) {
    get_fixed(log_id, root.getLogId(), "logId");
    for (const auto in : root.getSpeakers()) {
      speakers.push_back({in.getEpoch(), text_of(in.getWorkspace()),
                          domain::Shared(domain::Principal{text_of(in.getSubject()), text_of(in.getCredential()),
                                                           static_cast<domain::Transport>(in.getTransport())})});
    }
    for (const auto in : root.getAgents()) get_fixed(agents.emplace_back(), in, "agent");
    dispatched = root.getDispatched();
    started = root.getStarted();
    ended = root.getEnded();
    ended_plainly = root.getEndedPlainly();
  }

  // Where an entry stands: which list, and its index there. `none`: an event of its own is at that place.
  enum class List : std::uint8_t { none, dispatched, started, ended, ended_plainly };
  struct Entry {
    List list = List::none;
    std::uint32_t index = 0;
  };

  template <class Rows>
  void lay_out(List list, Rows rows) {
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
      const std::uint32_t place = rows[i].getPlace();
      if (place >= entries.size() || entries[place].list != List::none) throw Malformed{"place"};
      entries[place] = {list, i};
    }
  }

  template <class Visit>
  auto at(std::uint32_t place, Visit visit) const {
    const Entry entry = entries[place];
    if (entry.list == List::dispatched) return visit(dispatched[entry.index]);
    if (entry.list == List::started) return visit(started[entry.index]);
    if (entry.list == List::ended) return visit(ended[entry.index]);
    return visit(ended_plainly[entry.index]);
  }

  template <class Reader>
  void get_meta(Reader in, std::uint64_t sequence, const Id& task, Envelope& meta) const {
    if (in.getSpeaker() >= speakers.size()) throw Malformed{"speaker"};
    const Speaker& speaker = speakers[in.getSpeaker()];
    const std::uint32_t back = in.getCausedBack();
    if (back >= sequence) throw Malformed{"causedBack"};
    meta.log_id = log_id;
    meta.epoch = speaker.epoch;
    meta.sequence = sequence;
    meta.workspace = speaker.workspace;
    meta.aggregate_kind = domain::AggregateKind::task;
    meta.aggregate_id = task.view();
    meta.principal = speaker.principal;
    meta.correlation = workflow_id(task);
    meta.causation = back == 0 ? 0 : sequence - back;
    meta.log_time_ms = root.getLogTimeMs() + in.getLogAfterMs();
    meta.wall_time_ms = root.getWallTimeMs() + static_cast<std::uint64_t>(std::int64_t{in.getWallAfterMs()});
    meta.agent_time_ms = in.getAgentTimeMs();
  }

  void get_body(schema::TaskTable::Dispatched::Reader in, const Id& task, domain::EventBody& out) const {
    if (in.getAgent() > agents.size()) throw Malformed{"agent"};
    const Key agent = in.getAgent() == 0 ? Key{} : agents[in.getAgent() - 1];
    out.emplace<TaskDispatched>(TaskDispatched{task, in.getAttempt(), agent, in.getDeadlineMs()});
  }
  void get_body(schema::TaskTable::Started::Reader in, const Id& task, domain::EventBody& out) const {
    out.emplace<TaskStarted>(TaskStarted{task, in.getAttempt()});
  }
  void get_body(schema::TaskTable::Ended::Reader in, const Id& task, domain::EventBody& out) const {
    if (static_cast<std::uint16_t>(in.getOutcome()) >= kOutcomes) throw Malformed{"outcome"};
    auto& e = out.emplace<TaskEnded>();
    e.task = task;
    e.attempt = in.getAttempt();
    e.outcome = static_cast<Outcome>(in.getOutcome());
    e.exit_code = in.getExitCode();
    e.message = text_of(in.getMessage());
    e.output_bytes = in.getOutputBytes();
    e.output_digest =
        of_words<Digest>({in.getOutputDigest0(), in.getOutputDigest1(), in.getOutputDigest2(), in.getOutputDigest3()});
    e.order_digest =
        of_words<Digest>({in.getOrderDigest0(), in.getOrderDigest1(), in.getOrderDigest2(), in.getOrderDigest3()});
    e.retry_at_ms = in.getRetryAtMs();
    e.outputs = get_outputs(in.getOutputs());
    e.started = in.getStarted();
    e.took_ms = in.getTookMs();
  }

  void get_body(schema::TaskTable::EndedPlainly::Reader in, const Id& task, domain::EventBody& out) const {
    if (static_cast<std::uint16_t>(in.getOutcome()) >= kOutcomes) throw Malformed{"outcome"};
    auto& e = out.emplace<TaskEnded>();
    e.task = task;
    e.attempt = in.getAttempt();
    e.outcome = static_cast<Outcome>(in.getOutcome());
    e.output_digest = digest_of_nothing();
    e.order_digest =
        of_words<Digest>({in.getOrderDigest0(), in.getOrderDigest1(), in.getOrderDigest2(), in.getOrderDigest3()});
    e.started = in.getStarted();
    e.took_ms = in.getTookMs();
  }

  FlatReader message;
  schema::TaskTable::Reader root;
  Id log_id;
  std::vector<Speaker> speakers;
  std::vector<Key> agents;
  capnp::List<schema::TaskTable::Dispatched>::Reader dispatched;
  capnp::List<schema::TaskTable::Started>::Reader started;
  capnp::List<schema::TaskTable::Ended>::Reader ended;
  capnp::List<schema::TaskTable::EndedPlainly>::Reader ended_plainly;
  std::vector<Entry> entries;  // by place
};

namespace {

// What `read` gives, a Result; whatever it throws is corrupt.
template <class Read>
auto guarded(Read read) -> decltype(read()) {
  try {
    return read();
  } catch (const Malformed& malformed) {
    return corrupt_table(std::string("its ") + malformed.field + " is not what it must be");
  } catch (const kj::Exception& broken) {
    return corrupt_table(broken.getDescription().cStr());
  }
}

}  // namespace

TaskTable::TaskTable(std::unique_ptr<Content> content) : content_(std::move(content)) {}
TaskTable::~TaskTable() = default;

Result<std::unique_ptr<TaskTable>> TaskTable::open(std::string_view bytes) {
  return guarded([&]() -> Result<std::unique_ptr<TaskTable>> {
    return std::unique_ptr<TaskTable>(new TaskTable(std::make_unique<Content>(bytes)));
  });
}

std::uint32_t TaskTable::count() const {
  const std::uint64_t count = std::uint64_t{content_->dispatched.size()} + content_->started.size() +
                              content_->ended.size() + content_->ended_plainly.size();
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(count, std::numeric_limits<std::uint32_t>::max()));
}

Result<void> TaskTable::lay_out(std::uint32_t places) {
  return guarded([&]() -> Result<void> {
    content_->entries.assign(places, {});
    content_->lay_out(Content::List::dispatched, content_->dispatched);
    content_->lay_out(Content::List::started, content_->started);
    content_->lay_out(Content::List::ended, content_->ended);
    content_->lay_out(Content::List::ended_plainly, content_->ended_plainly);
    return {};
  });
}

bool TaskTable::has(std::uint32_t place) const { return content_->entries[place].list != Content::List::none; }

Result<domain::Event> TaskTable::event(std::uint32_t place, std::uint64_t sequence) const {
  return guarded([&] {
    return content_->at(place, [&](auto in) {
      Result<domain::Event> out = domain::Event{};
      const Id task = of_words<Id>({in.getTaskFirst(), in.getTaskLast()});
      content_->get_meta(in, sequence, task, out->meta);
      content_->get_body(in, task, out->body);
      return out;
    });
  });
}

Result<Envelope> TaskTable::envelope(std::uint32_t place, std::uint64_t sequence) const {
  return guarded([&] {
    return content_->at(place, [&](auto in) {
      Result<Envelope> out = Envelope{};
      content_->get_meta(in, sequence, of_words<Id>({in.getTaskFirst(), in.getTaskLast()}), *out);
      return out;
    });
  });
}

}  // namespace prov::event_log
