#include "tests/sim/machine.h"

#include <sodium.h>

#include <algorithm>

#include "agent/core/agent.h"
#include "agent/journal/journal.h"
#include "common/hash.h"

namespace prov::sim {
namespace {

constexpr std::uint64_t kJournalFloorBytes = 4 << 10;  // so that journals are condensed within a seed
constexpr std::uint64_t kUnsyncedUs = 500'000;         // what a step's folder got so shortly before a crash may be lost
constexpr std::int32_t kTerm = 15, kKill = 9;
constexpr std::uint64_t kGraceUs = 10'000'000;  // between the two

}  // namespace

class Machine::Runner final : public agent::StepRunner {
 public:
  Runner(Machine& machine, Process& process) : machine_(machine), process_(process) {}

  void attach(Handler handler) override { handler_ = std::move(handler); }
  Result<void> start(const agent::StepId& step, const wire::Order& order) override {
    auto started = machine_.start_step(step, order);
    if (started) watching_.insert(step);
    return started;
  }
  void adopt(const agent::StepId& step, agent::Boot) override {
    watching_.insert(step);
    over(step);
  }
  void cancel(const agent::StepId& step) override { machine_.stop_step(step, Fate::cancelled); }
  Result<std::string> read_output(const agent::StepId& step, std::uint64_t offset, std::size_t max) override {
    const auto found = machine_.steps_.find(step);
    if (found == machine_.steps_.end()) return fail(Code::not_found, "no such step");
    const std::string& output = found->second.output;
    std::string out = offset >= output.size() ? "" : output.substr(offset, max);
    if (machine_.plant_ == Plant::wrong_output && !out.empty()) out.back() ^= 1;
    return out;
  }
  void forget(const agent::StepId& step) override {
    const auto found = machine_.steps_.find(step);
    if (!watching_.contains(step) && found != machine_.steps_.end() && found->second.over) machine_.steps_.erase(found);
  }

  void printed(const agent::StepId& step, std::uint64_t bytes) {
    if (!watching_.contains(step)) return;
    process_.post([this, step, bytes] {
      if (watching_.contains(step)) handler_.output(step, bytes);
    });
  }
  void over(const agent::StepId& step) {
    process_.post([this, step] { look(step); });
  }
  void claim_done(const agent::StepId& step) {  // planted
    if (watching_.erase(step) != 0) handler_.ended(step, {Outcome::done, 0, "", 0, digest_of("")});
  }

 private:
  void look(const agent::StepId& step) {
    const auto found = machine_.steps_.find(step);
    const bool over = found == machine_.steps_.end() || found->second.over;
    if (!over || watching_.erase(step) == 0) return;
    handler_.ended(step, machine_.verdict_of(step));
  }

