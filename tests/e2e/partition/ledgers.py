"""What each host really did, by the ledger that its steps write there, beside what the log says that it did."""
import collections

from hosts import events
from rig import check

LEDGER = "/var/lib/effects"
BEGIN, END = (f'echo "{word} $PROV_TASK $PROV_ATTEMPT $(date +%s%N)" >> {LEDGER}' for word in ("begin", "end"))
SIGN = f"{BEGIN}; sleep 0.$(( $$ % 5 )); {END}"
WELL, NEVER_RAN = ("done", "unchanged"), ("not_delivered", "refused", "skipped")

Step = collections.namedtuple("Step", "workflow kind operation host")


class History:
    """The log's word: the steps that sign a ledger, and how each attempt of them ended; and of each workflow its plan,
    how it ended and from when to when it was under way."""

    def __init__(self, coordinator):
        self.steps, self.attempts, self.well = {}, {}, {}  # well: of a step, its attempt that ended so
        self.plans, self.outcomes, self.times = {}, {}, {}
        takes = {"WorkflowSubmitted": self.submitted, "WorkflowEnded": self.ended, "TaskDispatched": self.attempt_given,
                 "TaskEnded": self.attempt_ended}
        for event in events(coordinator, *takes):
            takes[event["type"]](event["body"], event["log_time_ms"])

    def submitted(self, body, at_ms):
        self.plans[body["id"]], self.times[body["id"]] = body, [at_ms]
        operations = [o["id"] for o in body["operations"] for _ in range(o["task_count"])] or [""] * len(body["tasks"])
        for n, (task, operation) in enumerate(zip(body["tasks"], operations)):
            if {"exec", "taskserv"} & set(task["action"]):
                self.steps[body["id"][:-8] + f"{n + 1:08x}"] = Step(body["id"], body["kind"], operation, task["server"])

    def ended(self, body, at_ms):
        self.outcomes[body["id"]] = body["outcome"]
        self.times[body["id"]].append(at_ms)

    def attempt_given(self, body, _):
        attempt = (body["task"], body["attempt"])
        check(attempt not in self.attempts, f"an attempt was given out twice: {attempt}")
        if body["task"] in self.steps:
            self.attempts[attempt] = []

    def attempt_ended(self, body, _):
        attempt = (body["task"], body["attempt"])
        if attempt in self.attempts:
            self.attempts[attempt].append(body["outcome"])
            if body["outcome"] in WELL:
                self.well[body["task"]] = attempt

    def host_of(self, attempt):
        return self.steps[attempt[0]].host if attempt in self.attempts else None


class Ledgers:
    """When each attempt began and ended by what its host saw, in nanoseconds; hosts of one machine have one clock."""

    def __init__(self, texts, history):
        self.began, self.finished, self.first = {}, {}, {}  # first: of a step, the begin of its first attempt
        for host, text in texts.items():
            for line in text.splitlines():
                what, task, number, at = line.split()
                attempt, times = (task, int(number)), self.began if what == "begin" else self.finished
                sent_to = history.host_of(attempt)
                check(sent_to == host, f"on {host} there is an effect that the log sent to {sent_to}: {line}")
                check(attempt not in times, f"twice in one attempt, on {host}: {what} {attempt}")
                times[attempt] = int(at)
                self.first[task] = min(int(at), self.first.get(task, int(at)))


def check_attempts(history, ledgers, meant_to_fail):
    """The outcome of each attempt is what its host saw of it, and most attempts ended well."""
    tally = collections.Counter()
    for attempt, outcomes in history.attempts.items():
        told = f"{attempt} on {history.host_of(attempt)}"
        check(len(outcomes) == 1, f"{told} ended {len(outcomes)} times: {outcomes}")
        [outcome] = outcomes
        began, finished = attempt in ledgers.began, attempt in ledgers.finished
        check(outcome not in WELL or (began and finished), f"{told} is {outcome}, and its host saw no end of it")
        check(outcome not in NEVER_RAN or not began, f"{told} is {outcome}, and it began there")
        meant = meant_to_fail(history.steps[attempt[0]], attempt[1])
        check(outcome not in WELL or not meant, f"{told} is {outcome}, and was to fail")
        tally["failed as it was to" if meant and outcome == "failed" else outcome] += 1
    least = 0.8 * (sum(tally.values()) - tally["failed as it was to"])
    check(tally["done"] >= max(200, least), f"too little worked to show anything: {tally}")
    workflows = {step.workflow for step in history.steps.values()}
    print(f"  {len(workflows)} workflows, {len(history.attempts)} attempts: {dict(tally)}; the hosts' ledgers say the "
          f"same: {len(ledgers.began)} began, each once, {len(ledgers.finished)} ended")
