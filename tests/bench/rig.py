"""A platform to measure: the real coordinator, and agents on so many hosts, in one temporary folder on a real disk."""
import http.client, json, os, pathlib, shutil, socket, subprocess, tempfile, time, uuid

WORKSPACE = "bench"
AGENT_THREADS = 2
AGENTS_IN_A_PROCESS = 3_000  # each holds five files open


class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.host)


def cpu_s(pid):
    """All threads of a process, those that have ended as well, to the nanosecond."""
    return time.clock_gettime((~pid << 3) | 2)  # as clock_getcpuclockid(3) makes it


def resident_mib(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024


class Rig:
    """A coordinator, and agents on `hosts` hosts: the real program for one, the harness of production agents for more.
    `config` is TOML for the coordinator. With `fixed_ports` it can be started again, and its agents find it."""

    def __init__(self, build, hosts, config="", fixed_ports=False):
        self.build, self.hosts, self.processes = build, hosts, []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="prov-bench.", dir=os.environ.get("PROV_BENCH_DIR", "/var/tmp")))
        self.socket = str(self.folder / "orchestrator.sock")
        self.ports = free_ports(2) if fixed_ports else (0, 0)
        (self.folder / "coordinator.toml").write_text(config)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def spawn(self, name, *argv):
        process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=open(self.folder / (name + ".log"), "wb"))
        self.processes.append(process)
        return process

    def start_coordinator(self):
        self.coordinator = self.spawn("coordinator", self.build / "bin/provisioning-coordinator", "serve", "--data",
                                      self.folder / "data", "--config", self.folder / "coordinator.toml", "--socket", self.socket,
                                      "--tcp", "false", "--link-port", self.ports[0], "--enrol-port", self.ports[1],
                                      "--reserve-mib", 0)
        wait(lambda: os.path.exists(self.socket), "the coordinator", self.coordinator)
        wait(lambda: self.ask("GET", "/status"), "the coordinator", self.coordinator)

    def start(self):
        self.start_coordinator()
        self.coordinator_fresh = resident_mib(self.coordinator.pid)
        for n in range(self.hosts):
            token = self.ask("POST", f"/agents/token?workspace={WORKSPACE}", {"server": f"h{n}", "valid_s": 600})["token"]
            (self.folder / f"h{n}").mkdir(mode=0o700)
            fd = os.open(self.folder / f"h{n}/join-token", os.O_WRONLY | os.O_CREAT, 0o600)
            os.write(fd, token.encode())
            os.close(fd)
        program = self.build / "bin/provisioning-agent"
        if self.hosts == 1:
            self.agents = [self.spawn("agents", program, "run", "--state-dir", self.folder / "h0")]
        else:
            self.agents = [self.spawn(f"agents-{first}", self.build / "bench/agents", self.folder, first,
                                      min(AGENTS_IN_A_PROCESS, self.hosts - first), AGENT_THREADS, program)
                           for first in range(0, self.hosts, AGENTS_IN_A_PROCESS)]
        self.wait_for_agents()
        self.agents_fresh = self.agents_mib()

    def wait_for_agents(self):
        def all_here():
            here = self.ask("GET", "/status")["agents"]["reachable"] == self.hosts
            if not here and self.hosts > 100:
                time.sleep(0.05)  # so that asking is no load to speak of
            return here
        wait(all_here, "the agents", *self.agents, patience_s=120 + self.hosts / 50)

    def agents_mib(self):
        return sum(resident_mib(process.pid) for process in self.agents)

    def agents_cpu_s(self):
        return sum(cpu_s(process.pid) for process in self.agents)

    def ask(self, method, path, body=None):
        try:
            connection = Unix(self.socket)
            connection.request(method, path, json.dumps(body) if body is not None else None,
                               {"Host": "localhost", "Idempotency-Key": str(uuid.uuid4())} if body is not None else {"Host": "localhost"})
            answer = json.loads(connection.getresponse().read())
        except (ConnectionError, FileNotFoundError):
            return None
        if not answer["success"]:
            raise SystemExit(f"{method} {path}: {answer['error']}")
        return answer["data"]

    def load(self, *what):
        """One run of the client; what it printed, and the CPU that each process took per task, in microseconds."""
        before = cpu_s(self.coordinator.pid), self.agents_cpu_s(), os.times()
        argv = [str(a) for a in (self.build / "bench/load", self.socket, WORKSPACE, self.hosts, *what)]
        out = json.loads(subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout)
        after = cpu_s(self.coordinator.pid), self.agents_cpu_s(), os.times()
        client = after[2].children_user + after[2].children_system - before[2].children_user - before[2].children_system
        for name, spent in (("coordinator", after[0] - before[0]), ("agents", after[1] - before[1]), ("client", client)):
            out[f"{name}_cpu_us"] = spent / out["tasks"] * 1e6
        return out


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def wait(condition, what, *processes, patience_s=120):
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        for process in processes:
            if process.poll() is not None:
                raise SystemExit(f"{what}: ended with {process.returncode}")
        if condition():
            return
        time.sleep(0.005)
    raise SystemExit(f"waited {patience_s} s for {what}")
