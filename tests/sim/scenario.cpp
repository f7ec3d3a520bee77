#include "tests/sim/scenario.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <sstream>

#include "common/hash.h"
#include "tests/sim/workload.h"
#include "tests/sim/world.h"

namespace prov::sim {
namespace {

using Words = std::vector<std::string>;
using Tail = test::MemoryDisk::Tail;

constexpr TimeMs kEnrolledWithinMs = 60'000, kEndsWithinMs = 30 * 60'000, kQuietAtEndMs = 30'000;

Words words_of(const std::string& line) {
  std::istringstream in(line);
  Words out;
  for (std::string word; in >> word && word[0] != '#';) out.push_back(word);
  return out;
}

std::string joined(const Words& words, std::size_t from, std::size_t to) {
  std::string out;
  for (std::size_t i = from; i < to; ++i) out += (out.empty() ? "" : " ") + words[i];
  return out;
}

struct Trigger {
  std::string moment;
  std::uint32_t countdown = 1;
  Words action;
};

class Player {
 public:
  Player(std::uint64_t seed, bool verbose) : world_(seed, Plant::none) {
    world_.kernel.trace.print_all(verbose);
    world_.on_moment = [this](const std::string& moment) { at(moment); };
    graph_.infra = batch_.infra = "main";
    batch_.name = "batch";
  }

  std::string play(const std::string& text) {
    std::istringstream in(text);
    for (std::string line; std::getline(in, line) && problem_.empty();) {
      const Words words = words_of(line);
      if (words.empty()) continue;
      try {
        command(words);
      } catch (const std::exception&) {  // of stoul, at() and the like
        problem_ = "it lacks a word, or one of them is not understood";
      }
      if (world_.kernel.violated()) problem_ = world_.kernel.violation;
      if (!problem_.empty()) problem_ = "\"" + line + "\": " + problem_;
    }
    return problem_;
  }

  LeftLog log() {
    LeftLog out;
    for (const auto& [number, bytes] : world_.coordinator.disk()->commits) out.commits.push_back(bytes);
    out.public_key = to_text(Key{world_.coordinator.public_key().bytes});
    return out;
  }

 private:
  void command(const Words& words) {
    if (words[0] == "hosts") return hosts(static_cast<std::uint32_t>(std::stoul(words.at(1))));
    if (words[0] == "install") return install(words);
    if (words[0] == "exec") return exec(words);
    if (words[0] == "change") return change(words);
    if (words[0] == "server") return server(words.at(1));
    if (words[0] == "when") return when(words);
    if (words[0] == "settle") return settle();
    if (words[0] == "expect") return expect(words);
    problem_ = "no such command";
  }

  void run_until(TimeMs within_ms, const char* what, const std::function<bool()>& reached) {
    const TimeMs limit = world_.kernel.now_ms() + within_ms;
    while (!world_.kernel.violated() && !reached()) {
      if (world_.kernel.now_ms() > limit) return world_.kernel.violate("I8", std::string("not reached: ") + what);
      world_.step();
    }
  }

  void hosts(std::uint32_t count) {
    workload_.emplace(world_.kernel, world_.who, world_.auditor, count, 0, false);
    workload_->on_token = [this](const std::string& hostname, const wire::JoinToken& token) {
      world_.give_token(hostname, token);
    };
    world_.on_refused = [this](const std::string& hostname) { workload_->enrol(hostname); };
    world_.coordinator.start();
    workload_->begin();
    run_until(kEnrolledWithinMs, "every host is connected", [&] {
      std::uint32_t connected = 0;
      for (const auto& [name, machine] : world_.machines) connected += machine->connected() ? 1 : 0;
      return connected == count && world_.who.idle();
    });
  }

  // NAME on HOST and the rest; what is not known here is for the behaviour.
  void install(const Words& words) {
    domain::TaskservRequirement item;
    item.spec.name = words.at(1);
    item.spec.server = words.at(3);
    item.spec.version = "1.0";
    item.spec.bundle = digest_of(taskserv_bundle());
    item.spec.timeout_s = timeout(words);
    item.spec.retry_safe = std::find(words.begin(), words.end(), "retry") != words.end();
    item.spec.params = {{"plan", to_text(parse_behaviour(joined(words, 4, words.size())))}};
    const auto after = std::find(words.begin(), words.end(), "after");
    if (after != words.end()) {
      std::istringstream names(*std::next(after));
      for (std::string name; std::getline(names, name, ',');) item.after.push_back(index_of(name));
    }
    graph_.taskservs.push_back(std::move(item));
  }

