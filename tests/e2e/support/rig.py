"""What the end-to-end tests share: the real programs in a temporary folder, asked as a good client asks, and all of it
gone at any exit. Programs come from $PROVISIONING_BUILD/bin."""
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = pathlib.Path(os.environ.get("PROVISIONING_BUILD", ROOT / "build/dev")) / "bin"


class Skip(Exception):
    """This machine cannot do it; says why."""


class Refused(Exception):
    """An answer with an error in it."""

    def __init__(self, code, message, hint):
        super().__init__(f"{code}: {message} ({hint})")
        self.code, self.message, self.hint = code, message, hint


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def wait(condition, what, deadline_s=60, pause_s=0.05):
    """Polls until `condition` gives something true, and returns that."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        got = condition()
        if got:
            return got
        time.sleep(pause_s)
    raise AssertionError(f"waited {deadline_s} s for {what}")


class _Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.host)


class Processes:
    """Every process that a test started; none outlives it."""

    def __init__(self):
        self.all = []

    def spawn(self, argv, log, **options):
        with open(log, "ab") as out:
            process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                       start_new_session=True, **options)
        self.all.append(process)
        return process

    def end(self):
        for process in self.all:
            if process.poll() is None:
                process.kill()
                process.wait()


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


class Coordinator:
    """`provisioning-coordinator serve` on a data folder. Its ports are the system's choice, and stay the same over
    restarts, as agents remember them."""

    def __init__(self, processes, folder, flags=(), name="coordinator", ports=("0", "0"), workspace="test"):
        self.processes, self.folder, self.flags, self.ports = processes, pathlib.Path(folder), list(flags), ports
        self.data, self.log = self.folder / "data", self.folder / (name + ".log")
        self.socket, self.workspace, self.process = str(self.folder / (name + ".sock")), workspace, None

    def argv(self):
        return [BIN / "provisioning-coordinator", "serve", "--data", self.data, "--socket", self.socket, "--tcp",
                "false", "--link-port", self.ports[0], "--enrol-port", self.ports[1], "--heartbeat-ms", 300,
                "--dead-ms", 1500, *self.flags]

    def launch(self, **environment):
        self.process = self.processes.spawn(self.argv(), self.log, env={**os.environ, **environment})

    def start(self, patience=30, **environment):
        self.launch(**environment)
        status = self.ask("GET", "/status", patience=patience)
        link = status["link"]
        self.ports = (link["endpoints"][0].rsplit(":", 1)[1], link["enrol_endpoints"][0].rsplit(":", 1)[1])
        return status

    def up_or_ended(self, deadline_s=30):
        """The status, or None when it ended by itself."""
        end = time.monotonic() + deadline_s
        while time.monotonic() < end:
            try:
                return self.ask_once("GET", "/status")
            except (OSError, http.client.HTTPException, ValueError):
                if self.process.poll() is not None:
                    return None
            time.sleep(0.02)
        raise AssertionError(f"neither up nor ended after {deadline_s} s")

    def stop(self, deadline_s=30):
        self.process.terminate()
        return self.process.wait(deadline_s)

    def kill(self):
        kill(self.process)

    def said(self):
        return self.log.read_text(errors="replace")

    def ask_once(self, method, path, body=None, key=None, timeout=10):
        connection = _Unix(self.socket, timeout=timeout)
        headers = {"Host": "localhost"}
        if method != "GET":
            headers["Idempotency-Key"] = key or str(uuid.uuid4())
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if not answer["success"]:
            raise Refused(answer["error"]["code"], answer["error"]["message"], answer["error"].get("hint", ""))
        return answer["data"]

    def ask(self, method, path, body=None, patience=30, key=None):
        """Like a good client: the same idempotency key until an answer comes."""
        key, end = key or str(uuid.uuid4()), time.monotonic() + patience
        while True:
            try:
                return self.ask_once(method, path, body, key)
            except Refused as refused:
                if refused.code != "unavailable" or "read-only" in refused.message:
                    raise
            except (OSError, http.client.HTTPException, ValueError):
                pass
            check(time.monotonic() < end, f"{method} {path}: no answer within {patience} s")
            time.sleep(0.02)

    def at(self, path):
        return f"{path}{'&' if '?' in path else '?'}workspace={self.workspace}"

    # -- what one asks for
    def join_token(self, host):
        return self.ask("POST", self.at("/agents/token"), {"server": host, "valid_s": 600})["token"]

    def exec(self, hosts, script, timeout_s=60):
        body = {"servers": hosts, "argv": ["sh", "-c", script], "stdin": "", "timeout_s": timeout_s}
        return self.ask("POST", self.at("/workflows/exec"), body)["workflow"]

    def workflow(self, workflow):
        return self.ask("GET", self.at(f"/workflows/{workflow}"))

    def ended(self, workflows, deadline_s=60):
        def rows():
            now = [self.workflow(w) for w in workflows]
            return now if all(row["ended_ms"] for row in now) else None
        return wait(rows, "the workflows to end", deadline_s)


class Agent:
    """An agent on this machine, with a state folder of its own."""

    def __init__(self, processes, folder, host):
        self.processes, self.host, self.state = processes, host, pathlib.Path(folder) / host
        self.log, self.process = pathlib.Path(folder) / (host + ".log"), None

    def enrol(self, token):
        self.state.mkdir(mode=0o700)
        path = self.state / "join-token"
        path.touch(mode=0o600)
        path.write_text(token + "\n")

    def start(self, **environment):
        argv = [BIN / "provisioning-agent", "run", "--state-dir", self.state]
        self.process = self.processes.spawn(argv, self.log, env={**os.environ, **environment})

    def kill(self):
        kill(self.process)


def offline(data, *argv):
    """An offline audit: exit status, what it printed, what it said."""
    done = subprocess.run([str(BIN / "provisioning-coordinator"), "audit", *argv, "--data", str(data)],
                          capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr


def verified(data):
    """The report of a log that has to be whole."""
    code, out, err = offline(data, "verify", "--out", "json")
    check(code == 0, f"audit verify: exit {code}: {err} {out[:2000]}")
    return json.loads(out)


def replayed_hash(data, sequence):
    code, out, err = offline(data, "replay", "--at", str(sequence), "--out", "json")
    check(code == 0, f"audit replay: exit {code}: {err} {out[:2000]}")
    return json.loads(out)["state_hash"]


def main(name, scenario):
    """Runs scenario(folder, processes, dice) with a seed of its own, and leaves nothing behind."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(1 << 32)
    print(f"seed {seed}; the same again: {sys.argv[0]} {seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"prov-{name}."))
    processes = Processes()

    def interrupted(number, _):
        raise SystemExit(128 + number)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, interrupted)
    begin, code = time.monotonic(), 1
    try:
        scenario(folder, processes, random.Random(seed))
        print(f"{name}: all of it took {time.monotonic() - begin:.1f} s")
        code = 0
    except Skip as reason:
        print(f"skipped: {reason}")
        code = 77
    except Exception as problem:  # whatever it is, it is looked into with what is left of it
        if not isinstance(problem, (AssertionError, Refused)):
            traceback.print_exc(file=sys.stdout)
        print(f"FAILED with seed {seed}: {problem}\nkept: {folder}")
        folder = None
    finally:
        processes.end()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(code)
