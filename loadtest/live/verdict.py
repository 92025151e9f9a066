"""Whether clients saw a sequence of events whole: exactly once, in order, and nothing missing that was not said to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from loadtest.live.client import Break
from loadtest.live.results import Verdict


def judge(whole: Sequence[str], seen: Iterable[Sequence[str | Break]]) -> Verdict:
    """Hold what each client saw, in the order in which it came first, against the whole sequence.

    What is missing is lost: at a `Break`, as was said, elsewhere in silence. What a client saw and the whole one does not
    have counts as out of order.
    """
    places = {id_: place for place, id_ in enumerate(whole)}
    clients = events = declared = lost = gaps = disordered = doubled = 0
    for entries in seen:
        clients += 1
        ids = [it for it in entries if isinstance(it, str)]
        events += len(ids)
        declared += len(entries) - len(ids)
        doubled += sum(times - 1 for times in Counter(ids).values())
        expected, is_said = 0, False
        for entry in entries:
            if isinstance(entry, Break):
                is_said = True
                continue
            place = places.get(entry)
            if place is None or place < expected:
                disordered += 1
                continue
            missing = place - expected
            lost, gaps = (lost + missing, gaps) if is_said else (lost, gaps + missing)
            expected, is_said = place + 1, False
        missing = len(whole) - expected
        lost, gaps = (lost + missing, gaps) if is_said else (lost, gaps + missing)
    return Verdict(clients, events, declared, lost, gaps, disordered, doubled)


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """The sum: of clients that each belong to another sequence."""
    total = Verdict(0, 0, 0, 0, 0, 0, 0)
    for it in verdicts:
        total = Verdict(
            total.clients + it.clients,
            total.events + it.events,
            total.declared + it.declared,
            total.lost + it.lost,
            total.silent_gaps + it.silent_gaps,
            total.disordered + it.disordered,
            total.doubled + it.doubled,
        )
    return total
