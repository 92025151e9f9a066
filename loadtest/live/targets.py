"""What live pages must reach, and whether a run has shown it."""

from __future__ import annotations

from collections.abc import Iterator

from loadtest.bench.targets import Target
from loadtest.live.results import Results

SOCKETS = 1_000


def targets(results: Results) -> list[Target]:
    """Every target."""
    return list(_targets(results))


def _targets(results: Results) -> Iterator[Target]:
    idle = results.idle
    yield Target(f"statements of {idle.subscribers:,} idle subscribers", "<=", 0, idle.statements_a_second, " a second")
    for fan_out in results.fan_outs:
        of = f"{fan_out.subscribers:,} subscribers, {fan_out.mode}"
        yield Target(f"{of}: executions a commit", "<=", 1, fan_out.work.executions / fan_out.commits)
        yield Target(f"{of}: COMMIT to the last one, p99", "<=", 250, fan_out.times.p99_ms, " ms")
        yield Target(f"{of}: deliveries a second / bare emit's", ">=", 0.8, fan_out.of_bare, "x")
        yield Target(f"{of}: deliveries that did not come", "<=", 0, fan_out.missed)
    nodes = results.nodes
    yield Target(f"{nodes.nodes} nodes: clients whose last state is wrong", "<=", 0, nodes.wrong)
    yield Target(f"{nodes.nodes} nodes: changes that a client never saw", "<=", 0, nodes.missed)
    memory = results.memory
    for sockets, each in zip(memory.sockets[1:], memory.each_kb, strict=True):
        if sockets >= SOCKETS or sockets == memory.sockets[-1]:
            yield Target(f"memory of an idle subscriber, of {sockets:,}", "<=", 60, each, " KB")
    for storm in results.storms:
        of = f"storm, {storm.name}"
        yield Target(f"{of}: clients that do not come back", "<=", 0, storm.not_back)
        yield Target(f"{of}: events lost, in silence or not", "<=", 0, storm.verdict.lost + storm.verdict.silent_gaps)
        yield Target(f"{of}: events twice or out of order", "<=", 0, storm.verdict.doubled + storm.verdict.disordered)
        yield Target(f"{of}: wrong pages", "<=", 0, storm.live_wrong)
    for fault in results.faults:
        verdict = fault.verdict
        yield Target(
            f"{fault.name}: lost in silence, out of order, twice, wrong",
            "<=",
            0,
            verdict.silent_gaps + verdict.disordered + verdict.doubled + fault.wrong,
        )
        if not fault.may_lose:
            yield Target(f"{fault.name}: events declared lost", "<=", 0, verdict.lost)
        yield Target(f"{fault.name}: until all have caught up", "<=", 10, fault.caught_up_s, " s")
