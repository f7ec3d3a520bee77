"""What is asked of the real programs, one function a row of the tables. Each makes a platform of its own."""
import json, os, pathlib, shutil, signal, statistics, subprocess, time

from rig import Rig, WORKSPACE, resident_mib

SETTLE_S = 25  # after the last task: also a snapshot, which folds what is new beside the running state, is over then


def pipeline_limit(build, tasks, hosts):
    """What such a batch costs at least on this machine: bare sockets and files, see pipeline_limit.cpp."""
    return json.loads(subprocess.run([str(build / "bench/pipeline_limit"), str(tasks), str(hosts)], check=True, stdout=subprocess.PIPE).stdout)


def batches(build, hosts, sizes, rounds):
    """Also the limit of the largest size, in turn with it."""
    results, limits, memory = {}, [], {}
    with Rig(build, hosts) as rig:
        for size in sizes:
            results[size] = []
            for _ in range(rounds):
                results[size].append(rig.load("batch", size))
                if size == sizes[-1]:
                    limits.append(pipeline_limit(build, size, hosts))
        time.sleep(SETTLE_S)
        memory = {"coordinator_fresh": rig.coordinator_fresh, "coordinator_after": resident_mib(rig.coordinator.pid),
                  "agents_fresh": rig.agents_fresh, "agents_after": rig.agents_mib(),
                  "tasks": sum(sizes) * rounds}
    return results, {"tasks": sizes[-1], "runs": limits}, memory


def windows(build, hosts, shapes, rounds):
    with Rig(build, hosts) as rig:
        return {in_flight: [rig.load("window", count, in_flight) for _ in range(rounds)] for in_flight, count in shapes}


