#include "tests/sim/operator.h"

namespace prov::sim {
namespace {

// Two people, by turns: each command stays with who gave it.
const domain::Principal& who_gave(const Id& command) {
  static const domain::Principal kHere{"uid:0", "peer", domain::Transport::unix_socket};
  static const domain::Principal kAway{"uid:1000", "token:sim", domain::Transport::tcp};
  return command.bytes.back() % 2 == 0 ? kHere : kAway;
}

}  // namespace

void Operator::ask(domain::CommandBody body, Then then, std::vector<SideRecord> sides) {
  ask(domain::Command{kernel_.rng.id(), kWorkspace, std::move(body)}, std::move(then), std::move(sides));
}

void Operator::plan(domain::CommandBody body, std::uint64_t later_us) {
  if (!coordinator_.up()) return;
  domain::Command command{kernel_.rng.id(), kWorkspace, std::move(body)};
  auto planned = coordinator_.core().check(command, who_gave(command.id));
  if (!planned) return kernel_.line("operator: cannot plan: " + planned.error().message);
  command.plan = planned->digest;
  inspector_.planned(command.id, std::move(planned->events));
  kernel_.schedule.after(later_us, [this, command = std::move(command)] { ask(command, {}, {}); });
}

void Operator::ask(domain::Command command, Then then, std::vector<SideRecord> sides) {
  const Id id = command.id;
  ++counts.asked;
  open_[id] = Question{std::move(command), std::move(sides), std::move(then)};
  kernel_.line(std::string("operator: asks ") + domain::name_of(open_[id].command.body));
  send(id);
}

void Operator::send(const Id& id) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  if (++found->second.tries > 1) ++counts.repeated;
  kernel_.schedule.after(kernel_.rng.range(1'500'000, 4'000'000), [this, id] { send(id); });
  if (kernel_.rng.chance(loses)) return;
  kernel_.schedule.after(kernel_.rng.range(50, 5'000), [this, question = found->second] {
    if (!coordinator_.up()) return;
    const Id asked = question.command.id;
    domain::Command command = question.command;
    if (forgotten_ && question.tries > 1) command.id = kernel_.rng.id();
    if (spoils) spoils(command);
    coordinator_.submit(
        command, who_gave(command.id),
        [this, asked](Result<domain::Answer> answer) {
          inspector_.answered(asked, answer);
          if (kernel_.rng.chance(loses)) return;
          kernel_.schedule.after(kernel_.rng.range(50, 5'000), [this, asked, answer] { told(asked, answer); });
        },
        question.sides);
  });
}

void Operator::decide_about_damage() {
  if (coordinator_.read_only().empty() || std::exchange(deciding_, true)) return;
  ask(domain::AcceptDamage{"the end of the log is lost", coordinator_.attested_epoch()}, [this](const auto&) {
    deciding_ = false;
    resume_all();
  });
}

// Who accepts a loss looks what stands still because of it: that a pause was over may be what was lost.
void Operator::resume_all() {
  for (const auto& [id, workflow] : std::map(auditor_.state().workflows.begin(), auditor_.state().workflows.end())) {
    if (workflow.paused) ask(domain::ResumeWorkflow{id});
  }
}

void Operator::told(const Id& id, const Result<domain::Answer>& answer) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  if (!answer && (answer.error().code == Code::unavailable || answer.error().code == Code::exhausted)) {
    ++(answer.error().code == Code::exhausted ? counts.without_room : counts.read_only);
    return;  // it is asked again
  }
  if (!answer) kernel_.line("operator: refused: " + answer.error().message);
  const Question question = std::move(found->second);
  open_.erase(found);
  if (answer && question.then) question.then(*answer);
}

}  // namespace prov::sim
