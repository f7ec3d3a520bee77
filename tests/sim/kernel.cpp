#include "tests/sim/kernel.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "common/result.h"

namespace prov::sim {
namespace {

std::uint64_t rotl(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

}  // namespace

std::string short_name(const Id& workflow) {
  constexpr std::size_t kTimeBytes = 6, kBytes = 4;
  return to_hex(workflow.view().substr(kTimeBytes, kBytes));
}

std::string short_name(const Id& task, std::uint32_t attempt) {
  return short_name(task) + "-" + std::to_string(task_index(task).value_or(0)) + "/" + std::to_string(attempt);
}

Rng::Rng(std::uint64_t seed) {
  for (auto& word : state_) {  // splitmix64
    seed += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    word = z ^ (z >> 31);
  }
}

std::uint64_t Rng::next() {
  const std::uint64_t out = rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = rotl(state_[3], 45);
  return out;
}

void Rng::fill(std::span<std::uint8_t> out) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % 8 == 0) word = next();
    out[i] = static_cast<std::uint8_t>(word >> (8 * (i % 8)));
  }
}

Schedule::Token Schedule::following() const {
  return sequence_ * kSlots + (free_.empty() ? slots_.size() : free_.back());
}

Schedule::Token Schedule::put(std::uint64_t at_us, std::function<void()> run) {
  const Token token = following();
  ++sequence_;
  if (free_.empty()) {
    PROV_ASSERT(slots_.size() < kSlots);
    slots_.emplace_back();
  } else {
    free_.pop_back();
  }
  slots_[token % kSlots] = {token, std::move(run)};
  queue_.push_back({at_us, token});
  std::push_heap(queue_.begin(), queue_.end());
  return token;
}

Schedule::Token Schedule::after(std::uint64_t delay_us, std::function<void()> run) {
  return put(now_us_ + delay_us, std::move(run));
}

Schedule::Token Schedule::next(std::function<void()> run) { return put(0, std::move(run)); }

void Schedule::cancel(Token token) {
  const std::uint64_t slot = token % kSlots;
  if (slot >= slots_.size() || slots_[slot].token != token) return;
  free_.push_back(slot);
  slots_[slot].token = 0;
  const auto ends_last = std::exchange(slots_[slot].run, nullptr);  // its captures may cancel others
}

bool Schedule::step() {
  while (!queue_.empty()) {
    const Due due = queue_.front();
    std::pop_heap(queue_.begin(), queue_.end());
    queue_.pop_back();
    const std::uint64_t slot = due.token % kSlots;
    if (slots_[slot].token != due.token) continue;  // cancelled
    now_us_ = std::max(now_us_, due.at_us);
    ++steps_;
    slots_[slot].token = 0;
    const auto run = std::exchange(slots_[slot].run, nullptr);
    free_.push_back(slot);
    run();
    return true;
  }
  return false;
}

// Every bit of each word reaches every bit of the hash; the length tells pieces apart.
void Trace::mix(std::uint64_t word) {
  hash_ = (hash_ ^ word) * 0x9E3779B97F4A7C15ULL;
  hash_ ^= hash_ >> 32;
}

void Trace::bytes(std::uint64_t now_us, std::string_view what) {
  mix(now_us);
  mix(what.size());
  for (; !what.empty(); what.remove_prefix(std::min(what.size(), sizeof(std::uint64_t)))) {
    std::uint64_t word = 0;
    std::memcpy(&word, what.data(), std::min(what.size(), sizeof word));
    mix(word);
  }
}

void Trace::line(std::uint64_t now_us, std::string_view text) {
  bytes(now_us, text);
  if (read()) show(now_us, text);
}

void Trace::show(std::uint64_t now_us, std::string_view text) {
  std::string line = std::to_string(now_us / 1000) + "." + std::to_string(now_us % 1000 + 1000).substr(1) + " ";
  line += text;
  if (print_) std::printf("%s\n", line.c_str());
  if (!keep_) return;
  last_.push_back(std::move(line));
  if (last_.size() > kKeep) last_.pop_front();
}

void Kernel::violate(const std::string& invariant, const std::string& text) {
  if (violated()) return;
  violation = invariant + ": " + text;
  line("VIOLATION " + violation);
}

Process::~Process() {
  for (const Schedule::Token token : waiting_) schedule_.cancel(token);
}

TimerId Process::after_us(std::uint64_t delay_us, std::function<void()> fire) {
  const Schedule::Token token = schedule_.following();
  waiting_.push_back(token);
  schedule_.after(delay_us, [this, token, fire = std::move(fire)] {
    forget(token);
    fire();
  });
  return token;
}

bool Process::forget(Schedule::Token token) {
  const auto found = std::lower_bound(waiting_.begin(), waiting_.end(), token);
  if (found == waiting_.end() || *found != token) return false;
  waiting_.erase(found);
  return true;
}

void Process::cancel(TimerId id) {
  if (forget(id)) schedule_.cancel(id);
}

TimeMs Process::wall_ms() {
  const auto now = static_cast<std::int64_t>(kWallStartMs + schedule_.now_us() / 1000);
  return static_cast<TimeMs>(now + skew_ms_);
}

}  // namespace prov::sim
