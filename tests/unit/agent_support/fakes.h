#pragma once
// A small world for one agent: virtual time, a journal that can lose what was not synced, a host that remembers what
// it ran, and the coordinator's end of the link.
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "agent/executor/bundle_store.h"
#include "agent/executor/step_runner.h"
#include "agent/executor/terminals.h"
#include "agent/journal/journal_file.h"
#include "common/hash.h"
#include "common/ports/link.h"
#include "common/ports/random.h"
#include "tests/support/virtual_time.h"

namespace prov::agent::fakes {

using test::VirtualTime;

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine(seed) {}
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(engine());
  }
  std::mt19937_64 engine;
};

// The agent dies in the middle of what it does: after so many operations nothing it does has an effect any more.
struct PowerCut {
  std::uint64_t after = ~0ULL;
  bool off = false;
  bool works() {
    if (after == 0) off = true;
    if (!off && after != ~0ULL) --after;
    return !off;
  }
};

class MemoryJournalFile final : public JournalFile {
 public:
  Result<std::string> read_all() override { return content; }
  Result<void> append(std::string_view bytes) override {
    if (full) return fail(Code::exhausted, "no space left");
    if (cut.works()) content += bytes;
    return {};
  }
  Result<void> sync() override {
    if (broken) return fail(Code::io, "the disk is gone");
    if (!cut.works()) return {};
    synced = content.size();
    ++syncs;
    return {};
  }
  Result<void> replace(std::string_view bytes) override {
    if (full) return fail(Code::exhausted, "no space left");
    if (!cut.works()) return {};
    content = bytes;
    synced = content.size();
    ++replaced;
    return {};
  }
  Result<std::string> keep_damaged() override {
    aside = content;
    return std::string("memory.damaged");
  }
  // A crash: some prefix of what was not synced survives.
  void lose_tail(std::size_t keep) { content.resize(std::min(content.size(), synced + keep)); }
  std::size_t unsynced() const { return content.size() - synced; }

  std::string content, aside;
  std::size_t synced = 0;
  int syncs = 0, replaced = 0;
  bool full = false, broken = false;
  PowerCut cut;
};

class MemoryBundles final : public BundleStore {
 public:
  bool contains(const Digest& digest) override { return kept.contains(digest); }
  Result<void> put(const Digest& digest, std::string_view bytes) override {
    if (digest_of(bytes) != digest) return fail(Code::corrupt, "the bundle arrived altered");
    kept[digest] = bytes;
    return {};
  }
  Result<std::string> get(const Digest& digest) override {
    if (!contains(digest)) return fail(Code::not_found, "no such bundle");
    return kept[digest];
  }
  std::map<Digest, std::string> kept;
};

// What a host is outside of the agent: it goes on when the agent dies. `starts` is the ledger of effects.
struct Host {
  struct Step {
    std::string output;
    bool over = false, cancelled = false;
    Verdict verdict;
    wire::Order order;
  };
  std::map<StepId, Step> steps;
  std::map<StepId, int> starts;
  int conflicts = 0;  // starts of what was begun before: the journal must have known

  void print(const StepId& step, const std::string& text) { steps[step].output += text; }
  void end(const StepId& step, Outcome outcome = Outcome::done, int code = 0) {
    Step& it = steps[step];
    it.over = true;
    it.verdict = {outcome, code, {}, it.output.size(), digest_of(it.output)};
  }
  std::vector<StepId> running() const {
    std::vector<StepId> out;
    for (const auto& [step, it] : steps) {
      if (!it.over) out.push_back(step);
    }
    return out;
  }
};

class FakeRunner final : public StepRunner {
 public:
  FakeRunner(Host& host, Timers& timers, PowerCut& cut) : host_(host), timers_(timers), cut_(cut) {}
  ~FakeRunner() override { *gone_ = true; }
  void attach(Handler handler) override { handler_ = std::move(handler); }
  Result<void> start(const StepId& step, const wire::Order& order) override {
    if (!cut_.works()) return {};
    if (forgotten.erase(step) != 0) host_.steps.erase(step);
    if (host_.steps.contains(step)) {
      ++host_.conflicts;
      return fail(Code::conflict, "begun before");
    }
    if (refuse) return fail(Code::io, "the host is broken");
    ++host_.starts[step];
    host_.steps[step].order = order;
    watched_.insert(step);
    return {};
  }
  void adopt(const StepId& step, Boot boot) override {
    watched_.insert(step);
    const bool lost =
        !host_.steps.contains(step) || forgotten.contains(step) || (boot == Boot::other && !host_.steps[step].over);
    if (lost) host_.end(step, Outcome::interrupted);
    later([this] { look(); });
  }
  void cancel(const StepId& step) override {
    if (!watched_.contains(step) || host_.steps[step].over) return;
    host_.end(step, Outcome::cancelled, -15);
    later([this] { look(); });
  }
  Result<std::string> read_output(const StepId& step, std::uint64_t offset, std::size_t max) override {
    const auto it = host_.steps.find(step);
    if (it == host_.steps.end() || forgotten.contains(step)) return fail(Code::not_found, "no output");
    if (offset >= it->second.output.size()) return std::string();
    return it->second.output.substr(static_cast<std::size_t>(offset), max);
  }
  void forget(const StepId& step) override {
    if (!watched_.contains(step)) forgotten.insert(step);
  }

  void look() {  // tells the agent what has happened on the host
    const auto watched = watched_;
    if (cut_.off) return;
    for (const StepId& step : watched) {
      const Host::Step& it = host_.steps[step];
      if (it.output.size() > seen_[step]) handler_.output(step, seen_[step] = it.output.size());
      if (!it.over) continue;
      watched_.erase(step);
      handler_.ended(step, it.verdict);
    }
  }

  bool refuse = false;
  std::set<StepId> forgotten;

 private:
  void later(std::function<void()> work) {
    timers_.after(0, [gone = gone_, work = std::move(work)] {
      if (!*gone) work();
    });
  }
  Host& host_;
  Timers& timers_;
  PowerCut& cut_;
  Handler handler_;
  std::set<StepId> watched_;
  std::map<StepId, std::uint64_t> seen_;
  std::shared_ptr<bool> gone_ = std::make_shared<bool>(false);
};

class FakeLink final : public CoordinatorLink {
 public:
  void start(Handler handler) override { handler_ = std::move(handler); }
  explicit FakeLink(PowerCut& cut) : cut_(cut) {}
  void send(std::string frame) override {
    if (cut_.works() && !shaking_hands_) sent.push_back(std::move(frame));
  }
  void reconnect() override {
    ++reconnects;
    shaking_hands_ = true;
  }
  void settle() { shaking_hands_ = false; }  // a new connection drops what is sent until then
  void connect() {
    settle();
    if (handler_.connected) handler_.connected();
  }
  void deliver(const std::string& frame) {
    if (handler_.frame) handler_.frame(frame);
  }

  std::deque<std::string> sent;
  int reconnects = 0;

 private:
  PowerCut& cut_;
  Handler handler_;
  bool shaking_hands_ = false;
};

}  // namespace prov::agent::fakes
