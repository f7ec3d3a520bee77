// First inputs of the targets whose bytes nobody writes by hand: `fuzz_seeds CORPUS`. Adds what is not there yet.
#include <filesystem>
#include <fstream>

#include "agent/executor/step_dir.h"
#include "agent/journal/record_codec.h"
#include "common/hash.h"
#include "common/json/json.h"
#include "common/wire/join_token.h"
#include "coordinator/cli/verbs/saved_plan.h"
#include "coordinator/domain/evolve.h"
#include "coordinator/event_log/archiver.h"
#include "coordinator/event_log/commit.h"
#include "coordinator/event_log/log_writer.h"
#include "coordinator/event_log/state_codec.h"
#include "coordinator/event_log/workflow_records.h"
#include "tests/support/record_log/any_command.h"
#include "tests/support/record_log/any_event.h"
#include "tests/support/record_log/fakes.h"
#include "tests/support/record_log/history.h"
#include "tests/support/record_log/memory_record_log.h"

namespace {

using namespace prov;
namespace fs = std::filesystem;

void write_new(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  if (!fs::exists(path)) std::ofstream(path, std::ios::binary) << bytes;
}

std::vector<agent::Record> sample_records() {
  const agent::StepId step{Id{{1}}, 1};
  wire::Order order;
  order.task = step.task;
  order.attempt = 1;
  order.timeout_s = 60;
  wire::Exec exec;
  exec.argv = {"echo", "hello"};
  exec.stdin_data = "input";
  order.action = exec;
  return {{1000, agent::Identity{Key{{2}}, Id{{3}}}},
          {1001, agent::Seen{1, 2, 3}},
          {1002, agent::Assigned{order, Digest{{4}}, "boot"}},
          {1003, agent::Started{step, "boot"}},
          {1004, agent::StepEnded{step, {Outcome::done, 0, "", 6, Digest{{5}}, {{"port", "5432"}}}}},
          {1005, agent::Reported{step}},
          {1006, agent::Distrust{7}}};
}

std::string sample_journal() {
  std::string out(agent::kJournalMagic);
  for (const agent::Record& record : sample_records()) agent::append_record(out, record);
  return out;
}

// Each by itself: the target takes them as well.
void write_payloads(const fs::path& folder) {
  constexpr std::size_t kHeadBytes = 16;
  for (const agent::Record& record : sample_records()) {
    write_new(folder / ("payload-" + std::to_string(record.what.index())),
              agent::encode_record(record).substr(kHeadBytes));
  }
}

std::string commit_of(const std::vector<domain::Event>& events, std::size_t first, std::size_t count) {
  event_log::EventEncoder encoder;
  event_log::CommitBuilder commit;
  for (std::size_t i = first; i < std::min(first + count, events.size()); ++i) commit.add(encoder, events[i]);
  Digest own;
  const std::string bytes = commit.finish(1, Digest{}, own);
  return bytes.substr(0, bytes.size() - own.bytes.size());
}

// Lives of different lengths: their states, and their first and last events as commits without the hash at the end.
void write_lives(const fs::path& corpus) {
  for (const int steps : {0, 3, 10, 40, 150}) {
    test::ManualClock clock;
    std::vector<domain::Event> events;
    test::History life(static_cast<std::uint64_t>(steps) + 1, clock, [&](domain::Event event) {
      event.meta.sequence = events.size() + 1;
      event.meta.log_id = Id{{9}};
      event.meta.log_time_ms = clock.wall;
      events.push_back(event);
      return std::make_shared<const domain::Event>(std::move(event));
    });
    life.begin();
    for (int i = 0; i < steps; ++i) life.step();
    const std::string name = "life-" + std::to_string(steps);
    write_new(corpus / "state" / name, event_log::encode_state(life.state()));
    write_new(corpus / "commit" / name, commit_of(events, 0, 6));
    if (steps == 150) write_new(corpus / "commit" / (name + "-end"), commit_of(events, events.size() - 12, 12));
  }
}

// What one event of each type leads to. (The events themselves are in tests/compat.)
void write_state_of_all_events(const fs::path& corpus) {
  domain::State state;
  for (std::size_t type = 1; type < domain::kEventTypes; ++type) {
    domain::evolve(state, test::AnyEvent(type, true).of_type(type));
  }
  write_new(corpus / "state" / "every-event", event_log::encode_state(state));
}

void write_index_records(const fs::path& folder) {
  const domain::Principal who{"uid:0", "peer", domain::Transport::unix_socket};
  write_new(folder / "submission",
            event_log::encode(event_log::SubmissionRecord{
                {7, 80, 1'700'000'000'000}, "demo", "exec", "uptime", "main", who, 3, 1, Id{{5}}}));
  domain::WorkflowEnded ended;
  ended.outcome = Outcome::failed;
  ended.done = 2;
  ended.in_doubt = 1;
  using What = event_log::Note::What;
  write_new(folder / "notes", event_log::encode({{What::cancelled, 85}, {What::retried, 90}, {What::undone, 96}}));
  write_new(folder / "end", event_log::encode(event_log::EndRecord{{9, 95, 1'700'000'060'000}, ended, true}));
}

// A short log up to its first checkpoint, as a file of an archive.
void write_segment(const fs::path& path) {
  const auto disk = std::make_shared<test::MemoryDisk>();
  test::MemoryRecordLog log(disk);
  test::ManualClock clock;
  test::ManualExecutor executor;
  event_log::LogPosition position;
  position.log_id = Id{{9}};
  const event_log::SigningKey key(std::array<std::uint8_t, 32>{1});
  event_log::LogWriter writer(log, executor, clock, position, &key, [](const Error&) { std::abort(); });
  const auto commit = [&](domain::EventBody body) {
    domain::Event event;
    event.body = std::move(body);
    writer.append(std::move(event));
    writer.flush();
    executor.run_all();
  };
  commit(domain::LogCreated{position.log_id, "test"});
  commit(domain::WorkspaceRegistered{"demo"});
  writer.checkpoint_now();
  writer.flush();
  executor.run_all();
  event_log::SegmentPlan plan(1);
  const auto header = plan.next(log);
  fs::create_directories(path.parent_path());
  if (header && *header && !fs::exists(path)) static_cast<void>(event_log::write_segment(log, **header, path));
}

// The parts of a step's file, and the whole of it with and without a verdict.
void write_step(const fs::path& folder) {
  agent::StepSpec spec;
  spec.argv = {"scripts/install", "--now"};
  spec.environment = {"PATH=/usr/bin", "PROV_PARAM_PORT=5432"};
  spec.timeout_s = 60;
  spec.has_stdin = true;
  spec.kind = agent::StepKind::script;
  agent::StepResult result;
  result.end.exit_code = 75;
  result.end.problem = "it could not be started";
  result.output_bytes = 6;
  result.output_digest = Digest{{5}};
  result.outputs = {{"name", "db"}, {"port", "5432"}};
  result.note = "line 3 of its outputs was not taken";
  const std::string encoded = agent::encode_spec(spec), verdict = agent::encode_result(result);
  std::string line = "71 71", length = std::to_string(encoded.size());
  line.resize(23, ' ');
  length.resize(15, ' ');
  const std::string begun = line + "\n" + length + "\n" + encoded;
  write_new(folder / "spec", encoded);
  write_new(folder / "verdict", verdict);
  write_new(folder / "begun", begun);
  write_new(folder / "ended", begun + std::string(digest_of(verdict).view()) + verdict);
}

void write_plan(const fs::path& folder) {
  cli::SavedPlan plan;
  plan.submission.workspace = "demo";
  plan.submission.path = "/workflows/taskservs/create";
  plan.submission.body = {{"infra", "demo"}, {"taskservs", nlohmann::json::array()}};
  plan.submission.plan = to_text(Digest{{4}});
  plan.answer = {{"digest", to_text(Digest{{4}})}, {"position", {{"log_id", to_text(Id{{9}})}, {"sequence", 3}}}};
  plan.infra = "demo";
  plan.made_ms = 1'700'000'000'000;
  write_new(folder / "without-bundles", cli::plan_file_text(plan));
  const std::string bytes = "the bytes of a bundle";
  plan.submission.bundles.push_back({digest_of(bytes), "taskserv", "redis", bytes});
  write_new(folder / "with-a-bundle", cli::plan_file_text(plan));
  plan.submission.bundles.front().bytes += "!";
  write_new(folder / "changed-bundle", cli::plan_file_text(plan));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const fs::path corpus = argv[1];
  write_new(corpus / "journal" / "one-step-plain", sample_journal());
  write_payloads(corpus / "journal");
  wire::JoinToken token;
  token.enrol_endpoint = "tcp://10.0.0.1:9092";
  write_new(corpus / "join_token" / "one", wire::encode_join_token(token));
  write_state_of_all_events(corpus);
  write_lives(corpus);
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const auto asked = test::AnyCommand(seed).any();
    write_new(corpus / "command" / ("any-" + std::to_string(seed)),
              event_log::encode_command(asked.command, asked.who));
  }
  write_index_records(corpus / "workflow_record");
  write_segment(corpus / "segment" / "two-commits");
  write_step(corpus / "step_file");
  write_plan(corpus / "plan_file");
  return 0;
}
