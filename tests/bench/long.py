#!/usr/bin/env python3
"""Mixed load for as long as one likes: batches, many workflows of one task each, commands on all hosts. Samples memory,
file sizes, open files and latencies; nothing of it may grow that should not.

  tests/bench/long.py BUILD_DIR [--minutes 60] [--agents 100] [--out FOLDER]

Writes samples.csv, rounds.csv and the charts memory.svg, files.svg, latency.svg into FOLDER (default: BUILD_DIR/long).
Says at the end what the last quarter differs from the second one by; the first is warming up."""
import argparse, csv, os, pathlib, statistics, subprocess, threading, time

from plot import line_chart
from rig import Rig, resident_mib
from workloads import init_workspace

SAMPLE_S = 5


def folder_mib(folder):
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(where, name)).st_blocks * 512
            except FileNotFoundError:
                pass  # it was replaced meanwhile
    return total / 2**20


def sample(rig, begun):
    return {"minute": round((time.monotonic() - begun) / 60, 3), "coordinator_mib": round(resident_mib(rig.coordinator.pid), 1),
            "agents_mib": round(rig.agents_mib(), 1), "log_mib": round(folder_mib(rig.folder / "data"), 1),
            "agents_files_mib": round(sum(folder_mib(rig.folder / f"h{n}") for n in range(rig.hosts)), 1),
            "coordinator_fds": len(os.listdir(f"/proc/{rig.coordinator.pid}/fd")), "events": rig.ask("GET", "/status")["sequence"]}


def one_round(rig, build, environment, folder):
    batch = rig.load("batch", 20_000)
    window = rig.load("window", 5_000, 64)
    begun = time.perf_counter()
    subprocess.run([str(build / "bin/provisioning"), "exec", "--target", "h*", "--yes", "--", "true"], env=environment, cwd=folder,
                   check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return {"batch_rate": round(batch["rate"]), "window_rate": round(window["rate"]), "p50_ms": window["p50_ms"], "p99_ms": window["p99_ms"],
            "p999_ms": window["p999_ms"], "exec_ms": round((time.perf_counter() - begun) * 1e3, 1)}


def write_csv(path, rows):
    with open(path, "w", newline="") as file:
        out = csv.DictWriter(file, rows[0].keys())
        out.writeheader()
        out.writerows(rows)


def charts(samples, rounds):
    def over(rows, *names):
        return {name: [(row["minute"], row[name]) for row in rows] for name in names}
    return {"memory": line_chart("Resident memory", "minutes", "MiB", over(samples, "coordinator_mib", "agents_mib")),
            "files": line_chart("On disk", "minutes", "MiB", over(samples, "log_mib", "agents_files_mib")),
            "latency": line_chart("One task, 64 in flight", "minutes", "ms", over(rounds, "p50_ms", "p99_ms", "p999_ms"))}


def compare(rows, name):
    quarter = max(len(rows) // 4, 1)
    second = statistics.median(row[name] for row in rows[quarter:2 * quarter] or rows)
    last = statistics.median(row[name] for row in rows[-quarter:])
    print(f"{name:18} {second:10,.1f} in the second quarter, {last:10,.1f} in the last: {last / second if second else 1:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--out", type=pathlib.Path)
    asked = parser.parse_args()
    build, out = asked.build.resolve(), (asked.out or asked.build / "long").resolve()
    out.mkdir(parents=True, exist_ok=True)
    samples, rounds, over = [], [], threading.Event()
    with Rig(build, asked.agents) as rig:
        environment, folder = init_workspace(rig, build)
        begun = time.monotonic()

        def watch():
            while not over.is_set():
                samples.append(sample(rig, begun))
                over.wait(SAMPLE_S)
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            while time.monotonic() - begun < asked.minutes * 60:
                done = one_round(rig, build, environment, folder)
                rounds.append({"minute": round((time.monotonic() - begun) / 60, 3), **done})
        finally:
            over.set()
            watcher.join()
        samples.append(sample(rig, begun))
    write_csv(out / "samples.csv", samples)
    write_csv(out / "rounds.csv", rounds)
    for name, svg in charts(samples, rounds).items():
        (out / f"{name}.svg").write_text(svg)
    print(f"{len(rounds)} rounds, {samples[-1]['events']:,} events, {len(rounds) * (25_000 + asked.agents):,} tasks")
    for name in ("coordinator_mib", "agents_mib", "coordinator_fds", "agents_files_mib"):
        compare(samples, name)
    for name in ("batch_rate", "window_rate", "p50_ms", "p999_ms", "exec_ms"):
        compare(rounds, name)


if __name__ == "__main__":
    main()
