"""What one execution asked for among others, and what Python sent by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import func, literal_column, select, text
from sqlalchemy.sql import ClauseElement

from bff.engine.rounds import Identity, Rounds
from bff.entities.entity import Entity
from bff.plan.loads import RowsByKey
from bff.readsets.readset import ALL, ANYTHING, Fact, Interest, whole
from bff.readsets.recorder import Recorder, Watch
from bff.sql.statement import Statement
from tests.bff.readsets.models import POLICIES, Matter, Organization, Task, Viewer


class MemorySource:
    """Matters 1 to 9 of organization 7."""

    def rows(self, statement: Statement, parameters: Mapping[str, Any]) -> Sequence[Any]:
        raise AssertionError("only rows are read here, by their keys")

    def call(self, batch: Any, request: Any, keys: list[Any]) -> dict[Any, Any]:
        raise AssertionError("only rows are read here, by their keys")

    def keyed(self, statement: Statement, keys: list[Any], parameters: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
        for key in keys:
            if key < 10:
                yield key, (key, 7)


@pytest.fixture
def rounds() -> Rounds:
    return Rounds(MemorySource())  # type: ignore[arg-type]  # what loads are run on


@pytest.fixture
def identity() -> Identity:
    load = RowsByKey(Entity(Matter, Matter, "Matter", None), POLICIES)
    load.slot("state")
    return load, None, frozenset()


def ask(rounds: Rounds, identity: Identity, keys: list[Any], *recorders: Recorder) -> None:
    rounds.need(identity, keys, lambda _: None, computed=(), owner=object())
    for recorder in recorders:
        recorder.note(identity, keys)
    while rounds.run_ready():
        pass


def matters(found: Mapping[Fact, Interest]) -> set[str | None]:
    """The matters that facts name, by id."""
    return {values[0] for table, columns, values in found if (table, columns) == ("matters", ("id",))}


def test_each_execution_depends_on_the_keys_that_it_asked_for(rounds: Rounds, identity: Identity) -> None:
    first, second, none = Recorder(), Recorder(), Recorder()
    ask(rounds, identity, [1, 2], first)
    ask(rounds, identity, [2, 3, 2], second)
    read_sets = [each.read_set(rounds, Viewer(), {}) for each in (first, second, none)]
    assert [matters(read_set.facts) for read_set in read_sets] == [{"1", "2"}, {"2", "3"}, set()]
    assert none.read_set(rounds, Viewer(), {}).facts == {}
    assert repr(first) == "<Recorder of 1 loads>"
    assert repr(none) == "<Recorder of 0 loads>"


def test_what_was_not_found_is_depended_on_too(rounds: Rounds, identity: Identity) -> None:
    recorder = Recorder()
    ask(rounds, identity, [99, None], recorder)
    assert matters(recorder.read_set(rounds, Viewer(), {}).facts) == {"99"}


def test_more_counts_together_with_what_was_asked_for(rounds: Rounds, identity: Identity) -> None:
    recorder = Recorder()
    ask(rounds, identity, [1], recorder)
    one: Fact = ("matters", ("id",), ("1",))
    alone = recorder.read_set(rounds, Viewer(), {}).facts
    more = {whole("teams"): ALL, one: Interest(frozenset({"title"}), False)}
    assert recorder.read_set(rounds, Viewer(), more).facts == {
        **alone,
        whole("teams"): ALL,
        one: alone[one] | more[one],
    }


# ---- what Python sends


def sent(watch: Watch, statement: ClauseElement) -> None:
    """As SQLAlchemy tells of it."""
    compiled = statement.compile()
    watch.note(str(compiled), compiled)


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_a_statement_depends_on_the_tables_and_columns_that_it_names(watch: Watch) -> None:
    sent(watch, select(Matter.state).join(Matter.tasks).where(Task.owner == 5))
    assert watch.facts == {
        whole("matters"): Interest(frozenset({"id", "state"}), True),
        whole("tasks"): Interest(frozenset({"matter_id", "owner"}), True),
    }
    assert repr(watch) == "<Watch 2 facts>"


def test_statements_add_up(watch: Watch) -> None:
    sent(watch, select(Matter.state))
    sent(watch, select(Matter.id))
    sent(watch, select(func.count()).select_from(Organization))
    assert watch.facts[whole("matters")] == Interest(frozenset({"id", "state"}), True)
    assert whole("organizations") in watch.facts


@pytest.mark.parametrize(
    "statement",
    [
        text("select 1"),
        select(literal_column("(select max(id) from matters)")),
        select(Matter.id).where(text("exists (select from tasks)")),
    ],
)
def test_text_may_read_anything(watch: Watch, statement: ClauseElement) -> None:
    sent(watch, statement)
    assert watch.facts[ANYTHING] == ALL


def test_a_text_that_is_a_constant_reads_nothing(watch: Watch) -> None:
    sent(watch, select(Matter.id).where(text("true")))
    assert list(watch.facts) == [whole("matters")]


def test_a_text_that_sqlalchemy_did_not_compile_may_read_anything(watch: Watch) -> None:
    watch.note("select 1", None)
    assert watch.facts == {ANYTHING: ALL}


def test_the_layers_own_statements_do_not_count(watch: Watch) -> None:
    with watch.paused():
        watch.note("select 1", None)
        with watch.paused():
            assert repr(watch) == "<Watch 0 facts, paused>"
        watch.note("select 2", None)
    assert watch.facts == {}
    sent(watch, select(Matter.id))
    assert list(watch.facts) == [whole("matters")]


def test_what_fails_while_it_is_paused_does_not_leave_it_so(watch: Watch) -> None:
    with pytest.raises(ZeroDivisionError), watch.paused():
        raise ZeroDivisionError
    watch.note("select 1", None)
    assert watch.facts == {ANYTHING: ALL}
