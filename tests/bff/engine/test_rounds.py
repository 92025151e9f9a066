"""Rounds, over a source in memory: each load is run once for all who ask, and nothing is read twice."""

from __future__ import annotations

from typing import Any

import pytest

from bff.engine.rounds import CallFailed, Identity, Rounds
from bff.entities.entity import Entity
from bff.entities.specs import Batched
from bff.errors import TryAgain
from bff.plan.loads import Batch, BatchRequest, Load, RowsByKey
from bff.plan.shared_loads import SharedLoads
from bff.schema.catalog import Catalog
from tests.bff.plan.authors import SCHEMA
from tests.bff.plan.memory import Memory

CATALOG = Catalog.of(SCHEMA._schema)


def entity(name: str) -> Entity:
    found = CATALOG.named(name)
    assert found is not None
    return found


class Asking:
    """Rounds over a source, and what they delivered."""

    def __init__(self, *rows: tuple[Any, ...]) -> None:
        self.source = Memory(rows)
        self.rounds = Rounds(self.source)  # type: ignore[arg-type]  # the database's alone is a Loader
        self.delivered: list[tuple[str, list[object]]] = []

    def need(self, load: Load, *keys: Any, of: str = "it", request: Any = None, owner: object = None) -> Identity:
        identity: Identity = (load, request, frozenset())
        self.rounds.need(
            identity, list(keys), lambda values: self.delivered.append((of, values)), computed=(), owner=owner or self
        )
        return identity

    @property
    def asked(self) -> list[Any]:
        return [keys for _, keys, _ in self.source.asked]


def authors() -> RowsByKey:
    return RowsByKey(entity("Author"), CATALOG.policies)


def test_nothing_runs_before_the_round() -> None:
    asking = Asking((1, "ann"))
    asking.need(authors(), 1)
    assert (asking.asked, asking.delivered) == ([], [])
    assert repr(asking.rounds) == "<Rounds 1 loads pending, 1 run>"
    assert asking.rounds.run_ready()
    assert asking.delivered == [("it", [(1, "ann")])]
    assert not asking.rounds.run_ready()


def test_a_load_is_run_once_for_all_who_ask() -> None:
    """Each key once, in the order in which keys were first asked for; each has the results of its own keys."""
    asking, load = Asking((1, "ann"), (2, "bob"), (3, "cy")), authors()
    asking.need(load, 3, 1, 3, of="first")
    asking.need(load, 1, 9, 2, of="second")
    asking.rounds.run_ready()
    assert asking.asked == [[3, 1, 9, 2]]
    assert asking.delivered == [
        ("first", [(3, "cy"), (1, "ann"), (3, "cy")]),
        ("second", [(1, "ann"), None, (2, "bob")]),
    ]


def test_what_is_known_is_not_read_again() -> None:
    asking, load = Asking((1, "ann"), (2, "bob")), authors()
    asking.need(load, 1)
    asking.rounds.run_ready()
    asking.need(load, 1, of="at once")
    assert asking.delivered[-1] == ("at once", [(1, "ann")])
    asking.need(load, 2, 1)
    asking.rounds.run_ready()
    assert asking.asked == [[1], [2]]
    assert asking.delivered[-1] == ("it", [(2, "bob"), (1, "ann")])


def test_results_are_those_so_far() -> None:
    asking = Asking((1, "ann"))
    identity = asking.need(authors(), 1, 2)
    assert asking.rounds.results(identity) == {}
    asking.rounds.run_ready()
    assert asking.rounds.results(identity) == {1: (1, "ann")}


def test_all_is_read_again_once_it_is_forgotten() -> None:
    """As a mutation's next field does."""
    asking, load = Asking((1, "ann")), authors()
    asking.need(load, 1)
    asking.rounds.run_ready()
    asking.rounds.forget()
    asking.source.table = [(1, "anna")]
    asking.need(load, 1)
    asking.rounds.run_ready()
    assert asking.delivered == [("it", [(1, "ann")]), ("it", [(1, "anna")])]


def test_null_leads_nowhere_and_is_not_asked_for() -> None:
    asking, load = Asking((1, "ann")), authors()
    asking.need(load, None, None)
    assert asking.delivered == [("it", [None, None])]
    asking.need(load, None, 1)
    asking.rounds.run_ready()
    assert asking.asked == [[1]]
    assert asking.delivered[-1] == ("it", [None, (1, "ann")])


