"""The results of a run as one picture: time to the last client, a socket's memory, and how long everybody is gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loadtest.live.results import Results

LAYER, BARE, LIMIT = "#0f766e", "#94a3b8", "#dc2626"


def draw(results: Results, path: Path) -> None:
    """Write the picture as PNG. Matplotlib is loaded here, since only the benches install it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(17, 5), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    times, memory, faults = figure.subplots(1, 3, width_ratios=[3, 3, 2])
    _draw_times(times, results)
    _draw_memory(memory, results)
    _draw_faults(faults, results)
    figure.suptitle(f"Live pages on {results.machine.cores} cores, {results.day}")
    # Without the version of its maker, so that the same figures give the same bytes.
    figure.savefig(path, metadata={"Software": None})


def _draw_times(axes: Any, results: Results) -> None:
    titles = [f"{it.subscribers:,} look at\none page, {it.mode}" for it in results.fan_outs]
    shown = [it.times for it in results.fan_outs]
    titles.append(f"{results.nodes.nodes} nodes,\n{results.nodes.matters} pages")
    shown.append(results.nodes.times)
    places = range(len(titles))
    p99 = axes.bar(places, [it.p99_ms for it in shown], width=0.6, color=BARE, label="p99")
    p50 = axes.bar(places, [it.p50_ms for it in shown], width=0.4, color=LAYER, label="p50")
    axes.bar_label(p99, fmt="{:,.0f}")
    axes.bar_label(p50, fmt="{:,.0f}", label_type="center", color="white")
    axes.axhline(250, color=LIMIT, linestyle=":", label="the most that p99 may be")
    axes.set_xticks(places, titles)
    axes.set(title="COMMIT to the last client, ms", yscale="log", ylim=(1, 2 * max(it.p99_ms for it in shown)))
    axes.legend()


def _draw_memory(axes: Any, results: Results) -> None:
    memory = results.memory
    axes.plot(memory.sockets[1:], memory.each_kb, "o-", color=LAYER, label="a live subscriber")
    axes.plot(memory.sockets[1:], memory.bare_each_kb, "s--", color=BARE, label="bare Flask-SocketIO")
    axes.axhline(60, color=LIMIT, linestyle=":", label="the most that it may be")
    axes.set(xlabel="sockets", title="Memory of an idle socket, KB", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend()


def _draw_faults(axes: Any, results: Results) -> None:
    shown = [(f"storm, {it.name}", it.all_back_s) for it in results.storms]
    shown += [(it.name, it.caught_up_s) for it in results.faults]
    shown.reverse()
    bars = axes.barh([title for title, _ in shown], [seconds for _, seconds in shown], color=LAYER)
    axes.bar_label(bars, fmt=" {:.1f}")
    axes.axvline(10, color=LIMIT, linestyle=":")
    axes.margins(x=0.15)
    axes.set(title="Until all are back or have caught up, s")
