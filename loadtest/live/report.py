"""The results of a run in Markdown. Pure: the same results give the same text."""

from __future__ import annotations

import math

from loadtest.bench.report import machine_line, number, table, yes
from loadtest.live.results import Results, Times
from loadtest.live.served import COMPONENTS
from loadtest.live.targets import targets

HOW = """\
All on one machine: the clients, PostgreSQL and Redis share its cores with the nodes. A node is a gunicorn with one worker, as
`deploy/gunicorn.conf.py` has it. Clients are real sockets from processes of their own (`loadtest/live/swarm.py`): WebSockets that speak
the protocol of `bff/protocol/PROTOCOL.md`, apply patches, come back by themselves and resume. They note when a message comes on the
monotonic clock, which is also the writer's; times begin when the writer sends COMMIT. They are {users} people of one organization.

- **Idle**: `pg_stat_statements` of the site's database, for so long without subscribers and as long with them. What the node runs without
  them too (the relay looks for what is written) is its own; everything else is theirs.
- **Fan-out**: tasks of one matter are renamed, one commit at a time. *Deliveries a second* are those from the first client that gets
  a message to the last one, the median of the commits; *CPU* is all of the worker's, so it counts the reading of the stream, the execution, the comparison
  and the writing of the patch too. *Bare* is a Flask-SocketIO under the same gunicorn, with as many of the same clients in a room, which
  `emit`s one of the same messages as often. *To the stream* is the relay's part, seen by a reader beside the node; *to the first client* that of the
  node: it reads the stream, waits for what else changes, executes, compares, encodes. CPU by component is sampled as in [pages.md](pages.md).
- **Nodes**: rounds of new titles and of new comments over all matters; every matter has subscribers on every node. An execution is one of one
  node for all its subscribers of a matter. Every change and every client that looks on are one time. In the end every client's state is compared with
  the answer to the same document over HTTP.
- **Memory**: the worker's PSS once it is idle, less that of the same worker before (one client had come and gone), a socket. Everything
  counts but the kernel's buffers. *Bare* is the Flask-SocketIO above.
- **Storm**: connections are reset, without a goodbye. Clients come back after a random part of half a second, to the other of two nodes, and
  resume. A tenth as many look at the page of one of the ten matters. Each one's events are held against the sequence of one that nobody cut, which is held against what was written.
- **Faults**: so many clients over three nodes, half on comments, half on pages, while comments are written. *Caught up* is from the end of the
  fault (from its beginning where nothing ends it) until each client has seen something that was written after that."""


def render(results: Results) -> str:
    """The whole report."""
    sections = [
        "# Live pages, measured",
        f"Written by `make bench-live` on {results.day}, of commit {results.commit}. The raw figures are in [live.json](live.json).",
        machine_line(results.machine),
        "![Time to the last client, memory, storms](live.png)",
        "## Targets",
        targets_table(results),
        "## Idle",
        _idle(results),
        "## One commit, one page, one node",
        _fan_outs(results),
        "## Nodes",
        _nodes(results),
        "## Memory",
        _memory(results),
        "## Storms",
        _storms(results),
        "## Faults",
        _faults(results),
        "## How it is measured",
        HOW.format(users=results.users),
    ]
    return "\n\n".join(sections) + "\n"


def targets_table(results: Results) -> str:
    """What must be reached, and what is."""
    rows = []
    for target in targets(results):
        bound = "at least" if target.bound == ">=" else "at most"
        is_measured = target.shown is not None and not math.isnan(target.shown)
        shown = f"{target.shown:,.3g}{target.unit}" if is_measured else "not measured"
        rows.append((target.title, f"{bound} {target.wanted:g}{target.unit}", shown, yes(target.is_reached)))
    return table(("figure", "target", "shown", "reached"), rows, right=2)


def _idle(results: Results) -> str:
    idle = results.idle
    without, with_them = idle.own_a_second
    rows = [
        ("of subscriptions", "", number(idle.statements_a_second)),
        ("of the node itself", number(without), number(with_them)),
    ]
    head = ("statements a second", "nobody looks", f"{idle.subscribers:,} subscribers")
    theirs = "".join(f"\n- {it.calls} x `{it.text[:200]}`" for it in idle.of_subscriptions)
    return f"{table(head, rows)}\n\nCounted for {idle.seconds:g} s each.{theirs}"