def test_no_keys_are_answered_at_once() -> None:
    asking = Asking()
    asking.need(authors())
    assert asking.delivered == [("it", [])]
    assert not asking.rounds.run_ready()


def test_a_load_waits_for_those_that_may_bring_it_keys() -> None:
    asking = Asking((1, "ann"))
    above, below, beside = (
        authors(),
        RowsByKey(entity("Book"), CATALOG.policies),
        RowsByKey(entity("Note"), CATALOG.policies),
    )
    above.downstream.add(below)
    asking.need(below, 1, of="below")
    asking.need(above, 1, of="above")
    asking.need(beside, 1, of="beside")
    asking.rounds.run_ready()
    assert [of for of, _ in asking.delivered] == ["above", "beside"]
    asking.need(below, 2, of="below, too")
    asking.rounds.run_ready()
    assert [of for of, _ in asking.delivered] == ["above", "beside", "below", "below, too"]
    assert asking.asked[-1] == [1, 2]


def test_loads_that_wait_for_each_other_are_run_and_one_may_bring_itself_keys() -> None:
    asking = Asking((1, "ann"))
    one, other = authors(), RowsByKey(entity("Book"), CATALOG.policies)
    one.downstream.update((one, other))
    other.downstream.add(one)
    asking.need(one, 1)
    asking.need(other, 1)
    assert asking.rounds.run_ready()
    assert len(asking.delivered) == 2


def test_who_is_told_may_ask_for_more() -> None:
    """In the next round, of the same load."""
    asking, load = Asking((1, 2), (2, 3), (3, None)), authors()
    followed: list[Any] = []

    def follow(values: list[Any]) -> None:
        [row] = values
        followed.append(row)
        if row is not None:
            asking.rounds.need((load, None, frozenset()), [row[1]], follow, computed=(), owner=asking)

    asking.rounds.need((load, None, frozenset()), [1], follow, computed=(), owner=asking)
    while asking.rounds.run_ready():
        pass
    assert asking.asked == [[1], [2], [3]]
    # The last one leads nowhere, which needs no round.
    assert followed == [(1, 2), (2, 3), (3, None), None]


# Batch functions


def length(keys: list[Any], scope: Any, *, times: int = 1) -> list[Any]:
    return [None if key is None else len(key) * times for key in keys]


def failing(keys: list[Any], scope: Any) -> list[Any]:
    raise ZeroDivisionError("all of them")


def away(keys: list[Any], scope: Any) -> list[Any]:
    raise TryAgain("not now")


def batch(function: Any) -> Batch:
    return SharedLoads(CATALOG).batch("Author.length", entity("Author"), Batched(function, ("name",)))


NONE = BatchRequest({}, ())


def test_batch_functions_take_null_and_are_called_once_for_equal_arguments() -> None:
    asking, load = Asking(), batch(length)
    asking.need(load, "ann", None, request=BatchRequest({"times": 1}, 1))
    asking.need(load, "bo", request=BatchRequest({"times": 1}, 1))
    asking.need(load, "bo", request=BatchRequest({"times": 2}, 2))
    asking.rounds.run_ready()
    assert asking.source.calls == [("Author.length", ["ann", None, "bo"]), ("Author.length", ["bo"])]
    assert [values for _, values in asking.delivered] == [[3, None], [2], [4]]


def test_a_failing_batch_function_is_an_error_of_each_key() -> None:
    asking = Asking()
    asking.need(batch(failing), "a", "b", request=NONE)
    asking.rounds.run_ready()
    [(_, values)] = asking.delivered
    assert [str(each) for each in values] == ["all of them"] * 2


def test_called_for_several_executions_nobody_knows_whose_key_it_is() -> None:
    asking, load = Asking(), batch(failing)
    asking.need(load, "a", request=NONE, owner="one")
    asking.need(load, "b", request=NONE, owner="other")
    with pytest.raises(CallFailed) as failed:
        asking.rounds.run_ready()
    assert isinstance(failed.value.__cause__, ZeroDivisionError)
    assert asking.delivered == []


@pytest.mark.parametrize("owners", [("one", "one"), ("one", "other")])
def test_what_is_to_be_tried_again_is_raised_for_one_and_for_several(owners: tuple[str, str]) -> None:
    asking, load = Asking(), batch(away)
    for owner in owners:
        asking.need(load, owner, request=NONE, owner=owner)
    with pytest.raises(TryAgain, match="not now"):
        asking.rounds.run_ready()
