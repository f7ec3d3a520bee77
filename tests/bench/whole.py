#!/usr/bin/env python3
"""The real programs, durable and with everything on: tasks per second, latency, memory, CLI start; the parts' bench
beside it. Prints a table and writes JSON.   whole.py BUILD_DIR [--quick] [--rounds N] [--out FILE] [--only NAMES]"""
import argparse, http.client, json, os, pathlib, platform, shutil, socket, statistics, subprocess, sys, tempfile, time, uuid

WORKSPACE = "bench"


class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.host)


def cpu_s(pid):
    """All threads of a process, to the nanosecond."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total / 1e9


def resident_mib(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024


class Rig:
    """A coordinator, and agents on `hosts` hosts: the real program for one, the harness of production agents for more."""

    def __init__(self, build, hosts):
        self.build, self.hosts, self.processes = build, hosts, []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="prov-bench.", dir=os.environ.get("PROV_BENCH_DIR", "/var/tmp")))
        self.socket = str(self.folder / "orchestrator.sock")

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

    def start(self):
        self.coordinator = self.spawn("coordinator", self.build / "bin/provisioning-coordinator", "serve", "--data",
                                      self.folder / "data", "--socket", self.socket, "--tcp", "false", "--link-port", 0,
                                      "--enrol-port", 0, "--reserve-mib", 0)
        wait(lambda: os.path.exists(self.socket), "the coordinator", self.coordinator)
        wait(lambda: self.ask("GET", "/status"), "the coordinator", self.coordinator)
        self.coordinator_fresh = resident_mib(self.coordinator.pid)
        for n in range(self.hosts):
            token = self.ask("POST", f"/agents/token?workspace={WORKSPACE}", {"server": f"h{n}", "valid_s": 600})["token"]
            (self.folder / f"h{n}").mkdir(mode=0o700)
            fd = os.open(self.folder / f"h{n}/join-token", os.O_WRONLY | os.O_CREAT, 0o600)
            os.write(fd, token.encode())
            os.close(fd)
        program = self.build / "bin/provisioning-agent"
        if self.hosts == 1:
            self.agents = self.spawn("agents", program, "run", "--state-dir", self.folder / "h0")
        else:
            self.agents = self.spawn("agents", self.build / "bench/agents", self.folder, self.hosts, AGENT_THREADS, program)
        wait(lambda: self.ask("GET", "/status")["agents"]["reachable"] == self.hosts, "the agents", self.agents)
        self.agents_fresh = resident_mib(self.agents.pid)

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
        before = cpu_s(self.coordinator.pid), cpu_s(self.agents.pid), os.times()
        argv = [str(a) for a in (self.build / "bench/load", self.socket, WORKSPACE, self.hosts, *what)]
        out = json.loads(subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout)
        after = cpu_s(self.coordinator.pid), cpu_s(self.agents.pid), os.times()
        client = after[2].children_user + after[2].children_system - before[2].children_user - before[2].children_system
        for name, spent in (("coordinator", after[0] - before[0]), ("agents", after[1] - before[1]), ("client", client)):
            out[f"{name}_cpu_us"] = spent / out["tasks"] * 1e6
        return out


def wait(condition, what, process, patience=120):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"{what}: ended with {process.returncode}")
        if condition():
            return
        time.sleep(0.02)
    raise SystemExit(f"waited {patience} s for {what}")


def batches(build, hosts, sizes, rounds):
    results, memory = {}, {}
    with Rig(build, hosts) as rig:
        for size in sizes:
            results[size] = [rig.load("batch", size) for _ in range(rounds)]
        memory = {"coordinator_fresh": rig.coordinator_fresh, "coordinator_after": resident_mib(rig.coordinator.pid),
                  "agents_fresh": rig.agents_fresh, "agents_after": resident_mib(rig.agents.pid),
                  "tasks": sum(sizes) * rounds}
    return results, memory


def windows(build, shapes, rounds):
    with Rig(build, 100) as rig:
        return {in_flight: [rig.load("window", count, in_flight) for _ in range(rounds)] for in_flight, count in shapes}


def large_workspace(folder, extensions):
    """Three infras with ten hosts each, that use all of so many task services; each requires the one before it, ten deep."""
    def write(below, text):
        (folder / below).parent.mkdir(parents=True, exist_ok=True)
        (folder / below).write_text(text)
    write("config/provisioning.yaml", "workspace: {name: large, default_infra: infra-0}\n")
    write("config/dev-defaults.toml", "[log]\nreserve_mib = 64\n")
    write("extensions/providers/none/manifest.yaml", "name: none\nkind: provider\nversion: 1.0.0\n")
    for n in range(extensions):
        requires = f"[t{n - 1}]" if n % 10 else "[]"
        write(f"extensions/taskservs/t{n}/manifest.yaml", f"name: t{n}\nkind: taskserv\nversion: 1.0.0\nrequires: {requires}\n"
              "parameters:\n" + "".join(f"  p{i}: {{type: int, default: {i}, description: a number}}\n" for i in range(8)))
        write(f"extensions/taskservs/t{n}/scripts/install", "#!/bin/sh\nexit 0\n")
        write(f"extensions/taskservs/t{n}/templates/t{n}.conf.mustache", "port = {{params.p1}}\n" * 50)
    for infra in range(3):
        servers = "".join(f"  - {{hostname: h{infra}-{h}, taskservs: [{', '.join(f't{n}' for n in range(h * 10, h * 10 + 10))}]}}\n"
                          for h in range(extensions // 10))
        write(f"infra/infra-{infra}/settings.yaml", f"settings: {{name: infra-{infra}, provider: none}}\nservers:\n{servers}")
        write(f"infra/infra-{infra}/batches/b.yaml", "batch_workflow: {name: b, operations: [{id: a, type: server_create}]}\n")


IN_LARGE = ["validate --all", "infra validate infra-0", "infra list", "infra create --check", "workspace info", "workspace list", "workspace cleanup --check",
            "workspace migrate --check", "module discover taskservs", "schema show settings"]


def cli(build, runs):
    """Start to exit, one after the other in turn, so that all meet the same machine."""
    with Rig(build, 1) as rig:
        home = rig.folder / "home"
        environment = {"HOME": str(home), "PROVISIONING_ENDPOINT": rig.socket, "PATH": os.environ["PATH"]}
        commands = {"empty static program": [build / "bench/empty"],
                    "provisioning --version": [build / "bin/provisioning", "--version"],
                    "provisioning server list": [build / "bin/provisioning", "server", "list"]}
        of_a_hundred = ["taskserv validate --level dependencies", "template list", "template validate",
                        "template show ext-7", "module discover taskservs"]
        for line in of_a_hundred:
            commands[f"provisioning {line}, 100 extensions"] = [build / "bin/provisioning", *line.split()]
        home.mkdir()
        large_workspace(home / "large", 100)
        for line in IN_LARGE:
            commands[f"{line} (100 extensions)"] = [build / "bin/provisioning", *line.split(), "--workspace", home / "large"]
        subprocess.run([str(build / "bin/provisioning"), "workspace", "init", WORKSPACE, "--path", str(home / WORKSPACE)], env=environment,
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for i in range(100):
            subprocess.run([str(build / "bin/provisioning"), "taskserv", "generate", f"ext-{i}"], env=environment, cwd=home / WORKSPACE,
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            manifest = home / WORKSPACE / f"extensions/taskservs/ext-{i}/manifest.yaml"
            manifest.write_text(manifest.read_text().replace("requires: []", f"requires: [ext-{i // 2}]" if i > 1 else "requires: []"))
        taken = {name: [] for name in commands}
        with open(os.devnull, "wb") as nothing, open(rig.folder / "cli.log", "wb") as errors:
            for _ in range(runs + 2):
                for name, argv in commands.items():
                    begun = time.perf_counter()
                    process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=nothing, stderr=errors, env=environment,
                                               cwd=home / WORKSPACE)
                    _, status, usage = os.wait4(process.pid, 0)
                    process.returncode = os.waitstatus_to_exitcode(status)
                    taken[name].append(((time.perf_counter() - begun) * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3))
                    if process.returncode:
                        raise SystemExit(f"{name}: exit {process.returncode}: {(rig.folder / 'cli.log').read_text()}")
    return {name: {"ms": [t[0] for t in rows[2:]], "cpu_ms": [t[1] for t in rows[2:]]} for name, rows in taken.items()}


def parts(build, min_time):
    """Google Benchmark's rows by name, several repetitions each."""
    out = subprocess.run([str(build / "bench/parts"), f"--benchmark_min_time={min_time}", "--benchmark_repetitions=3",
                          "--benchmark_format=json"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    rows = {}
    for row in json.loads(out)["benchmarks"]:
        if row["run_type"] != "iteration":
            continue
        unit = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3}[row["time_unit"]]
        items = row.get("items_per_second")
        per_item = 1 / items if items else row["real_time"] * unit
        cpu = row["cpu_time"] * unit / (row["real_time"] * unit / per_item) if items else row["cpu_time"] * unit
        at = rows.setdefault(row["name"].replace("/process_time", "").replace("/real_time", ""), {"ns": [], "cpu_ns": []})
        at["ns"].append(per_item * 1e9)
        at["cpu_ns"].append(cpu * 1e9)
        at.update({name: row[name] for name in row if name.startswith("bytes_per")})
    return rows


# ---- the table

def spread(values, form="{:,.0f}"):
    return " / ".join(form.format(v) for v in (min(values), statistics.median(values), max(values)))


def table(title, head, rows):
    lines = [f"\n### {title}\n", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def cpu_of(runs):
    return " + ".join(f"{statistics.median(r[f'{who}_cpu_us'] for r in runs):.1f}" for who in ("coordinator", "agents", "client"))


def tables(result):
    out = []
    if result.get("batch"):
        rows = [[f"{int(size):,}", hosts, spread([r["rate"] for r in runs]), spread([r["submit_ms"] for r in runs], "{:.0f}"), cpu_of(runs)]
                for hosts, sizes in result["batch"].items() for size, runs in sizes.items()]
        out.append(table("One workflow of no-op tasks, from its durable acceptance to its durable end (min / median / max)",
                         ["tasks", "agents", "tasks per second", "accepting it, ms", "CPU per task, us: coordinator + agents + client"], rows))
    if result.get("window"):
        rows = [[f, spread([r["rate"] for r in runs]), spread([r["p50_ms"] for r in runs], "{:.2f}"),
                 spread([r["p99_ms"] for r in runs], "{:.2f}"), cpu_of(runs)] for f, runs in result["window"].items()]
        out.append(table("Workflows of one no-op task, each by its own request, 100 agents (min / median / max)",
                         ["in flight", "tasks per second", "p50, ms", "p99, ms", "CPU per task, us: coordinator + agents + client"], rows))
    if result.get("memory"):
        rows = [[hosts, f"{m['coordinator_fresh']:.1f}", f"{m['coordinator_after']:.1f}", f"{m['agents_fresh']:.1f}", f"{m['agents_after']:.1f}", f"{m['tasks']:,}"]
                for hosts, m in result["memory"].items()]
        out.append(table("Resident memory, MiB", ["agents in the process", "coordinator fresh", "after", "agents fresh", "after", "tasks between"], rows))
    if result.get("cli"):
        base = statistics.median(result["cli"]["empty static program"]["ms"])
        rows = [[name, spread(r["ms"], "{:.2f}"), f"{min(r['cpu_ms']):.2f}", f"{statistics.median(r['ms']) - base:.2f}"] for name, r in result["cli"].items()]
        out.append(table("CLI, start to exit", ["command", "ms (min / median / max)", "least CPU, ms", "above the empty program, ms"], rows))
    if result.get("parts"):
        rows = []
        for name, r in result["parts"].items():
            if "_limit" in name:
                continue
            base, _, argument = name.partition("/")
            limit = result["parts"].get(base + "_limit" + ("/" + argument if argument else "")) or result["parts"].get("replay_limit" if base.startswith("replay") else "")
            least = min(r["ns"])
            rows.append([name, spread(r["ns"]), f"{min(r['cpu_ns']):,.0f}", f"{1e9 / least:,.0f}",
                         spread(limit["ns"]) if limit else "", f"{min(limit['ns']) / least:.2f}" if limit else ""])
        out.append(table("Parts", ["part", "ns per item (min / median / max)", "least CPU, ns", "items per second, best", "limit, ns per item", "limit / part"], rows))
    return "\n".join(out)


def machine():
    model = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "?")
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(), "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "load_before": os.getloadavg()}


AGENT_THREADS = 2


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="small sizes, one round: about a minute")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--only", default="batch,window,cli,parts", help="some of batch,window,cli,parts")
    asked = parser.parse_args()
    asked.build = asked.build.resolve()
    rounds = asked.rounds or (1 if asked.quick else 5)
    sizes = [1_000, 10_000] if asked.quick else [1_000, 10_000, 100_000, 200_000]
    shapes = [(1, 200), (256, 2_000)] if asked.quick else [(1, 1_000), (16, 5_000), (256, 20_000)]
    result = {"machine": machine()}
    names = asked.only.split(",")
    if "batch" in names:
        result["batch"], result["memory"] = {}, {}
        for hosts in (1, 100):
            result["batch"][str(hosts)], result["memory"][str(hosts)] = batches(asked.build, hosts, sizes, rounds)
    if "window" in names:
        result["window"] = {str(k): v for k, v in windows(asked.build, shapes, rounds).items()}
    if "cli" in names:
        result["cli"] = cli(asked.build, 20 if asked.quick else 60)
    if "parts" in names:
        result["parts"] = parts(asked.build, 0.05 if asked.quick else 0.5)
    result["machine"]["load_after"] = os.getloadavg()
    print("machine: " + json.dumps(result["machine"]))
    print(tables(result))
    if asked.out:
        asked.out.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