  std::uint32_t index_of(const std::string& name) {
    for (std::uint32_t i = 0; i < graph_.taskservs.size(); ++i) {
      if (graph_.taskservs[i].spec.name == name) return i;
    }
    problem_ = "\"" + name + "\" is not installed before";
    return 0;
  }

  static std::uint32_t timeout(const Words& words) {
    for (const std::string& word : words) {
      if (word.starts_with("timeout=")) return static_cast<std::uint32_t>(std::stoul(word.substr(8)));
    }
    return 60;
  }

  void exec(const Words& words) {
    domain::RunExec command{{words.at(3)}, {words[1], to_text(parse_behaviour(joined(words, 4, words.size())))}, "", 0};
    command.timeout_s = timeout(words);
    execs_.push_back(std::move(command));
  }

  void change(const Words& words) {
    Behaviour does = parse_behaviour(joined(words, 4, words.size())), undoes = does;
    does.mark = undoes.unmark = words.at(1);
    domain::BatchOperation operation;
    operation.id = words[1];
    operation.targets = words.at(3);
    operation.exec.argv = {"step", to_text(does)};
    operation.undo.argv = {"step", to_text(undoes)};
    operation.timeout_s = timeout(words);
    batch_.operations.push_back(std::move(operation));
  }

  void server(const std::string& name) {
    domain::ServerSpec spec;
    spec.hostname = name;
    spec.infra = "main";
    spec.provider = "local";
    spec.provider_bundle = digest_of(taskserv_bundle());
    servers_.push_back({"main", {spec}});
  }

  void when(const Words& words) {
    std::size_t first = 1;
    Trigger trigger;
    if (words.at(1).ends_with('.')) {
      trigger.countdown = static_cast<std::uint32_t>(std::stoul(words[1]));
      first = 2;
    }
    std::size_t last = first;
    while (last < words.size() && !words[last].ends_with(':')) ++last;
    trigger.moment = joined(words, first, std::min(last + 1, words.size()));
    trigger.moment.pop_back();
    for (std::size_t i = last + 1; i < words.size(); ++i) trigger.action.push_back(words[i]);
    triggers_.push_back(std::move(trigger));
  }

  void settle() {
    if (!graph_.taskservs.empty()) world_.who.ask(std::exchange(graph_, {"main", {}}));
    if (!batch_.operations.empty()) world_.who.ask(std::exchange(batch_, {}));
    for (auto& command : std::exchange(servers_, {})) world_.who.ask(std::move(command));
    for (auto& command : std::exchange(execs_, {})) world_.who.ask(std::move(command));
    armed_ = true;
    TimeMs settled_ms = 0;
    run_until(kEndsWithinMs, "everything has ended", [&] {
      const TimeMs now = world_.kernel.now_ms();
      const bool quiet = world_.coordinator.up() && world_.settled() && pending_.empty();
      settled_ms = !quiet ? 0 : settled_ms == 0 ? now : settled_ms;
      return settled_ms != 0 && now > settled_ms + kQuietAtEndMs;
    });
    armed_ = false;
    for (const Trigger& trigger : triggers_) {
      if (trigger.countdown > 0) problem_ = "never came: " + trigger.moment;
    }
    if (!world_.kernel.violated()) world_.check_end();
  }

  void at(const std::string& moment) {
    if (!armed_) return;
    for (Trigger& trigger : triggers_) {
      if (trigger.countdown == 0 || trigger.moment != moment || --trigger.countdown > 0) continue;
      world_.kernel.schedule.next([this, action = trigger.action] { act(action); });
    }
  }

  void later(std::uint64_t delay_us, std::function<void()> run) {
    const std::uint64_t id = ++pending_ids_;
    pending_.insert(id);
    world_.kernel.schedule.after(delay_us, [this, id, run = std::move(run)] {
      pending_.erase(id);
      run();
    });
  }