  Machine& machine_;
  Process& process_;
  Handler handler_;
  std::set<agent::StepId> watching_;
};

struct Machine::Life {
  Life(Machine& machine)
      : process(machine.kernel_.schedule, machine.skew_ms_),
        link(machine.network_, machine.key_, [&machine] { machine.reconnected_ms_ = machine.kernel_.now_ms(); }),
        runner(machine, process) {}
  Process process;
  SimCoordinatorLink link;
  Runner runner;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
  std::unique_ptr<agent::Agent> agent;
};

Machine::Machine(Kernel& kernel, Network& network, Ledger& ledger, std::string name, Plant plant)
    : kernel_(kernel), network_(network), ledger_(ledger), name_(std::move(name)), plant_(plant), journal_(kernel.rng) {
  kernel_.rng.fill(key_.bytes);
  std::array<std::uint8_t, crypto_box_SEEDBYTES> seed{};
  static_assert(Key::kSize == crypto_box_SECRETKEYBYTES);
  kernel_.rng.fill(seed);
  crypto_box_seed_keypair(seal_key_.bytes.data(), opening_key_.bytes.data(), seed.data());
  skew_ms_ = static_cast<std::int64_t>(kernel_.rng.range(0, 10'000)) - 5'000;
  journal_.lies = plant == Plant::lying_journal;
  journal_.on_failed_sync = [this] {
    kernel_.line(name_ + ": power fails while the journal is synced");
    if (on_crash_in_sync) kernel_.schedule.next(on_crash_in_sync);
  };
}

Machine::~Machine() {
  life_.reset();
  for (auto& [id, step] : steps_) {
    for (const Schedule::Token token : step.waiting) kernel_.schedule.cancel(token);
    if (!step.over) ledger_.end(name_, id, Fate::died, 0, kernel_.schedule.now_us());
  }
}

std::string Machine::opened(const std::string& box) const {
  if (box.size() < crypto_box_SEALBYTES) return {};
  std::string out(box.size() - crypto_box_SEALBYTES, '\0');
  const bool ours = crypto_box_seal_open(reinterpret_cast<unsigned char*>(out.data()),
                                         reinterpret_cast<const unsigned char*>(box.data()), box.size(),
                                         seal_key_.bytes.data(), opening_key_.bytes.data()) == 0;
  return ours ? out : std::string();
}

bool Machine::connected() const { return life_ != nullptr && life_->agent != nullptr && life_->agent->connected(); }

bool Machine::knows(const agent::StepId& step) const {
  return life_ != nullptr && life_->agent != nullptr && life_->agent->knows(step);
}

// ---- the agent's process

void Machine::give_token(wire::JoinToken token) {
  token_ = std::move(token);
  start_agent();
}

void Machine::start_agent() {
  if (life_ != nullptr || !on_ || (!log_id_ && !token_)) return;
  life_ = std::make_unique<Life>(*this);
  if (log_id_) return run_agent();
  join();
}

// As agent/main/join.cpp does it: asks until there is an answer, begins the journal, then remembers.
void Machine::join() {
  if (log_id_) return;
  const wire::EnrolRequest request{token_->id, token_->secret, seal_key_};
  kernel_.line(name_ + ": asks to enrol");
  network_.enrol(key_, wire::encode(request), [this, alive = std::weak_ptr(life_->alive)](std::string answer) {
    if (!alive.expired()) joined(answer);
  });
  life_->process.after(kernel_.rng.range(1'000, 3'000), [this] { join(); });
}

void Machine::joined(const std::string& answer) {
  auto decoded = wire::decode_enrol_answer(answer);
  if (!decoded || log_id_) return;
  if (!decoded->refused.empty()) {
    kernel_.line(name_ + ": refused: " + decoded->refused);
    if (on_refused && std::exchange(refused_token_, token_->id) != token_->id) on_refused();
    return;
  }
  if (!agent::Journal(journal_).rewrite({{0, agent::Identity{key_, decoded->log_id}}})) return;  // asks again
  log_id_ = decoded->log_id;
  kernel_.line(name_ + ": enrolled as " + decoded->server);
  run_agent();
}

bool Machine::flip_journal() {
  if (!journal_.flip()) return false;
  ++kernel_.faults[Fault::flipped_journal];
  ledger_.distrusted[key_] = kernel_.schedule.now_us();
  kernel_.line(name_ + ": a bit of the journal flips");
  return true;
}

void Machine::run_agent() {
  if (plant_ == Plant::forgetful_agent) journal_.forget_all();
  agent::Config config;
  config.key = key_;
  config.log_id = *log_id_;
  config.boot_id = name_ + "-boot-" + std::to_string(boots_);
  config.parallel = 4;
  config.capacity = 16;
  config.journal_floor_bytes = kJournalFloorBytes;
  config.expects_journal = plant_ != Plant::forgetful_agent;
  config.facts = [this] {
    return Facts{name_, "debian", "12",         "6.1",  "x86_64",
                 2,     1 << 30,  {"10.0.0.2"}, "none", name_ + "-boot-" + std::to_string(boots_),
                 "sim"};
  };
  config.log = [this](agent::Severity, std::string_view text) { kernel_.line(name_ + ": " + std::string(text)); };
  agent::World world{life_->process, life_->process, kernel_.rng, life_->link, journal_, life_->runner, bundles_};
  life_->agent = std::make_unique<agent::Agent>(world, std::move(config));
  life_->agent->on_fatal([this](const Error& error) { kernel_.line(name_ + ": agent died: " + error.message); });
  if (auto started = life_->agent->start(); !started) {
    kernel_.line(name_ + ": cannot start: " + started.error().message);
    kernel_.schedule.next([this] { kill_agent(); });
  }
}

void Machine::kill_agent() {
  if (life_ != nullptr) kernel_.line(name_ + ": agent killed");
  life_.reset();
}

void Machine::crash() {
  kernel_.line(name_ + ": power off");
  life_.reset();
  on_ = false;
  journal_.crash_host();
  if (kernel_.rng.chance(500)) bundles_.clear();
  for (auto it = steps_.begin(); it != steps_.end();) {
    const auto here = it++;
    lose_what_was_not_synced(here->second, here->first);
    const bool young = kernel_.schedule.now_us() - ledger_.of(name_, here->first).started_us < kUnsyncedUs;
    if (young && kernel_.rng.chance(300)) {  // not even its folder
      ledger_.of(name_, here->first).verdict_lost = true;
      steps_.erase(here);
    }
  }
}

void Machine::lose_what_was_not_synced(Step& step, const agent::StepId& id) {
  for (const Schedule::Token token : std::exchange(step.waiting, {})) kernel_.schedule.cancel(token);
  if (!step.over) {
    step.over = true;
    ledger_.end(name_, id, Fate::died, 0, kernel_.schedule.now_us());
    step.output.resize(kernel_.rng.range(0, step.output.size()));
  } else if (step.end && kernel_.schedule.now_us() - step.over_us < kUnsyncedUs && kernel_.rng.chance(300)) {
    step.end.reset();
    ledger_.of(name_, id).verdict_lost = true;
  }
}

void Machine::boot() {
  if (on_) return;
  on_ = true;
  ++boots_;
  kernel_.line(name_ + ": boots");
  start_agent();
}

// ---- steps

void Machine::later(const agent::StepId& id, std::uint64_t delay_us, std::function<void()> run) {
  const Schedule::Token token = kernel_.schedule.following();
  steps_.at(id).waiting.insert(token);
  kernel_.schedule.after(delay_us, [this, id, token, run = std::move(run)] {
    steps_.at(id).waiting.erase(token);
    run();
  });
}

Result<void> Machine::start_step(const agent::StepId& id, const wire::Order& order) {
  const auto known = steps_.find(id);
  if (known != steps_.end() && plant_ != Plant::forgetful_agent) {
    return fail(Code::conflict, "this attempt has been started before");
  }
  kernel_.line(name_ + ": starts " + short_name(id.task, id.attempt));
  ledger_.start(name_, id, order, kernel_.schedule.now_us());
  if (plant_ == Plant::double_start && kernel_.rng.chance(50)) {
    ledger_.start(name_, id, order, kernel_.schedule.now_us());
  }
  Step& step = steps_[id];
  for (const Schedule::Token token : std::exchange(step, {}).waiting) kernel_.schedule.cancel(token);
  step.behaviour = behaviour_of(order);
  step.kind = agent::kind_of(order);
  step.timeout_s = order.timeout_s;
  step.whole = output_of(id, step.behaviour.output_bytes);
  plan_step(id, step);
  return {};
}

void Machine::plan_step(const agent::StepId& id, Step& step) {
  const std::uint64_t duration_us = step.behaviour.duration_ms * 1000;
  const std::size_t pieces = step.whole.empty() ? 0 : 3;
  for (std::size_t i = 1; i < pieces; ++i) {
    later(id, duration_us * i / pieces, [this, id, upto = step.whole.size() * i / pieces] { step_prints(id, upto); });
  }
  const std::uint64_t limit_us = std::uint64_t{step.timeout_s} * 1'000'000;
  const bool in_time = !step.behaviour.hangs && (limit_us == 0 || duration_us < limit_us);
  if (in_time) {
    later(id, duration_us, [this, id] { step_exits(id); });
  } else {
    later(id, limit_us, [this, id] { stop_step(id, Fate::timed_out); });
  }
  if (plant_ == Plant::early_verdict) {
    later(id, duration_us / 3, [this, id] {
      if (life_ != nullptr) life_->runner.claim_done(id);
    });
  }
}

void Machine::step_prints(const agent::StepId& id, std::size_t upto) {
  Step& step = steps_.at(id);
  if (upto <= step.output.size()) return;
  const std::string fresh = step.whole.substr(step.output.size(), upto - step.output.size());
  step.output += fresh;
  ledger_.of(name_, id).printed += fresh;
  if (life_ != nullptr) life_->runner.printed(id, step.output.size());
}

// As the supervisor sees it: what is left in the group is told to go, and made to after a while; only then it is over.
void Machine::step_exits(const agent::StepId& id) {
  Step& step = steps_.at(id);
  const Behaviour& how = step.behaviour;
  step.exited = how.signal != 0 ? -how.signal : how.exit_code(id.attempt);
  if (how.fork_ms == 0) return step_ends(id);
  const std::uint64_t left_us = how.deaf ? std::min(how.fork_ms * 1000, kGraceUs) : kernel_.rng.range(1'000, 50'000);
  later(id, left_us, [this, id] { step_ends(id); });
}

void Machine::stop_step(const agent::StepId& id, Fate why) {
  const auto found = steps_.find(id);
  if (found == steps_.end() || found->second.over || std::exchange(found->second.stopping, true)) return;
  Step& step = found->second;
  step.fate = why;
  if (step.exited) return;  // it is only waited for what it left
  for (const Schedule::Token token : std::exchange(step.waiting, {})) kernel_.schedule.cancel(token);
  const std::uint64_t least_us = step.behaviour.deaf ? kGraceUs : 0;
  later(id, least_us + kernel_.rng.range(1'000, 50'000), [this, id] { step_ends(id); });
}

void Machine::step_ends(const agent::StepId& id) {
  Step& step = steps_.at(id);
  for (const Schedule::Token token : std::exchange(step.waiting, {})) kernel_.schedule.cancel(token);
  agent::ProcessEnd end;
  if (step.exited) {
    step_prints(id, step.whole.size());
    end.signal = step.behaviour.signal;
    end.exit_code = end.signal != 0 ? 0 : *step.exited;
  } else {
    end.signal = step.behaviour.deaf ? kKill : kTerm;
  }
  end.timed_out = step.fate == Fate::timed_out;
  end.cancelled = step.fate == Fate::cancelled;
  step.end = end;
  step.over = true;
  step.over_us = kernel_.schedule.now_us();
  count_misdeeds(step);
  const std::int32_t code = end.signal != 0 ? -end.signal : end.exit_code;
  kernel_.line(name_ + ": " + short_name(id.task, id.attempt) + " ends, " + std::to_string(code));
  ledger_.end(name_, id, step.fate, code, kernel_.schedule.now_us());
  if (life_ != nullptr) life_->runner.over(id);
}

void Machine::count_misdeeds(const Step& step) {
  FaultCounts& faults = kernel_.faults;
  faults[Fault::step_hung] += step.fate == Fate::timed_out ? 1 : 0;
  faults[Fault::step_killed] += step.exited && step.behaviour.signal != 0 ? 1 : 0;
  faults[Fault::step_forked] += step.exited && step.behaviour.fork_ms != 0 ? 1 : 0;
  faults[Fault::step_deaf] += step.stopping && step.behaviour.deaf ? 1 : 0;
  faults[Fault::step_lied] += step.exited && step.behaviour.lies ? 1 : 0;
}

agent::Verdict Machine::verdict_of(const agent::StepId& id) const {
  const auto found = steps_.find(id);
  agent::Verdict out;
  if (found == steps_.end() || !found->second.end) {
    out.outcome = Outcome::interrupted;
    out.message = "its processes are gone";
  } else {
    out = agent::judge(found->second.kind, *found->second.end, found->second.timeout_s);
    if (plant_ == Plant::false_verdict && out.outcome == Outcome::failed) out.outcome = Outcome::done;
  }
  const std::string output = found == steps_.end() ? "" : found->second.output;
  out.output_bytes = output.size();
  out.output_digest = digest_of(output);
  return out;
}

}  // namespace prov::sim
