#!/usr/bin/env python3
"""The real programs, durable and with everything on: tasks per second, latency, memory, starts; the parts' bench beside
them. Prints tables and writes JSON.   whole.py BUILD_DIR [--quick] [--rounds N] [--out FILE] [--only NAMES]"""
import argparse, json, os, pathlib, platform

import workloads
from cli_start import cli
from tables import tables


def machine():
    model = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "?")
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(), "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "load_before": os.getloadavg()}


# Which rows each name of --only makes; `quick` is what tests/run ends with.
def measure(build, name, quick, rounds):
    if name == "batch":
        sizes = [1_000, 10_000] if quick else [1_000, 10_000, 100_000, 200_000]
        batch, limit, memory = {}, {}, {}
        for hosts in (1, 100) if quick else (1, 100, 1_000):
            batch[str(hosts)], limit[str(hosts)], memory[str(hosts)] = workloads.batches(build, hosts, sizes, rounds)
        return {"batch": batch, "pipeline_limit": limit, "memory": memory}
    if name == "window":
        shapes = [(1, 200), (256, 2_000)] if quick else [(1, 1_000), (16, 5_000), (256, 20_000)]
        return {"window": {str(hosts): {str(k): v for k, v in workloads.windows(build, hosts, shapes, rounds).items()} for hosts in (1, 100)}}
    if name == "exec":
        return {"exec": {hosts: workloads.exec_on_hosts(build, hosts, 3 if quick else 20) for hosts in ((10,) if quick else (10, 100))}}
    if name == "processes":
        return {"processes": workloads.processes(build, 100 if quick else 1_000, rounds)}
    if name == "steps":
        return {"steps": workloads.file_steps(build, 3, 3 if quick else 20)}
    if name == "restart":
        return {"restart": {hosts: workloads.restart(build, hosts, rounds) for hosts in ((100,) if quick else (100, 1_000))}}
    if name == "crowd":  # three minutes until all have enrolled, and half of one for each round
        batch, restarts = workloads.crowd(build, 10_000, [100_000, 200_000, 1_000_000], rounds)
        return {"crowd": {10_000: restarts}, "crowd_batch": {"10000": batch}}
    if name == "history":  # a minute, which finds what grows with the history alone
        return {"history": workloads.history(build, 60_000, 8)}
    if name == "depth":  # some ten minutes, and 5 GiB of disk
        return {"depth": workloads.depth(build, 100, 50_000_000, 1_000_000, rounds)}
    if name == "start":
        return {"start": workloads.start_after(build, 5_000_000)}
    if name == "cli":
        return {"cli": cli(build, 20 if quick else 60)}
    return {"parts": workloads.parts(build, 0.05 if quick else 0.5)}


ALL = ["batch", "window", "exec", "processes", "steps", "restart", "start", "cli", "parts"]
QUICK = ["batch", "window", "exec", "processes", "steps", "restart", "cli", "parts"]
ONLY_WHEN_NAMED = ["crowd", "history", "depth"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="small sizes, one round: about a minute")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--only", help="some of " + ",".join(ALL + ONLY_WHEN_NAMED))
    asked = parser.parse_args()
    names = asked.only.split(",") if asked.only else QUICK if asked.quick else ALL
    if unknown := set(names) - set(ALL + ONLY_WHEN_NAMED):
        parser.error(f"--only: {', '.join(sorted(unknown))} is none of {', '.join(ALL + ONLY_WHEN_NAMED)}")
    rounds = asked.rounds or (1 if asked.quick else 5)
    result = {"machine": machine()}
    for name in names:
        result.update(measure(asked.build.resolve(), name, asked.quick, rounds))
    result["machine"]["load_after"] = os.getloadavg()
    print("machine: " + json.dumps(result["machine"]))
    print(tables(result))
    if asked.out:
        asked.out.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
