"""The results of a run as one picture: pages a second, latency under load, and what larger answers cost."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from loadtest.bench.contenders import BY_NAME, CONTENDERS
from loadtest.bench.results import Results

COLORS = {
    "limit": "#6b7280",
    "compiled": "#0f766e",
    "rounds": "#14b8a6",
    "eager": "#7c3aed",
    "plain": "#d97706",
    "rest": "#dc2626",
    "constant": "#94a3b8",
}


def draw(results: Results, path: Path) -> None:
    """Write the picture as PNG. Matplotlib is loaded here, since only `make bench` installs it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 4.8), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    rates, latencies, sizes = figure.subplots(1, 3)
    _draw_rates(rates, results)
    _draw_latencies(latencies, results)
    _draw_sizes(sizes, results)
    figure.suptitle(f"The Matter page on {results.machine.cores} cores, {results.day}")
    # Without the version of its maker, so that the same figures give the same bytes.
    figure.savefig(path, metadata={"Software": None})


def _draw_rates(axes: Any, results: Results) -> None:
    found = [(it, results.of(it.name, connections=8)) for it in reversed(CONTENDERS)]
    shown = [(contender, series.rate) for contender, series in found if series is not None and series.rate > 0]
    bars = axes.barh(
        [contender.title for contender, _ in shown],
        [rate for _, rate in shown],
        color=[COLORS[contender.name] for contender, _ in shown],
    )
    axes.bar_label(bars, [f" {rate:,.0f}" if rate >= 10 else f" {rate:.1f}" for _, rate in shown])
    axes.set(xscale="log", title="Pages a second, 8 connections, 2 workers")
    axes.margins(x=0.25)


def _draw_latencies(axes: Any, results: Results) -> None:
    for contender in CONTENDERS:
        series = sorted(
            (it for it in results.series if it.contender == contender.name and it.workers == 2),
            key=lambda it: it.connections,
        )
        series = [it for it in series if it.p50_ms > 0]
        if series:
            connections = [it.connections for it in series]
            color = COLORS[contender.name]
            axes.plot(connections, [it.p50_ms for it in series], "o-", color=color, label=contender.name)
            axes.plot(connections, [it.p99_ms for it in series], ".:", color=color)
    axes.set(
        xscale="log", yscale="log", xlabel="connections", ylabel="ms", title="p50 (lines) and p99 (dots), 2 workers"
    )
    ticks = sorted({it.connections for it in results.series})
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend()


def _draw_sizes(axes: Any, results: Results) -> None:
    lines = defaultdict(list)
    for size in results.sizes:
        lines[size.operation, size.contender].append((size.objects, size.ms))
    for (operation, contender), points in lines.items():
        objects, ms = zip(*sorted(points), strict=True)
        style = "o-" if operation == "Tasks" else "s--"
        axes.plot(objects, ms, style, color=COLORS[contender], label=f"{operation}, {BY_NAME[contender].name}")
    axes.set(
        xscale="log", yscale="log", xlabel="objects in the answer", ylabel="ms", title="Larger answers, 1 connection"
    )
    axes.grid(alpha=0.3)
    axes.legend()
