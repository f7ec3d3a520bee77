#include "tests/sim/totals.h"

#include <algorithm>
#include <cstdio>

namespace prov::sim {
namespace {

unsigned long long n(std::uint64_t value) { return value; }

}  // namespace

std::uint64_t Totals::Figure::median() {
  const auto middle = of.begin() + static_cast<long>(of.size() / 2);
  std::nth_element(of.begin(), middle, of.end());
  return *middle;
}

std::uint64_t Totals::Figure::least() { return *std::min_element(of.begin(), of.end()); }
std::uint64_t Totals::Figure::most() { return *std::max_element(of.begin(), of.end()); }

void Totals::add(const RunResult& one, double took_s) {
  all_.ticks += one.ticks;
  all_.virtual_ms += one.virtual_ms;
  all_.events += one.events;
  all_.steps += one.steps;
  all_.tasks += one.tasks;
  all_.started_again += one.started_again;
  all_.commands.asked += one.commands.asked;
  all_.commands.repeated += one.commands.repeated;
  all_.commands.without_room += one.commands.without_room;
  all_.commands.read_only += one.commands.read_only;
  all_.snapshots += one.snapshots;
  all_.frames.sent += one.frames.sent;
  all_.frames.lost += one.frames.lost;
  all_.frames.repeated += one.frames.repeated;
  all_.frames.late += one.frames.late;
  all_.frames.overtaken += one.frames.overtaken;
  all_.most.waiting_bytes = std::max(all_.most.waiting_bytes, one.most.waiting_bytes);
  all_.most.frames = std::max(all_.most.frames, one.most.frames);
  all_.most.journal_bytes = std::max(all_.most.journal_bytes, one.most.journal_bytes);
  for (const auto& [name, count] : one.outcomes) all_.outcomes[name] += count;
  all_.faults.add(one.faults);
  ended_s_.of.push_back(one.ended_ms / 1000);
  hash_ = (hash_ ^ one.trace_hash) * 0x100000001b3ULL;
  seconds_ += took_s;
  const std::uint64_t values[] = {one.agents, one.steps, one.faults.total(), one.faults.crashes()};
  for (std::size_t i = 0; i < figures_.size(); ++i) figures_[i].of.push_back(values[i]);
}

std::string Totals::too_tame() {
  for (Figure& each : figures_) {
    if (each.median() < each.least_median) {
      return "the median of " + each.name + " per seed is " + std::to_string(each.median()) + ", a normal seed has " +
             std::to_string(each.least_median);
    }
  }
  constexpr std::size_t kMany = 200;
  for (std::size_t i = 0; figures_[0].of.size() >= kMany && i < kFaultNames.size(); ++i) {
    if (all_.faults.of[i] == 0) return "there was no fault of the kind " + std::string(kFaultNames[i]);
  }
  return "";
}

void Totals::print(std::uint64_t first) {
  const std::size_t seeds = figures_[0].of.size();
  std::printf("tasks by outcome:");
  for (const auto& [name, count] : all_.outcomes) std::printf(" %s %llu;", name.c_str(), n(count));
  std::printf(
      "\nframes: sent %llu, lost %llu, repeated %llu, late %llu, overtaken %llu; \ncommands: asked %llu, repeated "
      "%llu, refused without room %llu, while read-only %llu;"
      " snapshots %llu; started again after an accepted loss %llu\nfaults:",
      n(all_.frames.sent), n(all_.frames.lost), n(all_.frames.repeated), n(all_.frames.late), n(all_.frames.overtaken),
      n(all_.commands.asked), n(all_.commands.repeated), n(all_.commands.without_room), n(all_.commands.read_only),
      n(all_.snapshots), n(all_.started_again));
  for (std::size_t i = 0; i < kFaultNames.size(); ++i) {
    std::printf(" %.*s %llu%s", static_cast<int>(kFaultNames[i].size()), kFaultNames[i].data(), n(all_.faults.of[i]),
                i + 1 < kFaultNames.size() ? "," : "\n");
  }
  std::printf("most at once: %zu frames on their way, %zu bytes that wait for the log, %zu of a journal\n",
              all_.most.frames, all_.most.waiting_bytes, all_.most.journal_bytes);
  std::printf(
      "totals: seeds=%zu ticks=%llu events=%llu tasks=%llu steps=%llu faults=%llu crashes=%llu frames=%llu"
      " virtual_h=%llu cpu_s=%.0f\n",
      seeds, n(all_.ticks), n(all_.events), n(all_.tasks), n(all_.steps), n(all_.faults.total()),
      n(all_.faults.crashes()), n(all_.frames.sent), n(all_.virtual_ms / 3'600'000), seconds_);
  std::printf("sim: %zu seeds from %llu hold, each run twice; median (least) of a seed:", seeds, n(first));
  for (Figure& each : figures_) std::printf(" %s %llu (%llu),", each.name.c_str(), n(each.median()), n(each.least()));
  std::printf(
      " ended %llu s after the last fault (most %llu, bound %llu); hash %016llx; %.0f seeds per minute of CPU\n",
      n(ended_s_.median()), n(ended_s_.most()), n(kEndsWithinMs / 1000), n(hash_),
      60.0 * static_cast<double>(seeds) / seconds_);
}

}  // namespace prov::sim
