// Settings: all six layers from their files, laid over each other and put together. It has to stay below 5 ms.
#include <benchmark/benchmark.h>

#include "coordinator/config/documents.h"
#include "tests/unit/workspace/temp_folder.h"

namespace prov::bench {
namespace {

std::string vars(int from, int count) {
  std::string text = "[vars]\n";
  for (int i = from; i < from + count; ++i) {
    text += "v" + std::to_string(i) + " = \"" +
            (i == from ? std::string("{{paths.base}}") : "{{vars.v" + std::to_string(i / 2) + "}}/x") + "\"\n";
  }
  return text;
}

// Every layer says something; `values` of one's own refer to one another.
void load_all_layers(benchmark::State& run) {
  const test::TempFolder folder;
  const int values = static_cast<int>(run.range(0));
  config::Request request;
  request.defaults_file = folder.write("share/config.defaults.toml", config::defaults_document());
  folder.write("home/config.user.toml", "[link]\nport = 1\n" + vars(0, values));
  folder.write("home/config/orchestrator.toml", "[limits]\nagent_orders = 64\n");
  folder.write("ws/config/provisioning.yaml", "workspace: {name: demo}\nlink:\n  enrol_port: 2\n");
  folder.write("ws/config/dev-defaults.toml", "[log]\nreserve_mib = 1\n");
  folder.write("ws/infra/main/config.toml", "[orchestrator]\nlog_level = \"debug\"\n");
  request.home = folder / "home";
  request.workspace_root = folder / "ws";
  request.cwd = folder.path();
  request.variables = {{"PROVISIONING_LINK_HEARTBEAT_MS", "4000"}};
  request.flags = {{"vars.flag", "x", "--set"}};
  request.variable = [](const std::string&) { return std::string(); };
  for (auto _ : run) {
    auto loaded = config::load(request);
    if (!loaded || loaded->all().size() < static_cast<std::size_t>(values)) run.SkipWithError("it does not load");
    benchmark::DoNotOptimize(loaded);
  }
}
BENCHMARK(load_all_layers)->Arg(10)->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace prov::bench