def init_workspace(rig, build):
    """A home in which the CLI finds the platform; returns its environment and the workspace's folder."""
    home = rig.folder / "home"
    home.mkdir()
    environment = {"HOME": str(home), "PROVISIONING_ENDPOINT": rig.socket, "PATH": os.environ["PATH"]}
    subprocess.run([str(build / "bin/provisioning"), "workspace", "init", WORKSPACE, "--path", str(home / WORKSPACE)],
                   env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return environment, home / WORKSPACE


def output_of(argv, environment=None, folder=None):
    done = subprocess.run([str(a) for a in argv], env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    if done.returncode:
        raise SystemExit(f"{argv}: exit {done.returncode}: {done.stderr.decode()[-2000:]}")
    return done.stdout


def timed(argv, environment, folder):
    begun = time.perf_counter()
    output_of(argv, environment, folder)
    return time.perf_counter() - begun


def exec_on_hosts(build, hosts, runs):
    """`provisioning exec -- true`, on all hosts of this machine, from the command's start to its end."""
    with Rig(build, hosts) as rig:
        environment, folder = init_workspace(rig, build)
        argv = [build / "bin/provisioning", "exec", "--target", "h*", "--yes", "--", "true"]
        return [timed(argv, environment, folder) * 1e3 for _ in range(runs + 1)][1:]


SCRIPTS = """batch_workflow:
  name: processes
  operations:
    - id: one
      type: script
      for_each: [{numbers}]
      targets: h0
      run: {argv}
"""


def run_batch(rig, argv, environment, folder):
    """From the batch's durable acceptance to its durable end, in ms of the log's own time."""
    accepted = json.loads(output_of(argv, environment, folder))["workflow"]
    while True:
        workflow = rig.ask("GET", f"/workflows/{accepted}?limit=1")
        if workflow["status"] == "ended":
            if workflow["outcome"] != "done":
                raise SystemExit(f"the batch ended {workflow['outcome']}: {workflow['failures']}")
            return workflow["ended_ms"] - workflow["submitted_ms"]
        time.sleep(0.1)  # so that asking is no load to speak of


def processes(build, count, rounds):
    """So many real steps through one agent (supervised, output captured and journalled), beside as many bare processes."""
    rates = {}
    with Rig(build, 1) as rig:
        environment, folder = init_workspace(rig, build)
        numbers = ", ".join(str(n) for n in range(count))
        for name, argv in (("quiet", '["true"]'), ("prints", '["echo", "a line"]')):
            (folder / f"{name}.yaml").write_text(SCRIPTS.format(numbers=numbers, argv=argv))
        submit = [build / "bin/provisioning", "batch", "submit", "--yes"]
        ways = {
            "agent": lambda: run_batch(rig, [*submit, "--out", "json", folder / "quiet.yaml"], environment, folder) / 1e3,
            "agent, each prints a line": lambda: run_batch(rig, [*submit, "--out", "json", folder / "prints.yaml"], environment, folder) / 1e3,
            "agent, `batch submit --wait` from start to exit": lambda: timed([*submit, "--wait", folder / "quiet.yaml"], environment, folder),
            "posix_spawn": lambda: count / float(output_of([build / "bench/spawn", str(count), "1"])),
            "posix_spawn, two threads": lambda: count / float(output_of([build / "bench/spawn", str(count), "2"])),
        }
        for _ in range(rounds):
            for name, run in ways.items():
                rates.setdefault(name, []).append(count / run())
    return rates


def ten_steps(folder):
    """A batch file: ten steps one after the other, each on all hosts."""
    lines = ["batch_workflow:", "  name: steps", "  operations:"]
    for n in range(1, 11):
        lines += [f"    - id: step-{n}", "      type: script", "      targets: h*", "      script: file_step.sh",
                  f"      args: ['{n}', '{folder}/{{{{host.name}}}}']", *([f"      dependencies: [step-{n - 1}]"] if n > 1 else [])]
    return "\n".join(lines) + "\n"


def file_steps(build, hosts, rounds):
    """Ten idempotent file steps on each host, and the same again, which changes nothing: start to exit, in ms."""
    out = {"first": [], "again": []}
    with Rig(build, hosts) as rig:
        environment, folder = init_workspace(rig, build)
        shutil.copy(pathlib.Path(__file__).with_name("file_step.sh"), folder)
        batch = folder / "steps.yaml"
        for n in range(rounds + 1):  # the first, where nothing is in any cache, does not count
            made = rig.folder / f"steps-{n}"
            made.mkdir()
            batch.write_text(ten_steps(made))
            for name in out:
                out[name].append(timed([build / "bin/provisioning", "batch", "submit", batch, "--wait", "--yes"], environment, folder) * 1e3)
    return {name: times[1:] for name, times in out.items()}


def history(build, count, stretches):
    """So many workflows of one task, each by its own request, again and again: what one costs as the history grows."""
    with Rig(build, 1) as rig:
        return [rig.load("window", count, 256) for _ in range(stretches)]


def depth(build, hosts, events, batch, rounds):
    """What work costs over a short log and over a long one, and what each large batch costs on the way there."""
    with Rig(build, hosts) as rig:
        def work():
            return {"events": rig.ask("GET", "/status")["sequence"],
                    "batch": [rig.load("batch", 100_000) for _ in range(rounds)],
                    "one": [rig.load("window", 1_000, 1) for _ in range(rounds)],
                    "many": [rig.load("window", 20_000, 256) for _ in range(rounds)]}

        short, on_the_way = work(), []
        while (reached := rig.ask("GET", "/status")["sequence"]) < events:
            on_the_way.append({"events": reached, **rig.load("batch", batch)})
        time.sleep(SETTLE_S)
        return {"short": short, "on_the_way": on_the_way, "long": work(), "mib": resident_mib(rig.coordinator.pid)}


def restarts(rig, rounds):
    out = {"answers_s": [], "agents_s": [], "coordinator_mib": []}
    for _ in range(rounds):
        rig.coordinator.send_signal(signal.SIGKILL)
        rig.coordinator.wait()
        begun = time.perf_counter()
        rig.start_coordinator()
        out["answers_s"].append(time.perf_counter() - begun)
        rig.wait_for_agents()
        out["agents_s"].append(time.perf_counter() - begun)
        out["coordinator_mib"].append(resident_mib(rig.coordinator.pid))
    return out


def restart(build, hosts, rounds):
    """The coordinator is killed and started again: until it answers, and until every agent is back at work."""
    with Rig(build, hosts, fixed_ports=True) as rig:
        return restarts(rig, rounds)


def crowd(build, hosts, sizes, rounds):
    """Very many agents: restarts, after which all of them come back, and batches over them."""
    with Rig(build, hosts, fixed_ports=True) as rig:
        back = restarts(rig, rounds)
        return {size: [rig.load("batch", size) for _ in range(rounds)] for size in sizes}, back


def start_after(build, tasks):
    """Starting with the log of so many tasks: with the newest snapshot, and with the whole log to fold."""
    out = {}
    for name, config in (("with a snapshot", ""), ("without", f"[log]\nsnapshot_events = {1 << 40}\n")):
        with Rig(build, 1, config) as rig:
            for _ in range(10):
                rig.load("batch", tasks // 10)
            if not config:
                time.sleep(12)  # it looks for what to do every ten seconds
            events = rig.ask("GET", "/status")["sequence"]
            rig.coordinator.terminate()
            rig.coordinator.wait()
            begun = time.perf_counter()
            rig.start_coordinator()
            out[name] = {"events": events, "s": time.perf_counter() - begun}
    return out


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