def _fan_outs(results: Results) -> str:
    rows = [
        (
            it.mode,
            f"{it.subscribers:,}",
            f"{it.commits}",
            f"{it.work.executions}",
            f"{it.message_bytes:,}",
            *_times(it.times),
            f"{it.rate:,.0f}",
            f"{it.bare_rate:,.0f}",
            f"{it.of_bare:.2f}",
            f"{it.cpu_us:.0f}",
            f"{it.bare_cpu_us:.0f}",
        )
        for it in results.fan_outs
    ]
    head = (
        *("mode", "subscribers", "commits", "executions", "bytes", "last client, ms: p50", "p99", "most"),
        *("deliveries/s", "bare", "ratio", "CPU, µs each", "bare"),
    )
    stages = results.fan_outs[0].stages_ms
    times = [(it.mode, *(number(ms) for ms in it.stages_ms.values())) for it in results.fan_outs]
    parts = [name for name in COMPONENTS if any(name in it.cpu_ms for it in results.fan_outs)]
    cpu = [
        (it.mode, *(number(it.cpu_ms.get(name, 0.0)) for name in parts), number(sum(it.cpu_ms.values())))
        for it in results.fan_outs
    ]
    tables = (
        table(head, rows),
        table(("ms, medians", *stages), times),
        table(("ms of CPU a commit, in the worker", *parts, "all"), cpu),
    )
    return "\n\n".join(tables)


def _nodes(results: Results) -> str:
    it = results.nodes
    rows = [
        ("nodes, subscribers, matters", f"{it.nodes}, {it.subscribers}, {it.matters}"),
        ("writes", f"{it.writes:,} in {it.seconds:g} s"),
        ("changes that nodes were told of", f"{it.work.changes:,}"),
        ("executions, all nodes", f"{it.work.executions:,}"),
        ("of them found nothing changed", f"{it.work.unchanged:,} ({_share(it.work.unchanged, it.work.executions)})"),
        ("messages to clients", f"{it.messages:,}"),
        ("COMMIT to a client: p50, p99, most", ", ".join(_times(it.times)) + " ms"),
        ("all states right after the last write, the comparison included", f"{it.settled_s:.1f} s"),
        ("cores that the nodes' workers kept busy", f"{it.cores:.2f} of {results.machine.cores}"),
        ("changes that a client never saw", f"{it.missed}"),
        ("clients whose last state is wrong", f"{it.wrong}"),
    ]
    each = it.cores * it.seconds / it.work.executions * 1e3 if it.work.executions else 0.0
    return (
        f"{table(('', ''), rows)}\n\nAn execution takes {number(each)} ms of a worker's CPU, its deliveries and all else of the node "
        "included. Where cores are short it is the queue for them that makes times long: PostgreSQL, Redis, writer and clients are on "
        "them as well."
    )


def _memory(results: Results) -> str:
    it = results.memory
    rows = [
        (f"{sockets:,}", f"{kb / 1024:,.1f}", number(each), f"{bare / 1024:,.1f}", number(bare_each))
        for sockets, kb, each, bare, bare_each in zip(
            it.sockets[1:], it.layer_kb[1:], it.each_kb, it.bare_kb[1:], it.bare_each_kb, strict=True
        )
    ]
    head = ("sockets", "worker, MB", "KB a socket", "bare, MB", "bare, KB a socket")
    return (
        f"{table(head, rows)}\n\nA worker without sockets has {it.layer_kb[0] / 1024:,.1f} MB, bare {it.bare_kb[0] / 1024:,.1f} MB. The last "
        f"of them came at {it.connects_a_second:,.0f} a second, subscribed and with their first state. They all look at one page; a page of "
        f"its own takes {number(it.each_page_kb)} KB more, once, however many look at it (measured with {it.pages})."
    )


def _storms(results: Results) -> str:
    rows = [
        (
            it.name,
            f"{it.clients}",
            f"{it.writes:,}",
            f"{it.verdict.events:,}",
            f"{it.cuts:,}",
            f"{it.recovered:,}",
            f"{it.unrecovered:,}",
            f"{it.repeats:,}",
            f"{it.verdict.lost:,}",
            f"{it.verdict.silent_gaps}",
            f"{it.verdict.doubled + it.verdict.disordered}",
            f"{it.live_wrong}",
            f"{it.not_back}",
            *_times(it.back),
            f"{it.all_back_s:.2f}",
        )
        for it in results.storms
    ]
    head = (
        *("cut", "clients", "writes", "events taken", "cuts", "recovered", "unrecovered", "repeats dropped"),
        *(
            "declared lost",
            "lost in silence",
            "twice or out of order",
            "wrong pages",
            "not back",
            "back, ms: p50",
            "p99",
            "most",
            "all back, s",
        ),
    )
    return table(head, rows)


def _faults(results: Results) -> str:
    rows = [
        (
            it.name,
            f"{it.clients}",
            f"{it.writes:,}",
            f"{it.caught_up_s:.2f}",
            f"{it.verdict.events:,}",
            f"{it.verdict.declared}",
            f"{it.verdict.lost:,}",
            f"{it.verdict.silent_gaps}",
            f"{it.verdict.doubled + it.verdict.disordered}",
            f"{it.wrong}",
        )
        for it in results.faults
    ]
    head = (
        *("fault", "clients", "writes", "caught up, s", "events taken", "gaps told", "declared lost"),
        *("lost in silence", "twice or out of order", "wrong pages"),
    )
    return table(head, rows)


def _times(times: Times) -> tuple[str, str, str]:
    return number(times.p50_ms), number(times.p99_ms), number(times.most_ms)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "none"
