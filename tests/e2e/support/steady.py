"""Work that never stops while a test does its harm, and what has to hold once it is over."""
import collections
import json
import threading

from rig import Agent, Coordinator, check, offline, replayed_hash, verified, wait


class SteadyWork(threading.Thread):
    """Gives workflows without a pause, as a good client does, while it is entered. Each step signs in a ledger."""

    def __init__(self, coordinator, hosts, ledger, pause_s=0.06):
        super().__init__(daemon=True)
        self.coordinator, self.hosts, self.pause_s = coordinator, list(hosts), pause_s
        self.workflows, self.enough, self.problem = [], threading.Event(), None
        self.script = f'echo "$PROV_TASK $PROV_ATTEMPT" >> {ledger}; echo begun; sleep 0.$(( $$ % 3 )); echo done'

    def run(self):
        try:
            while not self.enough.wait(self.pause_s):
                self.give()
        except Exception as problem:  # told by the main thread
            self.problem = problem

    def give(self):
        self.workflows.append(self.coordinator.exec(self.hosts, self.script))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.enough.set()
        self.join()
        if self.problem:
            raise self.problem


def small_platform(folder, processes, hosts, flags=("--reserve-mib", "0"), **environment):
    """A coordinator and its agents on this machine, all of them reachable."""
    coordinator = Coordinator(processes, folder, flags)
    coordinator.start(**environment)
    agents = [Agent(processes, folder, host) for host in hosts]
    for agent in agents:
        agent.enrol(coordinator.join_token(agent.host))
        agent.start()
    reachable(coordinator, len(hosts))
    return coordinator, agents


def reachable(coordinator, count, deadline_s=60):
    wait(lambda: coordinator.ask("GET", "/status")["agents"]["reachable"] == count, f"{count} agents to be reachable", deadline_s)


def started_once(coordinator, rows, starts, hosts, least=100):
    """No attempt was started twice, none that the log does not know, and most of the tasks are done."""
    twice = [line for line, count in collections.Counter(starts).items() if count > 1]
    check(not twice, f"an attempt was started twice: {twice}")
    code, out, err = offline(coordinator.data, "export", "--type", "TaskDispatched")
    check(code == 0, f"audit export: {code} {err}")
    bodies = [json.loads(line)["body"] for line in out.splitlines()]
    ghosts = set(starts) - {f"{body['task']} {body['attempt']}" for body in bodies}
    check(not ghosts, f"steps ran that the log does not know: {ghosts}")
    tasks = len(rows) * len(hosts)
    done = sum(row["counts"]["done"] for row in rows)
    check(tasks >= least, f"only {tasks} tasks: too little was going on")
    check(tasks * 0.8 <= done <= len(starts), f"{done} of {tasks} tasks are done, {len(starts)} began")
    print(f"  {len(rows)} workflows, {tasks} tasks, {done} done, {len(starts)} starts, each once")


def whole_and_replayed(coordinator):
    live = coordinator.ask("GET", "/audit/verify")
    check(live["whole"], f"the live log does not verify: {live}")
    check(coordinator.stop() == 0, "the coordinator did not end in order")
    report = verified(coordinator.data)
    check(replayed_hash(coordinator.data, live["events"]) == live["state_hash"], "the replay gives another state than the live one")
    print(f"  {report['events']} events, whole; the replay gives the live state")
