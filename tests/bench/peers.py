#!/usr/bin/env python3
"""Our programs and what a user would pick instead, in one sitting: in turn, never two at once, so that all meet the same
machine. Each peer is a folder with a run.sh that starts it, gives it the same work and prints lines

  peer=NAME workload=W n=N seconds=S rate=R p50_ms=.. p99_ms=.. rss_mb=..

W1: durable no-op tasks through one worker process: one at a time (serial), 256 in flight (window), all at once (flood).
W2: `true` on so many hosts.   peers.py BUILD_DIR PEERS_FOLDER [--rounds N] [--flood N] [--out FILE] [NAME...]"""
import argparse, os, pathlib, statistics, subprocess, sys

from rig import Rig, resident_mib
from workloads import exec_on_hosts


def line(workload, n, seconds, more="", peer="provisioning"):
    return f"peer={peer} workload={workload} n={n} seconds={seconds:.3f} rate={n / seconds:.1f} {more}".rstrip()


def own_lines(build, flood):
    with Rig(build, 1) as rig:
        for workload, what in (("W1-serial", ("window", 1_000, 1)), ("W1-window", ("window", 20_000, 256)), ("W1-flood", ("batch", flood))):
            done = rig.load(*what)
            latency = f"p50_ms={done['p50_ms']:.2f} p99_ms={done['p99_ms']:.2f} " if "p50_ms" in done else ""
            yield line(workload, done["tasks"], done["ms"] / 1e3, latency + f"rss_mb={resident_mib(rig.coordinator.pid):.1f}")
    with Rig(build, 100) as rig:
        for _ in range(3):
            done = rig.load("batch", flood)
            yield line("W1-flood", done["tasks"], done["ms"] / 1e3, peer="provisioning-100-agents")
    for ms in exec_on_hosts(build, 100, 3):
        yield line("W2", 100, ms / 1e3)


def peer_lines(folder):
    done = subprocess.run([str(folder / "run.sh")], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=1800)
    if done.returncode:
        print(f"{folder.name}: exit {done.returncode}", file=sys.stderr)
    return [one for one in done.stdout.splitlines() if one.startswith("peer=")]


def table(lines):
    rows = {}
    for one in lines:
        fields = dict(part.split("=", 1) for part in one.split() if "=" in part)
        rows.setdefault((fields["workload"], fields["peer"], fields["n"]), []).append(fields)
    out = ["| workload | peer | n | per second (min / median / max) | p50, ms | p99, ms | MiB |", "|---|---|---|---|---|---|---|"]

    def values(runs, name):
        return [float(r[name]) for r in runs if name in r and r[name] not in ("-", "nan")]
    for (workload, peer, n), runs in sorted(rows.items(), key=lambda row: (row[0][0], -statistics.median(values(row[1], "rate") or [0]))):
        rates = values(runs, "rate")
        spread = " / ".join(f"{v:,.0f}" for v in (min(rates), statistics.median(rates), max(rates))) if rates else ""
        cells = [f"{statistics.median(values(runs, name)):.2f}" if values(runs, name) else "" for name in ("p50_ms", "p99_ms", "rss_mb")]
        out.append("| " + " | ".join([workload, peer, n, spread, *cells]) + " |")
    return "\n".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("peers", type=pathlib.Path)
    parser.add_argument("names", nargs="*", help="folders of peers (default: those of W1 and W2)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--flood", type=int, help="tasks at once, for us and, as NFLOOD in its environment, for each peer (default: 200,000, and what it chooses)")
    parser.add_argument("--out", type=pathlib.Path, help="append the lines to this file")
    asked = parser.parse_args()
    folders = [asked.peers / n for n in asked.names] or sorted(p.parent for p in asked.peers.glob("w[12]-*/run.sh"))
    if not folders:
        parser.error(f"{asked.peers} has no folder w1-* or w2-* with a run.sh")
    if asked.flood:
        os.environ["NFLOOD"] = str(asked.flood)
    lines = []
    for _ in range(asked.rounds):
        for folder in [None, *folders]:
            for one in own_lines(asked.build.resolve(), asked.flood or 200_000) if folder is None else peer_lines(folder):
                print(one, flush=True)
                lines.append(one)
    if asked.out:
        with open(asked.out, "a") as file:
            file.write("\n".join(lines) + "\n")
    print("\n" + table(lines))


if __name__ == "__main__":
    main()