  void act(const Words& action) {
    world_.kernel.line("now: " + joined(action, 0, action.size()));
    const std::string what = joined(action, 0, std::min<std::size_t>(2, action.size()));
    const std::uint64_t for_us = action.size() > 1 ? std::strtoull(action.back().c_str(), nullptr, 10) * 1000 : 0;
    const auto has = [&](const char* word) { return std::find(action.begin(), action.end(), word) != action.end(); };
    if (what == "crash coordinator") {
      return world_.crash_coordinator(has("kept") ? Tail::kept : has("torn") ? Tail::torn : Tail::lost, for_us);
    }
    if (what == "kill agent") return world_.kill_agent(action.at(2), for_us);
    if (what == "crash host") return world_.crash_host(action.at(2), for_us);
    if (action[0] == "cut") {
      const Key key = world_.machine(action.at(1)).key();
      const Way way = has("up") ? Way::to_coordinator : Way::to_agent;
      world_.network.cut(key, way, true);
      return later(for_us, [this, key, way] { world_.network.cut(key, way, false); });
    }
    if (action[0] == "clog") {
      const Key key = world_.machine(action.at(1)).key();
      const Way way = has("up") ? Way::to_coordinator : Way::to_agent;
      world_.network.clog(key, way);
      return later(for_us, [this, key, way] { world_.network.unclog(key, way); });
    }
    if (action[0] == "echo") {
      const Way way = has("up") ? Way::to_coordinator : Way::to_agent;
      return world_.network.echo(world_.machine(action.at(1)).key(), way, for_us);
    }
    if (action[0] == "read_only") return world_.coordinator.core().set_read_only("a host has seen more");
    if (what == "storm for") return world_.storm(for_us);
    if (what == "flip log") return world_.flip_log(has("back") ? std::stoull(action.at(2)) : kLastCommit, for_us);
    if (what == "flip journal") return world_.flip_journal(action.at(2), for_us);
    if (what == "fill log") return world_.fill_log_disk(std::stoull(action.at(2)), for_us);
    if (what == "fill host") return world_.fill_host_disk(action.at(2), for_us);
    if (action[0] == "network") {
      NetworkFaults& faults = world_.network.faults;
      auto& permille = has("drop")      ? faults.drop
                       : has("reorder") ? faults.reorder
                       : has("slow")    ? faults.slow
                                        : faults.duplicate;
      permille = static_cast<std::uint32_t>(std::stoul(action.at(2)));
      return later(for_us, [&permille] { permille = 0; });
    }
    if (action[0] == "sync") {
      world_.coordinator.sync_us = std::stoull(action.at(1)) * 1000;
      return;
    }
    if (action[0] == "clock") {
      if (action.size() > 2) return world_.machine(action[1]).set_clock(std::stoll(action[2]));
      world_.coordinator.skew_ms = std::stoll(action.at(1));
      return;
    }
    if (action[0] == "cancel") {
      for (const auto& [id, workflow] : world_.auditor.state().workflows) {
        if (!workflow.ended) world_.who.ask(domain::CancelWorkflow{id});
      }
      return;
    }
    if (action[0] == "rollback") {
      for (const auto& [id, workflow] : world_.auditor.state().workflows) {
        if (workflow.ended && workflow.rolls_back.is_zero()) world_.who.ask(domain::RollbackWorkflow{id, ""});
      }
      return;
    }
    world_.kernel.violate("scenario", "no such action: " + joined(action, 0, action.size()));
  }

  void expect(const Words& words) {
    const domain::Task* task = nullptr;
    Id id;
    for (const auto& [key, workflow] : world_.auditor.state().workflows) {
      for (std::uint32_t i = 0; i < workflow.tasks.size(); ++i) {
        if (!workflow.tasks[i].plan->name.ends_with(" " + words.at(1))) continue;
        task = &workflow.tasks[i];
        id = task_id(key, i);
      }
    }
    if (task == nullptr) {
      problem_ = "there is no such task";
      return;
    }
    std::uint32_t starts = 0;
    for (const auto& [key, effect] : world_.ledger.effects()) starts += key.first.task == id ? effect.starts : 0;
    std::string outcome = name_of(task->outcome);
    std::replace(outcome.begin(), outcome.end(), ' ', '_');
    const std::string is = outcome + " attempts " + std::to_string(task->attempt) + " starts " + std::to_string(starts);
    bool fits = ("|" + words.at(2) + "|").find("|" + outcome + "|") != std::string::npos;
    for (std::size_t i = 3; i + 1 < words.size(); i += 2) {
      fits = fits && is.find(words[i] + " " + words[i + 1]) != std::string::npos;
    }
    if (!fits) problem_ = "it is " + is;
  }

  World world_;
  std::optional<Workload> workload_;
  domain::CreateTaskservs graph_;
  domain::SubmitBatch batch_;
  std::vector<domain::RunExec> execs_;
  std::vector<domain::CreateServers> servers_;
  std::vector<Trigger> triggers_;
  std::set<std::uint64_t> pending_;  // effects of actions that are not over
  std::uint64_t pending_ids_ = 0;
  bool armed_ = false;
  std::string problem_;
};

}  // namespace

std::string play(const std::string& text, std::uint64_t seed, bool verbose, LeftLog* log) {
  Player player(seed, verbose);
  std::string problem = player.play(text);
  if (log != nullptr) *log = player.log();
  return problem;
}

}  // namespace prov::sim
