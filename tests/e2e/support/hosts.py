"""Real hosts of the local provider in an end-to-end test: the operator's command line, what runs on the hosts, and
namespaces of the test's own, so that nothing outlives it however it ends. Needs root."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import rig
from rig import BIN, ROOT, Skip, check, offline, wait

AGENT = "/opt/provisioning-agent/provisioning-agent"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "provisioning-tests/images"
PHASE_S = 170
INSIDE = "PROV_TEST_INSIDE"  # in the environment of the test that runs in its own namespaces


def write(path, text, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def signing(extensions, kind, name, script, sign):
    """A copy of an extension of which one script signs first."""
    folder = extensions / kind / name
    shutil.copytree(ROOT / "extensions" / kind / name, folder, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    (folder / "scripts" / script).rename(folder / "scripts" / (script + ".real"))
    write(folder / "scripts" / script, sign, 0o755)


class Operator:
    """The real command line; tries again as long as the coordinator is away, as a person would."""

    def __init__(self, folder, coordinator, workspace):
        self.coordinator, self.workspace = coordinator, workspace
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PROVISIONING_HOME": str(folder / "home"),
                            "PROVISIONING_ENDPOINT": coordinator.socket,
                            "PROVISIONING_EXTENSIONS": str(ROOT / "extensions")}

    def run(self, *argv):
        words = argv.index("--") if "--" in argv else len(argv)  # what follows is a command of its own
        own = ["--workspace", str(self.workspace), "--out", "json"]
        return subprocess.run([str(BIN / "provisioning"), *argv[:words], *own, *argv[words:]],
                              env=self.environment, capture_output=True, text=True, timeout=120, check=False)

    def submit(self, *argv):
        """The workflow of it; None when there is nothing to do."""
        end = time.monotonic() + 60
        while True:
            done = self.run(*argv)
            if done.returncode == 0:
                return json.loads(done.stdout).get("workflow")
            running = self.coordinator.ask("GET", self.coordinator.at("/workflows?status=running"))["items"]
            if running:  # the answer was lost with the coordinator, the command was not
                return running[0]["id"]
            check(time.monotonic() < end, f"{argv}: exit {done.returncode}: {done.stderr}")
            time.sleep(0.1)

    def finish(self, *argv):
        """Submits, waits for the end, and submits again what gave up: interrupted too often for its attempts."""
        rows = []
        end = time.monotonic() + PHASE_S
        while True:
            workflow = self.submit(*argv)
            if workflow is None:
                return rows
            rows.append(wait(lambda: self.ended(workflow), f"the end of {argv}", PHASE_S, 0.2))
            bad = [t for t in rows[-1]["tasks"] if t["outcome"] not in ("done", "unchanged")]
            for task in bad:
                check(task["outcome"] in ("interrupted", "skipped", "timed_out") or "later" in (task["message"] or "") or
                      "killed" in (task["message"] or "") or "later" in (task["error"] or "") or "killed" in (task["error"] or ""),
                      f"failed, and by no kill: {task}")
            check(time.monotonic() < end, f"{argv} does not finish: {bad}")

    def ended(self, workflow):
        row = self.coordinator.workflow(workflow)
        return row if row["ended_ms"] else None


# ---- processes

def processes_like(*words):
    """Process ids whose command line begins with these words."""
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            argv = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if all(re.fullmatch(word, got.decode(errors="replace")) for word, got in zip(words, argv)) and len(argv) >= len(words):
            yield int(folder.name)


VICTIMS = {"agent": (re.escape(AGENT), "run"), "step": (re.escape(AGENT) + " supervise .*",),  # a title: one word
           "provider": (".*python3?", ".*/scripts/provider.real")}


def shoot(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def on_host(coordinator, host, script):
    """Runs a script on the host, through its agent, and returns what it printed."""
    workflow = coordinator.exec([host], script)
    row = coordinator.ended([workflow])[0]
    task = coordinator.ask("GET", coordinator.at(f"/tasks/{row['tasks'][0]['id']}"))
    check(task["outcome"] == "done", f"on {host}: {task['outcome']}: {task['output']}")
    return task["output"]


def events(coordinator, *types):
    argv = [word for name in types for word in ("--type", name)]
    code, out, err = offline(coordinator.data, "export", *argv)
    check(code == 0, f"audit export: {code} {err}")
    return [json.loads(line) for line in out.splitlines()]


def nothing_left(folder, data):
    mine = {os.getpid(), os.getppid(), 1}
    others = [pid for pid in processes_like(".+") if pid not in mine]
    check(not others, f"processes are left: {[pathlib.Path(f'/proc/{p}/cmdline').read_bytes() for p in others]}")
    mounts = [line for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines() if str(folder) in line]
    check(not mounts, f"mounts are left: {mounts}")
    check(not list(data.glob("providers/state/*/workspaces/*")), "the provider's state of the infra is left")
    left = [name for name in network_names(folder) if device_or_table(name)]
    check(not left, f"bridges or firewall tables are left: {left}")


# ---- in namespaces of its own, so that nothing outlives the test however it ends

def network_names(folder):
    names = folder / "network-names"
    return names.read_text().split() if names.exists() else []


def device_or_table(name):
    for argv in (["ip", "link", "show", "dev", name], ["nft", "list", "table", "ip", name]):
        if subprocess.run(argv, capture_output=True, check=False).returncode == 0:
            return True
    return False


def remember_network(folder, coordinator):
    """Bridges belong to the machine: whoever cleans up after a kill has to know their names."""
    for record in coordinator.data.glob("providers/state/*/workspaces/*/*/network.json"):
        name = json.loads(record.read_text()).get("bridge")
        if name and name not in network_names(folder):
            with open(folder / "network-names", "a", encoding="ascii") as names:
                names.write(name + "\n")


def in_own_namespaces():
    """Runs this program again as the first process of its own namespaces, and cleans up what the kernel does not."""
    if os.geteuid() != 0:
        raise Skip("this needs root: hosts are made on this machine")
    for tool in ("mmdebstrap", "unshare", "setpriv", "ip", "nft"):
        if not shutil.which(tool):
            raise Skip(f"{tool} is not installed")
    probe = subprocess.run(["unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "mount", "-t", "tmpfs", "x", "/mnt"],
                           capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        raise Skip(f"this machine gives no namespaces: {probe.stderr.strip()}")
    above = tempfile.mkdtemp(prefix="prov-kill-above.")
    argv = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
            sys.executable, str(pathlib.Path(sys.argv[0]).resolve()), *sys.argv[1:]]
    child = subprocess.Popen(argv, env={**os.environ, INSIDE: above, "TMPDIR": above}, start_new_session=True)

    def end(number, _):
        child.kill()
        child.wait()
        clean_up(above)
        os._exit(128 + number)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    code = child.wait()
    clean_up(above, keep=code == 1)
    sys.exit(code)


def clean_up(above, keep=False):
    for names in pathlib.Path(above).glob("*/network-names"):
        for name in names.read_text().split():
            subprocess.run(["ip", "link", "del", name], capture_output=True, check=False)
            subprocess.run(["nft", "delete", "table", "ip", name], capture_output=True, check=False)
    if not keep:
        shutil.rmtree(above, ignore_errors=True)


def own_run_dir():
    """/run/systemd is the machine's, which must not take our hosts into its own care."""
    if os.path.isdir("/run/systemd"):
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run/systemd"], check=True)


def main(name, scenario):
    """As rig.main, but in namespaces of its own."""
    if INSIDE in os.environ:
        rig.main(name, scenario)
    try:
        in_own_namespaces()
    except Skip as reason:
        print(f"skipped: {reason}")
        sys.exit(77)
