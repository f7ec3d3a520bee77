#include "tests/sim/world.h"

#include <sodium.h>

namespace prov::sim {
namespace {

constexpr std::uint64_t kCheckSteps = 50;
constexpr std::uint64_t kMaxStrayOrders = 20;  // per mille of the frames with orders that a planted fault changes

// An event in a line, with what a reader of a trace wants to know.
struct Describe {
  std::string operator()(const domain::TaskDispatched& e) const { return short_name(e.task, e.attempt); }
  std::string operator()(const domain::TaskStarted& e) const { return short_name(e.task, e.attempt); }
  std::string operator()(const domain::TaskInDoubt& e) const { return short_name(e.task, e.attempt) + ": " + e.reason; }
  std::string operator()(const domain::TaskEnded& e) const {
    return short_name(e.task, e.attempt) + " " + name_of(e.outcome) + (e.retry_at_ms != 0 ? ", to be retried" : "") +
           " " + e.message;
  }
  std::string operator()(const domain::AgentLost& e) const { return to_text(e.key).substr(0, 8) + ": " + e.reason; }
  std::string operator()(const domain::WorkflowSubmitted& e) const { return short_name(e.id) + " " + e.kind; }
  std::string operator()(const wire::Accepted&) const { return "+accepted"; }
  std::string operator()(const wire::Started&) const { return "+started"; }
  std::string operator()(const wire::Output& e) const {
    return "+output@" + std::to_string(e.offset) + ":" + std::to_string(e.data.size());
  }
  std::string operator()(const wire::Ended& e) const { return "+ended:" + std::to_string(e.output_bytes); }
  template <class T>
  std::string operator()(const T& e) const {
    if constexpr (requires { e.key.bytes; }) return to_text(e.key).substr(0, 8);
    return "";
  }
};

Rng& sodium_rng() {
  static Rng rng(0);
  return rng;
}

void sodium_fill(void* const out, const std::size_t size) {
  sodium_rng().fill({static_cast<std::uint8_t*>(out), size});
}

}  // namespace

void seed_sodium(std::uint64_t seed) {
  static randombytes_implementation seeded{
      [] { return "seeded"; },
      [] { return static_cast<std::uint32_t>(sodium_rng().next()); },
      nullptr,
      nullptr,
      sodium_fill,
      nullptr,
  };
  static const bool set = randombytes_set_implementation(&seeded) == 0 && sodium_init() >= 0;
  PROV_ASSERT(set);
  sodium_rng() = Rng(seed);
}

namespace {

std::function<void(domain::Command&)> spoiled_by(Plant plant) {
  if (plant == Plant::stale_plan) return [](domain::Command& command) { command.plan.reset(); };
  if (plant != Plant::group_off_by_one) return {};
  return [](domain::Command& command) {
    auto* batch = std::get_if<domain::SubmitBatch>(&command.body);
    if (batch == nullptr) return;
    for (domain::BatchOperation& operation : batch->operations) {
      if (!operation.concurrency_group.empty()) ++operation.group_limit;
    }
  };
}

}  // namespace

World::World(std::uint64_t seed, Plant plant)
    : kernel((seed_sodium(seed), seed)),
      network(kernel),
      cloud(kernel),
      coordinator(kernel, network, cloud, plant),
      auditor(kernel, coordinator.disk(), coordinator.public_key()),
      inspector(kernel, auditor, ledger, coordinator),
      who(kernel, coordinator, auditor, inspector),
      plant_(plant) {
  wire_up();
}

void World::wire_up() {
  network.on_send = [this](Way way, const Key& agent, const std::string& frame) { return sent(way, agent, frame); };
  if (plant_ == Plant::no_command_memory) who.be_forgotten();
  ledger.undoes_nothing = plant_ == Plant::lazy_undo;
  who.spoils = spoiled_by(plant_);
  network.echoes = plant_ == Plant::frame_storm;
  if (plant_ == Plant::leaked_secret) {
    network.on_enrol = [this](const std::string& request) { coordinator.disk()->sides["enrolment"] = request; };
  }
  if (plant_ == Plant::wrong_agent || plant_ == Plant::fresh_sequence || plant_ == Plant::not_exclusive) {
    network.tamper = [this](Key& agent, std::string& frame) { tamper(agent, frame); };
  }
  ledger.on_start = [this](const Effect& effect) {
    inspector.started(effect, machine(effect.host).key());
    moment("started " + effect.host);
  };
  ledger.on_end = [this](const Effect& effect) { moment("ended " + effect.host); };
  auditor.on_event = [this](const domain::Event& event) {
    inspector.logged(event);
    kernel.tell([&] {
      return "log " + std::to_string(event.meta.sequence) + " " + domain::name_of(event.body) + " " +
             std::visit(Describe{}, event.body);
    });
    if (const auto* dispatch = std::get_if<domain::TaskDispatched>(&event.body)) inspector.dispatched(*dispatch);
    moment(std::string("logged ") + domain::name_of(event.body));
  };
  coordinator.on_synced = [this] {
    auditor.catch_up();
    if (on_next_sync) std::exchange(on_next_sync, nullptr)();
  };
  coordinator.on_fatal = [this] { crash_coordinator(test::MemoryDisk::Tail::lost, 1'000'000); };
  cloud.on_create = [this](const std::string& hostname, const wire::JoinToken& token) { give_token(hostname, token); };
  cloud.on_delete = [this](const std::string& hostname) { machines.erase(hostname); };
  watch_for_damage();
}

void World::give_token(const std::string& hostname, const wire::JoinToken& token) {
  canaries_.insert({token.secret, to_hex(token.secret), wire::encode_join_token(token)});
  if (plant_ == Plant::leaked_token) coordinator.disk()->sides["request"] = wire::encode_join_token(token);
  machine(hostname).give_token(token);
}

Machine& World::machine(const std::string& name) {
  auto& at = machines[name];
  if (at == nullptr) {
    at = std::make_unique<Machine>(kernel, network, ledger, name, plant_);
    at->on_refused = [this, name] {
      if (on_refused) on_refused(name);
    };
    at->on_crash_in_sync = [this, name] { crash_host(name, kernel.rng.range(1'000'000, 10'000'000)); };
  }
  return *at;
}

void World::step() {
  if (!kernel.schedule.step()) return kernel.violate("I8", "nothing will ever happen again");
  auditor.catch_up();
  inspector.check_bounds(network.under_way());
  if (kernel.schedule.steps() % kCheckSteps == 0) inspector.check_fold();
}

void World::crash_coordinator(test::MemoryDisk::Tail tail, std::uint64_t down_us) {
  if (!coordinator.up()) return;
  ++kernel.faults[Fault::coordinator_crash];
  const bool torn = tail == test::MemoryDisk::Tail::torn && coordinator.disk()->unsynced != nullptr &&
                    coordinator.disk()->unsynced->number != 0;
  if (torn) {
    ++kernel.faults[Fault::torn_commit];
    auditor.expect_torn();
  }
  coordinator.crash(tail);
  auditor.recheck();
  kernel.schedule.after(down_us, [this] { start_coordinator(); });
}

void World::start_coordinator() { coordinator.start(); }

// Read-only it may become at its start, and later by what an agent attests.
void World::watch_for_damage() {
  kernel.schedule.after(kernel.rng.range(500'000, 5'000'000), [this] {
    who.decide_about_damage();
    watch_for_damage();
  });
}

void World::storm(std::uint64_t silent_us) {
  kernel.line("all links die");
  network.lose_what_is_under_way();
  for (const auto& [name, each] : machines) {
    for (const Way way : {Way::to_coordinator, Way::to_agent}) network.cut(each->key(), way, true);
  }
  kernel.schedule.after(silent_us, [this] {
    kernel.line("all links are back");
    for (const auto& [name, each] : machines) {
      for (const Way way : {Way::to_coordinator, Way::to_agent}) network.cut(each->key(), way, false);
    }
  });
}

void World::fill_log_disk(std::uint64_t free_bytes, std::uint64_t for_us) {
  ++kernel.faults[Fault::full_log_disk];
  kernel.line("the disk of the log has " + std::to_string(free_bytes) + " bytes left");
  coordinator.set_room(free_bytes);
  kernel.schedule.after(for_us, [this] { coordinator.set_room(Coordinator::kPlenty); });
}

void World::fill_host_disk(const std::string& name, std::uint64_t for_us) {
  ++kernel.faults[Fault::full_host_disk];
  machine(name).set_disk_full(true);
  kernel.schedule.after(for_us, [this, name] {
    if (machines.contains(name)) machine(name).set_disk_full(false);
  });
}

void World::flip_log(std::uint64_t dice, std::uint64_t down_us) {
  constexpr std::uint64_t kReach = 12;  // commits: an old one is a backup's business
  if (!coordinator.up()) return;
  crash_coordinator(test::MemoryDisk::Tail::lost, down_us);
  auto& commits = coordinator.disk()->commits;
  const std::uint64_t last = auditor.position().commit;
  if (commits.empty() || commits.rbegin()->first != last) return;  // harmed already
  const std::uint64_t from = std::max(
      {auditor.harmless_from(), coordinator.snapshot_commit() + 1, last < kReach ? std::uint64_t{1} : last - kReach});
  if (from > last) return;
  const std::uint64_t commit = last - dice % (last - from + 1);
  const std::size_t byte = (dice >> 8) % commits.at(commit).size();
  ++kernel.faults[Fault::flipped_log];
  kernel.line("a bit of commit " + std::to_string(commit) + " of " + std::to_string(last) + " flips");
  coordinator.disk()->flip(commit, byte, static_cast<std::uint8_t>(1 << (dice >> 56) % 8));
  auditor.expect_loss_from(commit);
  inspector.lost_end();
}

void World::flip_journal(const std::string& name, std::uint64_t down_us) {
  const auto found = machines.find(name);
  if (found == machines.end() || !found->second->enrolled()) return;
  kill_agent(name, down_us);
  if (!found->second->agent_up()) found->second->flip_journal();
}

void World::kill_agent(const std::string& name, std::uint64_t down_us) {
  const auto found = machines.find(name);
  if (found == machines.end() || !found->second->agent_up()) return;
  ++kernel.faults[Fault::agent_crash];
  found->second->kill_agent();
  kernel.schedule.after(down_us, [this, name] {
    if (machines.contains(name)) machine(name).start_agent();
  });
}

void World::crash_host(const std::string& name, std::uint64_t down_us) {
  const auto found = machines.find(name);
  if (found == machines.end() || !found->second->running()) return;
  ++kernel.faults[Fault::host_crash];
  found->second->crash();
  kernel.schedule.after(down_us, [this, name] {
    if (machines.contains(name)) machine(name).boot();
  });
}

void World::heal() {
  kernel.line("everything is repaired");
  network.heal();
  who.loses = 0;
  cloud.fails = 0;
  coordinator.sync_us = 3'000;
  coordinator.skew_ms = 0;
  coordinator.set_room(Coordinator::kPlenty);
  start_coordinator();
  std::set<Key> draining;  // the word that ends it may be lost with the log's end
  for (const auto& [key, agent] : auditor.state().agents) {
    if (agent.draining) draining.insert(key);
  }
  for (const Key& key : draining) who.ask(domain::DrainAgent{key, false});
  for (auto& [name, each] : machines) {
    each->set_disk_full(false);
    each->boot();
    each->start_agent();
  }
}

bool World::settled() const {
  if (!who.idle()) return false;
  for (const auto& [id, workflow] : auditor.state().workflows) {
    if (!workflow.ended) return false;
  }
  return true;
}

void World::check_end() {
  Hosts hosts;
  std::map<std::string, std::string> files;
  for (const auto& [name, each] : machines) {
    hosts[name] = [&machine = *each](const agent::StepId& step) { return machine.knows(step); };
    files[name + "'s journal"] = each->journal();
    inspector.check_journal(name, files[name + "'s journal"].size());
  }
  inspector.check_end(canaries_, hosts, files);
  auditor.recheck();
}

const std::string* World::host_of(const Key& agent) const {
  for (const auto& [name, each] : machines) {
    if (each->key() == agent) return &name;
  }
  return nullptr;
}

void World::look_for_secrets(const std::string& host, const wire::ToAgent& message) {
  const auto* orders = std::get_if<wire::Orders>(&message.body);
  if (orders == nullptr) return;
  for (const wire::Order& order : orders->orders) {
    const auto* script = std::get_if<wire::Script>(&order.action);
    if (script == nullptr) continue;
    for (const wire::Sealed& sealed : script->secrets) {
      const std::string secret = machine(host).opened(sealed.box);
      if (secret.empty()) continue;
      canaries_.insert(secret);
      if (plant_ == Plant::leaked_password) coordinator.disk()->sides["order"] = secret;
    }
  }
}

bool World::sent(Way way, const Key& agent, const std::string& frame) {
  kernel.bytes(frame);
  if (way == Way::to_agent) auditor.catch_up();
  if (watches_) return true;
  const std::string* host = host_of(agent);
  inspector.check_secrets("a frame", frame, canaries_);
  if (way == Way::to_agent) {
    const auto message = wire::decode_to_agent(frame);
    if (host != nullptr && message) look_for_secrets(*host, *message);
    inspector.sent(agent, frame, message);
    if (host != nullptr && message && std::holds_alternative<wire::Orders>(message->body)) {
      kernel.tell([&] { return "orders to " + *host; });
      moment("orders " + *host);
    }
    const bool asks = message && std::holds_alternative<wire::ReportsWanted>(message->body);
    return !(asks && plant_ == Plant::never_asked_again);
  }
  const auto message = wire::decode_from_agent(frame);
  inspector.sent(agent, frame, message);
  const auto* reports = message ? std::get_if<wire::Reports>(&*message) : nullptr;
  if (reports == nullptr || host == nullptr) return true;
  std::vector<wire::Report> said = reports->reports;
  for (const wire::PlainEnd& end : reports->plain_ends) wire::spell_out(end, said);
  bool ends = false, again = false, old = false;
  for (const wire::Report& report : said) {
    const agent::StepId step{report.task, report.attempt};
    if (std::holds_alternative<wire::Ended>(report.what)) {
      ends = true;
      again = !told_.emplace(*host, step).second || again;
      const auto effect = ledger.effects().find({step, *host});
      old =
          old || (effect != ledger.effects().end() && effect->second.ended_us < machine(*host).reconnected_ms() * 1000);
    }
  }
  kernel.tell([&] {
    std::string told = *host + " reports";
    for (const wire::Report& each : said) {
      told += " " + short_name(each.task, each.attempt) + std::visit(Describe{}, each.what);
    }
    return told;
  });
  moment("reports " + *host);
  if (ends) moment("result " + *host);
  return !(ends && plant_ == Plant::ended_swallowed) && !(again && plant_ == Plant::lost_resend) &&
         !(old && plant_ == Plant::outbox_forgets);
}

void World::tamper(Key& agent, std::string& frame) {
  auto message = wire::decode_to_agent(frame);
  auto* orders = message ? std::get_if<wire::Orders>(&message->body) : nullptr;
  if (orders == nullptr) return;
  if (plant_ == Plant::not_exclusive) {
    for (wire::Order& order : orders->orders) order.exclusive = false;
  }
  if (plant_ == Plant::wrong_agent && kernel.rng.chance(kMaxStrayOrders)) {
    agent = message->agent =
        std::next(machines.begin(), static_cast<long>(kernel.rng.range(0, machines.size() - 1)))->second->key();
  }
  if (plant_ == Plant::fresh_sequence) {
    if (old_order_ && kernel.rng.chance(10 * kMaxStrayOrders)) {
      old_order_->sequence = message->log_sequence + 1'000;
      orders->orders.push_back(*old_order_);
    }
    if (!old_order_ && !std::holds_alternative<wire::Noop>(orders->orders.front().action)) {
      old_order_ = orders->orders.front();
    }
  }
  frame = wire::encode(*message);
}

}  // namespace prov::sim
