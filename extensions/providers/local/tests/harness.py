"""Calls the provider as the coordinator does, and looks at the machine from outside."""
import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
SCRIPTS = os.path.join(os.path.dirname(HERE), "scripts")
PROVIDER = os.path.join(SCRIPTS, "provider")
sys.path.insert(0, SCRIPTS)

from local_provider import docker_api, engine, request, store, verbs  # noqa: E402  (the path comes first)

WORK = tempfile.mkdtemp(prefix="provider-test.")
AGENT = os.path.join(WORK, "agent")
CACHE = os.environ.get("PROVISIONING_CACHE_DIR") or os.path.join(WORK, "cache")
CALL_LIMIT_S = 300


NETWORKS = ("lan", "chosen", "other")  # that tests name in servers
INFRAS = []  # all that was ever asked to make something


# Run at the end, the last one first, however the tests end.
atexit.register(shutil.rmtree, WORK, ignore_errors=True)


LAST_STEPS = []


def at_the_end(step):
    """For what has to be there until all infras are gone."""
    LAST_STEPS.append(step)


@atexit.register
def _destroy_all():
    for infra in INFRAS:
        if os.path.isdir(os.path.join(infra.state_dir, "workspaces")):
            infra.destroy()
    for step in LAST_STEPS:
        step()


def _interrupt(*_):
    raise KeyboardInterrupt  # unittest takes any other exception for the failure of one test, and goes on


for _number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(_number, _interrupt)


def build_agent():
    if not os.path.exists(AGENT):
        source = os.path.join(HERE, "agent_stand_in.c")
        subprocess.run(["cc", "-static", "-O1", "-Wall", "-Wextra", "-o", AGENT, source], check=True)


class Infra:
    """One infra in a state folder of its own."""

    def __init__(self, runtime, name="infra", state_dir=None, docker_socket=""):
        self.runtime = runtime
        self.name = name
        self.state_dir = state_dir or tempfile.mkdtemp(prefix="state.", dir=WORK)
        self.docker_socket = docker_socket
        INFRAS.append(self)

    def message(self, verb, hostname="", token="token-1", **more):
        body = {"api": 1, "verb": verb, "state_dir": self.state_dir, "workspace": "test", "infra": self.name,
                "runtime": self.runtime}
        if verb == "prepare" and self.docker_socket:
            body["params"] = {"docker_socket": self.docker_socket}
        if hostname:
            body["server"] = {"hostname": hostname}
        if verb == "create_server":
            body["server"].update(plan="small", labels={"role": "test"}, params={})
            body["agent"] = {"program": AGENT, "endpoint": "tcp://coordinator:1", "join_token": token}
        body.update(more)
        return json.dumps(body).encode()

    def start(self, verb, *arguments, **more):
        """A call under way, in a session of its own as under the coordinator."""
        child = subprocess.Popen([PROVIDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 start_new_session=True, umask=0o077, env={**os.environ, "PROVISIONING_CACHE_DIR": CACHE})
        child.stdin.write(self.message(verb, *arguments, **more))
        child.stdin.close()
        return child

    def finish(self, child):
        with child.stdout:
            out = child.stdout.read()
        status = child.wait(CALL_LIMIT_S)
        assert status == 0, f"exit status {status}: {out!r}"
        return json.loads(out)

    def call(self, verb, *arguments, **more):
        return self.finish(self.start(verb, *arguments, **more))

    def must(self, verb, *arguments, **more):
        answer = self.call(verb, *arguments, **more)
        assert answer["ok"], f"{verb} {arguments}: {answer['error']}"
        return answer

    def killed(self, verb, delay_s, *arguments):
        """The call, ended by kill -9 after a while. Returns whether it was still at work."""
        child = self.start(verb, *arguments)
        time.sleep(delay_s)
        working = child.poll() is None
        child.kill()
        child.wait()
        child.stdout.close()
        return working

    def inside(self, hostname, *argv, check=True):
        done = subprocess.run([os.path.join(SCRIPTS, "host-exec"), self.state_dir, "test", self.name, hostname, *argv],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=CALL_LIMIT_S, check=False)
        assert not check or done.returncode == 0, f"{argv} in {hostname}: {done.returncode}: {done.stdout}"
        return done.stdout

    def first_process(self, hostname):
        state = store.State(request.parse(self.message("get_server_status", hostname)))
        host = state.host(hostname)
        return verbs.RUNTIMES[host["runtime"]](state, state.network()).first_process(host)

    def own_engine_pid(self):
        return docker_api.server_pid(engine.own_socket(store.State(request.parse(self.message("list_servers")))))

    def destroy(self):
        """Whatever state a failed test left: everything goes."""
        for server in self.call("list_servers").get("servers", []):
            self.call("delete_server", server["hostname"])
        return self.call("teardown")


def wait_until(condition, what, limit_s=20):
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {limit_s} s: {what}"
        time.sleep(0.05)


def traces(infra):
    """What the machine has of an infra: devices, firewall tables, mounts and processes."""
    state = store.State(request.parse(infra.message("list_servers")))
    scope = state.scope
    bridges = {"pvb" + scope, *map(state.inner_bridge, NETWORKS)}
    found = [f"device {d}" for d in os.listdir("/sys/class/net") if d in bridges]
    tables = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True).stdout
    found += [f"nft {line}" for line in tables.splitlines() if scope in line]
    run_folder = os.path.dirname(engine.own_socket(state))
    for path in (infra.state_dir, run_folder):
        with open("/proc/self/mountinfo", encoding="utf-8") as table:
            found += [f"mount {line.split()[4]}" for line in table if path in line]
        found += [f"process {line}" for line in processes(path)]
    return found + [run_folder] * os.path.exists(run_folder)


def processes(path):
    """Processes that were started with the path, or stand in it."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as source:
                line = source.read().replace(b"\0", b" ").decode("utf-8", "replace")
            if path in line or path in os.readlink(f"/proc/{pid}/cwd"):
                found.append(f"{pid} {line.strip()}")
        except OSError:
            pass
    return found
