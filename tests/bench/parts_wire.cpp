// The messages between coordinator and agent, per task: full frames of orders down, of reports up.
#include <benchmark/benchmark.h>

#include "common/hash.h"
#include "common/wire/agent_wire.h"

namespace prov::bench {
namespace {

constexpr std::uint32_t kWireTasks = 64;  // a full frame of orders; a frame of reports holds these tasks' too

wire::ToAgent orders() {
  wire::Orders body;
  for (std::uint32_t n = 1; n <= kWireTasks; ++n) {
    wire::Order order;
    order.task = task_id(Id{}, n);
    order.attempt = 1;
    order.sequence = n;
    order.action = wire::Noop{};
    body.orders.push_back(order);
  }
  wire::ToAgent frame;
  frame.epoch = 1;
  frame.body = std::move(body);
  return frame;
}

wire::FromAgent reports() {
  wire::Reports frame;
  frame.frame_id = 1;
  for (std::uint32_t n = 1; n <= kWireTasks; ++n) {
    const Id task = task_id(Id{}, n);
    frame.reports.push_back({task, 1, 1, wire::Accepted{}});
    frame.reports.push_back({task, 1, 1, wire::Started{}});
    frame.reports.push_back({task, 1, 1, wire::Ended{Outcome::done, 0, "", 0, digest_of(""), digest_of("")}});
  }
  return frame;
}

void per_task(benchmark::State& run, std::size_t frame_bytes) {
  run.SetItemsProcessed(run.iterations() * kWireTasks);
  run.counters["bytes_per_task"] = static_cast<double>(frame_bytes) / kWireTasks;
}

void encode_orders(benchmark::State& run) {
  const auto frame = orders();
  for (auto _ : run) benchmark::DoNotOptimize(wire::encode(frame));
  per_task(run, wire::encode(frame).size());
}
BENCHMARK(encode_orders);

void decode_orders(benchmark::State& run) {
  const std::string bytes = wire::encode(orders());
  for (auto _ : run) benchmark::DoNotOptimize(wire::decode_to_agent(bytes));
  per_task(run, bytes.size());
}
BENCHMARK(decode_orders);

void encode_reports(benchmark::State& run) {
  const auto frame = reports();
  for (auto _ : run) benchmark::DoNotOptimize(wire::encode(frame));
  per_task(run, wire::encode(frame).size());
}
BENCHMARK(encode_reports);

void decode_reports(benchmark::State& run) {
  const std::string bytes = wire::encode(reports());
  for (auto _ : run) benchmark::DoNotOptimize(wire::decode_from_agent(bytes));
  per_task(run, bytes.size());
}
BENCHMARK(decode_reports);

}  // namespace
}  // namespace prov::bench
