"""A batch whose operations need one another and go over the hosts in waves: its file, the giving of it, the order that
it asks for, and what is on the hosts when it is done and when it was taken back."""
import collections

from hosts import write
from ledgers import BEGIN, END, LEDGER
from rig import check
from steady import SteadyWork

MADE = "/var/lib/made"
AT_ONCE = 5  # so many that one is under way whenever others end

# What each operation needs, how many hosts are in each of its waves, and how the file says that.
Operation = collections.namedtuple("Operation", "needs waves rolling")
OPERATIONS = {
    "prepare": Operation((), (3,), ""),
    "flaky": Operation(("prepare",), (3,), ""),
    "one_by_one": Operation(("prepare",), (1, 1, 1), ", rolling: {batch: 1}"),
    "canary": Operation(("flaky", "one_by_one"), (1, 2), ", rolling: {canary: 1, batch: 2}"),
    "finish": Operation(("canary", "prepare"), (3,), ""),
}
# Its first word says which way. What is flaky fails in its first attempt.
STEP = f"""#!/bin/sh
set -e
{BEGIN}
sleep 0.$(( $$ % 4 ))
case "$1 $3 $PROV_ATTEMPT" in
"make flaky 1") exit 1 ;;
make*) mkdir -p {MADE}/$2; touch {MADE}/$2/$3 ;;
unmake*) rm {MADE}/$2/$3 ;;
esac
{END}
"""


def write_batch(workspace):
    write(workspace / "scripts/step", STEP, 0o755)
    operations = "".join(
        f"    - {{id: {name}, type: script, targets: all, dependencies: [{', '.join(its.needs)}]{its.rolling}, "
        f"script: scripts/step, args: [make, '{{{{params.run}}}}', {name}], "
        f"undo_script: scripts/step, undo_args: [unmake, '{{{{params.run}}}}', {name}]}}\n"
        for name, its in OPERATIONS.items())
    write(workspace / "waves.yaml", "batch_workflow:\n  name: waves\n  params: {run: none}\n"
          f"  defaults: {{retries: {{attempts: 2, delay_s: 0.1}}}}\n  operations:\n{operations}")


def meant_to_fail(step, attempt):
    return (step.kind, step.operation, attempt) == ("batch", "flaky", 1)


class SteadyBatches(SteadyWork):
    """Has some batches under way all the time, given by the command line. One that is not taken is not given again."""

    def __init__(self, operator, hosts):
        super().__init__(operator.coordinator, hosts, LEDGER, pause_s=0.4)
        self.operator, self.given, self.refused = operator, 0, []

    def give(self):
        if len(self.under_way()) >= AT_ONCE:
            return
        self.given += 1
        done = self.operator.run("batch", "submit", str(self.operator.workspace / "waves.yaml"), "--yes", "--param",
                                 f"run=r{self.given}")
        if done.returncode != 0:
            self.refused.append(done.stderr)

    def under_way(self):
        return self.coordinator.ask("GET", self.coordinator.at("/workflows/batch?status=running"))["items"]


class Batch:
    """One that was given, by the log: the tasks of each of its operations, or of what takes them back."""

    def __init__(self, history, workflow):
        self.history, self.workflow = history, workflow
        self.done = history.outcomes[workflow] == "done"
        [self.run] = [param["value"] for param in history.plans[workflow]["params"] if param["key"] == "run"]
        self.tasks = {name: [] for name in OPERATIONS}
        for task, step in history.steps.items():
            if step.workflow == workflow:
                self.tasks[step.operation].append(task)

    def in_order(self, ledgers):
        """How many steps began; none did before those that it waits for had ended well."""
        return sum(self.after(ledgers, its.needs, name, its.waves) for name, its in OPERATIONS.items())

    def in_reverse_order(self, ledgers):
        return sum(self.after(ledgers, [other for other, its in OPERATIONS.items() if name in its.needs], name,
                              [len(self.tasks[name])]) for name in OPERATIONS)

    def after(self, ledgers, needs, name, waves):
        check(sum(waves) == len(self.tasks[name]), f"{self.workflow}: {name} has {len(self.tasks[name])} steps")
        before, count, left = [task for need in needs for task in self.tasks[need]], 0, iter(self.tasks[name])
        for size in waves:
            wave = [next(left) for _ in range(size)]
            for task in wave:
                count += self.began_after(ledgers, task, before)
            before = before + wave
        return count

    def began_after(self, ledgers, task, before):
        """Whether it began; then after the good end of each of these."""
        if task not in ledgers.first:
            return False
        began, steps = ledgers.first[task], self.history.steps
        for other in before:
            ended = ledgers.finished.get(self.history.well.get(other))
            check(ended and ended < began,
                  f"{steps[task]} began at {began}; {steps[other]}, which it waits for, ended well at {ended}")
        return True


def batches_of(history, kind="batch"):
    return [Batch(history, workflow) for workflow, plan in history.plans.items() if plan["kind"] == kind]


def seconds_without(history, begin_s, end_s):
    """Of this time, that in which no batch was under way."""
    bare, at = 0, begin_s * 1000
    for batch in batches_of(history):
        first, last = history.times[batch.workflow]
        bare += max(0, min(first, end_s * 1000) - at)
        at = max(at, last)
    return (bare + max(0, end_s * 1000 - at)) / 1000


def things_of(root, run):
    """What a batch has left on the host with this root folder."""
    return {path.name for path in (root / MADE[1:] / run).glob("*")}
