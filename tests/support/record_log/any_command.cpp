#include "tests/support/record_log/any_command.h"

#include <utility>

namespace prov::test {

using namespace domain;

namespace {

template <std::size_t... I>
std::vector<std::size_t> find_kinds(std::index_sequence<I...>) {
  std::vector<std::size_t> out;
  ((event_log::has_bytes(CommandBody(std::in_place_index<I>)) ? out.push_back(I) : void()), ...);
  return out;
}

constexpr auto kAll = std::make_index_sequence<kCommandTypes>();

template <std::size_t... I>
CommandBody empty_body(std::size_t index, std::index_sequence<I...>) {
  CommandBody out;
  ((I == index ? void(out.emplace<I>()) : void()), ...);
  return out;
}

}  // namespace

const std::vector<std::size_t>& AnyCommand::kinds() {
  static const std::vector<std::size_t> found = find_kinds(kAll);
  return found;
}

std::vector<std::uint32_t> AnyCommand::after(std::size_t index) {
  if (index == 0 || !draw_.yes()) return {};
  return {draw_.small(index)};
}

void AnyCommand::fill(CreateServers& c) {
  c.infra = draw_.text();
  for (std::size_t n = some(); n > 0; --n) c.servers.push_back(draw_.server_spec());
}
void AnyCommand::fill(DeleteServers& c) { c = {draw_.text(), draw_.texts()}; }
void AnyCommand::fill(CreateTaskservs& c) {
  c.infra = draw_.text();
  for (std::size_t i = 0, n = some(); i < n; ++i) c.taskservs.push_back({draw_.taskserv_spec(), after(i)});
  c.again = draw_.yes();
}
void AnyCommand::fill(DeleteTaskservs& c) {
  c.infra = draw_.text();
  for (std::size_t n = some(); n > 0; --n) c.taskservs.push_back(draw_.taskserv_spec());
}
void AnyCommand::fill(CheckTaskservs& c) {
  c.infra = draw_.text();
  for (std::size_t n = some(); n > 0; --n) c.taskservs.push_back(draw_.taskserv_spec());
}
void AnyCommand::fill(RunExec& c) { c = {draw_.texts(), draw_.texts(), draw_.text(60), draw_.small()}; }
void AnyCommand::fill(RunNoop& c) { c = {draw_.texts(), draw_.small()}; }
void AnyCommand::fill(CancelWorkflow& c) { c = {workflow_id(draw_.bytes<Id>())}; }
void AnyCommand::fill(CreateJoinToken& c) { c = {draw_.text(), draw_.bytes<Digest>(), draw_.small()}; }
void AnyCommand::fill(DrainAgent& c) { c = {draw_.bytes<Key>(), draw_.yes()}; }
void AnyCommand::fill(RemoveAgent& c) { c = {draw_.bytes<Key>(), draw_.text(60)}; }
void AnyCommand::fill(StoreBlob& c) {
  c = {draw_.bytes<Digest>(), draw_.number(1ULL << 40), draw_.text(), draw_.text()};
}
void AnyCommand::fill(OpenSession& c) { c = {draw_.text(), draw_.texts(), draw_.yes()}; }
void AnyCommand::fill(AcceptDamage& c) { c = {draw_.text(60), draw_.small()}; }
void AnyCommand::fill(SubmitBatch& c) {
  c = {draw_.text(), draw_.text(), draw_.text(), draw_.small(), draw_.yes(), draw_.pairs(), {}};
  for (std::size_t n = some(); n > 0; --n) c.operations.push_back(operation());
}
void AnyCommand::fill(PauseWorkflow& c) { c = {workflow_id(draw_.bytes<Id>()), draw_.text(60)}; }
void AnyCommand::fill(ResumeWorkflow& c) { c = {workflow_id(draw_.bytes<Id>())}; }
void AnyCommand::fill(RetryWorkflow& c) { c = {workflow_id(draw_.bytes<Id>()), draw_.texts(), draw_.yes()}; }
void AnyCommand::fill(RollbackWorkflow& c) { c = {workflow_id(draw_.bytes<Id>()), draw_.text()}; }
void AnyCommand::fill(ApproveTask& c) { c = {draw_.bytes<Id>(), draw_.yes(), draw_.text(60)}; }

ExecAction AnyCommand::exec() {
  return {draw_.texts(), draw_.text(60), draw_.bytes<Digest>(), draw_.text(), draw_.pairs()};
}

BatchOperation AnyCommand::operation() {
  BatchOperation out;
  out.id = draw_.text();
  out.kind = static_cast<OperationKind>(draw_.number(12));
  for (std::size_t n = some(); n > 0; --n) {
    out.dependencies.push_back({draw_.text(), static_cast<DependencyKind>(draw_.number(2))});
  }
  out.when = draw_.text(), out.targets = draw_.text(), out.limit = draw_.text();
  out.seed = draw_.number(1ULL << 60);
  out.for_each_targets = draw_.text();
  if (draw_.yes()) out.rolling = {draw_.text(), draw_.small(), draw_.small(), draw_.yes()};
  out.retries = draw_.small(), out.timeout_s = draw_.small();
  if (draw_.yes()) out.retry = {draw_.small(), draw_.small(), draw_.yes(), draw_.small(101), draw_.yes()};
  out.priority = static_cast<std::int32_t>(draw_.number(101)) * (draw_.number(100) % 2 == 0 ? 1 : -1);
  out.on_failure = static_cast<OnFailure>(draw_.number(3));
  out.max_failures = draw_.text(), out.concurrency_group = draw_.text();
  out.group_limit = draw_.small();
  out.checkpoint = draw_.text();
  out.outputs = draw_.texts();
  out.mode = static_cast<OrderMode>(draw_.number(3));
  for (std::size_t n = some(); n > 0; --n) out.servers.push_back(draw_.server_spec());
  out.hostnames = draw_.texts();
  for (std::size_t i = 0, n = some(); i < n; ++i) out.taskservs.push_back({draw_.taskserv_spec(), after(i)});
  if (draw_.yes()) out.cluster = ClusterSpec{draw_.text(), draw_.text(), draw_.text(), draw_.texts(), draw_.texts()};
  if (draw_.yes()) out.exec = exec();
  if (draw_.yes()) out.undo = exec();
  out.wait_s = draw_.small();
  out.until = draw_.text(), out.prompt = draw_.text();
  return out;
}

CommandBody AnyCommand::body(std::size_t index) {
  CommandBody out = empty_body(index, kAll);
  std::visit(
      [this](auto& c) {
        if constexpr (requires { fill(c); }) fill(c);
      },
      out);
  return out;
}

event_log::AskedCommand AnyCommand::of_kind(std::size_t index) {
  event_log::AskedCommand out;
  out.command.body = body(index);
  out.command.id = draw_.bytes<Id>();
  out.command.workspace = draw_.text();
  if (draw_.yes()) out.command.plan = draw_.bytes<Digest>();
  out.who = {draw_.text(), draw_.text(), static_cast<Transport>(draw_.number(4))};
  return out;
}

event_log::AskedCommand AnyCommand::any() { return of_kind(kinds()[draw_.small(1 << 20) % kinds().size()]); }

}  // namespace prov::test
