#!/usr/bin/env python3
"""Line charts as SVG, for docs/pictures. As a program: the growth charts of one or more files of
results.   plot.py RESULTS.json... FOLDER"""
import html, json, math, pathlib, statistics, sys

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 320, 72, 150, 36, 44
COLOURS = ["#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df"]


def ticks(low, high, logarithmic):
    if logarithmic:
        return [10**e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    step = 10 ** math.floor(math.log10(max(high - low, 1e-9) / 4))
    step *= next(f for f in (1, 2, 5, 10) if (high - low) / (step * f) <= 5)
    return [step * n for n in range(math.floor(low / step), math.ceil(high / step) + 1)]


def number(value):
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def line_chart(title, x_label, y_label, series, log_x=False):
    """`series`: name -> points (x, y), in order of x. The y axis begins at 0."""
    points = [p for line in series.values() for p in line]
    xs = ticks(min(p[0] for p in points), max(p[0] for p in points), log_x)
    ys = ticks(0, max(p[1] for p in points) or 1, False)
    place = math.log10 if log_x else float

    def x_at(x):
        return LEFT + (place(x) - place(xs[0])) / ((place(xs[-1]) - place(xs[0])) or 1) * (WIDTH - LEFT - RIGHT)

    def y_at(y):
        return HEIGHT - BOTTOM - y / ys[-1] * (HEIGHT - TOP - BOTTOM)

    def text(x, y, words, anchor="middle", more=""):
        return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{html.escape(words)}</text>'

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>', text(WIDTH / 2, 20, title, more='font-weight="bold"')]
    for y in ys:
        out += [f'<path d="M{LEFT} {y_at(y):.1f}H{WIDTH - RIGHT}" stroke="#d8dee4"/>', text(LEFT - 6, y_at(y) + 4, number(y), "end")]
    out += [text(x_at(x), HEIGHT - BOTTOM + 16, number(x)) for x in xs]
    out += [text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x_label),
            text(16, HEIGHT / 2, y_label, more=f'transform="rotate(-90 16 {HEIGHT / 2:.0f})"')]
    for n, (name, line) in enumerate(series.items()):
        colour = COLOURS[n % len(COLOURS)]
        out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(f"{x_at(x):.1f},{y_at(y):.1f}" for x, y in line)}"/>')
        if len(line) <= 20:
            out += [f'<circle cx="{x_at(x):.1f}" cy="{y_at(y):.1f}" r="3" fill="{colour}"/>' for x, y in line]
        out.append(text(WIDTH - RIGHT + 8, TOP + 16 * (n + 1), name, "start", f'fill="{colour}"'))
    return "\n".join(out + ["</svg>", ""])


def cpu_us(run):
    return run["coordinator_cpu_us"] + run["agents_cpu_us"]


def growth_charts(result):
    """name -> SVG: what a task costs and how fast they go, over the size of the batch, a line for each number of agents;
    and over the length of the log, where that was measured."""
    batches = {**result["batch"], **result.get("crowd_batch", {})}

    def over_size(value):
        return {f"{int(hosts):,} agent{'s' if hosts != '1' else ''}": [(int(size), statistics.median(value(r) for r in runs)) for size, runs in sizes.items()]
                for hosts, sizes in batches.items()}
    charts = {"rate-by-size": line_chart("No-op tasks per second", "tasks in the batch", "tasks per second", over_size(lambda r: r["rate"]), True),
              "cost-by-size": line_chart("CPU of the coordinator and all agents", "tasks in the batch", "us per task", over_size(cpu_us), True)}
    if on_the_way := result.get("depth", {}).get("on_the_way"):
        charts["rate-by-log"] = line_chart("Batches of a million tasks, 100 agents", "events in the log before", "tasks per second",
                                           {"rate": [(run["events"], run["rate"]) for run in on_the_way]})
    return charts


if __name__ == "__main__":
    *results, folder = map(pathlib.Path, sys.argv[1:])
    folder.mkdir(parents=True, exist_ok=True)
    merged = {}
    for path in results:  # the rows of --only come in files of their own
        merged.update(json.loads(path.read_text()))
    for name, svg in growth_charts(merged).items():
        (folder / f"{name}.svg").write_text(svg)
