#include "tests/sim/kernel.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>

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

Schedule::Token Schedule::put(std::uint64_t at_us, std::function<void()> run) {
  const Token token = ++sequence_;
  queue_.emplace(std::pair(at_us, token), std::move(run));
  at_.emplace(token, at_us);
  return token;
}

Schedule::Token Schedule::after(std::uint64_t delay_us, std::function<void()> run) {
  return put(now_us_ + delay_us, std::move(run));
}

Schedule::Token Schedule::next(std::function<void()> run) { return put(0, std::move(run)); }

void Schedule::cancel(Token token) {
  const auto found = at_.find(token);
  if (found == at_.end()) return;
  queue_.erase({found->second, token});
  at_.erase(found);
}

bool Schedule::step() {
  if (queue_.empty()) return false;
  auto first = queue_.extract(queue_.begin());
  now_us_ = std::max(now_us_, first.key().first);
  at_.erase(first.key().second);
  ++steps_;
  first.mapped()();
  return true;
}

void Trace::line(std::uint64_t now_us, const std::string& text) {
  std::string line = std::to_string(now_us / 1000) + "." + std::to_string(now_us % 1000 + 1000).substr(1) + " " + text;
  bytes(line);
  if (print_) std::printf("%s\n", line.c_str());
  last_.push_back(std::move(line));
  if (last_.size() > kKeep) last_.pop_front();
}

// Every bit of each word reaches every bit of the hash; the length tells pieces apart.
void Trace::bytes(std::string_view what) {
  const auto mix = [this](std::uint64_t word) {
    hash_ = (hash_ ^ word) * 0x9E3779B97F4A7C15ULL;
    hash_ ^= hash_ >> 32;
  };
  mix(what.size());
  for (; !what.empty(); what.remove_prefix(std::min(what.size(), sizeof(std::uint64_t)))) {
    std::uint64_t word = 0;
    std::memcpy(&word, what.data(), std::min(what.size(), sizeof word));
    mix(word);
  }
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
  // The token is known only after the event was made, so the event looks for it in a box of its own.
  auto box = std::make_shared<Schedule::Token>(0);
  *box = schedule_.after(delay_us, [this, box, fire = std::move(fire)] {
    waiting_.erase(*box);
    fire();
  });
  waiting_.insert(*box);
  return *box;
}

void Process::cancel(TimerId id) {
  if (waiting_.erase(id) != 0) schedule_.cancel(id);
}

TimeMs Process::wall_ms() {
  const auto now = static_cast<std::int64_t>(kWallStartMs + schedule_.now_us() / 1000);
  return static_cast<TimeMs>(now + skew_ms_);
}

}  // namespace prov::sim
