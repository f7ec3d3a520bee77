"""The results as Markdown tables."""
import statistics


def spread(values, form="{:,.0f}"):
    return " / ".join(form.format(v) for v in (min(values), statistics.median(values), max(values)))


def table(title, head, rows):
    lines = [f"\n### {title}\n", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def cpu_of(runs):
    return " + ".join(f"{statistics.median(r[f'{who}_cpu_us'] for r in runs):.1f}" for who in ("coordinator", "agents", "client"))


def tables(result):
    out = []
    batches = {**result.get("batch", {}), **result.get("crowd_batch", {})}
    if batches:
        rows = [[f"{int(size):,}", hosts, spread([r["rate"] for r in runs]), spread([r["submit_ms"] for r in runs], "{:.0f}"), cpu_of(runs)]
                for hosts, sizes in batches.items() for size, runs in sizes.items()]
        out.append(table("One workflow of no-op tasks, from its durable acceptance to its durable end (min / median / max)",
                         ["tasks", "agents", "tasks per second", "accepting it, ms", "CPU per task, us: coordinator + agents + client"], rows))
    if result.get("pipeline_limit"):
        rows = []
        for hosts, limit in result["pipeline_limit"].items():
            ours, bare = result["batch"][hosts][limit["tasks"]], limit["runs"]
            share = statistics.median(r["rate"] for r in ours) / statistics.median(r["rate"] for r in bare)
            rows.append([f"{limit['tasks']:,}", hosts, spread([r["rate"] for r in bare]), spread([r["cpu_us"] for r in bare], "{:.1f}"), f"{share:.2f}"])
        out.append(table("The same through bare sockets and files, in turn with it (min / median / max)",
                         ["tasks", "agents", "tasks per second", "CPU per task, us", "ours / limit"], rows))
    if result.get("window"):
        rows = [[f, hosts, spread([r["rate"] for r in runs]), spread([r["p50_ms"] for r in runs], "{:.2f}"),
                 spread([r["p99_ms"] for r in runs], "{:.2f}"), cpu_of(runs)]
                for hosts, shapes in result["window"].items() for f, runs in shapes.items()]
        out.append(table("Workflows of one no-op task, each by its own request, answered at its end (min / median / max)",
                         ["in flight", "agents", "tasks per second", "p50, ms", "p99, ms", "CPU per task, us: coordinator + agents + client"], rows))
    if result.get("history"):
        rows, before = [], 0
        for run in result["history"]:
            rows.append([f"{before:,}", f"{run['rate']:,.0f}", f"{run['p50_ms']:.2f}", f"{run['p99_ms']:.2f}", cpu_of([run])])
            before += run["tasks"]
        out.append(table("The same, 256 in flight, as the history grows",
                         ["workflows before", "tasks per second", "p50, ms", "p99, ms", "CPU per task, us: coordinator + agents + client"], rows))
    if result.get("depth"):
        deep = result["depth"]
        rows = [[f"{at['events']:,}", spread([r["rate"] for r in at["batch"]]), cpu_of(at["batch"]), spread([r["p50_ms"] for r in at["one"]], "{:.2f}"),
                 spread([r["rate"] for r in at["many"]]), cpu_of(at["many"])] for at in (deep["short"], deep["long"])]
        out.append(table("The same work over a short log and over a long one, 100 agents (min / median / max)",
                         ["events before", "100,000 at once: tasks per second", "CPU per task, us", "one in flight: p50, ms", "256 in flight: per second", "CPU per task, us"], rows))
        rows = [[f"{run['events']:,}", f"{run['tasks']:,}", f"{run['rate']:,.0f}", cpu_of([run])] for run in deep["on_the_way"]]
        out.append(table("Large batches on the way there", ["events before", "tasks", "tasks per second", "CPU per task, us: coordinator + agents + client"], rows))
    if result.get("memory"):
        rows = [[hosts, f"{m['coordinator_fresh']:.1f}", f"{m['coordinator_after']:.1f}", f"{m['agents_fresh']:.1f}", f"{m['agents_after']:.1f}", f"{m['tasks']:,}"]
                for hosts, m in result["memory"].items()]
        out.append(table("Resident memory, MiB, without agents, with them 25 s after the last task", ["agents in the process", "coordinator fresh", "after", "agents fresh", "after", "tasks between"], rows))
    if result.get("exec"):
        rows = [[str(hosts), spread(times)] for hosts, times in result["exec"].items()]
        out.append(table("`provisioning exec -- true`, start to exit", ["hosts", "ms (min / median / max)"], rows))
    if result.get("processes"):
        base = statistics.median(result["processes"]["posix_spawn"])
        rows = [[name, spread(rates), f"{statistics.median(rates) / base:.2f}"] for name, rates in result["processes"].items()]
        out.append(table("Real processes", ["through", "per second (min / median / max)", "of posix_spawn on one thread"], rows))
    if result.get("steps"):
        rows = [[name, spread(times)] for name, times in result["steps"].items()]
        out.append(table("Three hosts, ten idempotent file steps each, start to exit", ["run", "ms (min / median / max)"], rows))
    restarts = {**result.get("restart", {}), **result.get("crowd", {})}
    if restarts:
        rows = [[str(hosts), spread(r["answers_s"], "{:.2f}"), spread(r["agents_s"], "{:.2f}"), f"{max(r['coordinator_mib']):.1f}"]
                for hosts, r in restarts.items()]
        out.append(table("The coordinator, killed and started again", ["agents", "s until it answers", "s until all agents are back", "MiB then, at most"], rows))
    if result.get("start"):
        rows = [[name, f"{r['events']:,}", f"{r['s']:.2f}"] for name, r in result["start"].items()]
        out.append(table("Starting with a long log", ["", "events", "s until it answers"], rows))
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
