"""Loads, run over a source in memory: what each reads, asks and gives."""

from __future__ import annotations

from typing import Any

import pytest

from bff.entities.entity import Entity
from bff.entities.specs import Aggregate, Batched
from bff.errors import TryAgain
from bff.plan.loads import (
    STATEMENTS_PER_LOAD,
    Batch,
    BatchRequest,
    Computed,
    Computing,
    FormerRows,
    RowsByKey,
    Source,
    parameters_of,
)
from bff.plan.shared_loads import SharedLoads
from bff.schema.catalog import Catalog
from tests.bff.plan.authors import SCHEMA, AuthorRow, BookRow, FilmRow, WorkRow
from tests.bff.plan.memory import Memory, Written

CATALOG = Catalog.of(SCHEMA._schema)


def entity(name: str) -> Entity:
    found = CATALOG.named(name)
    assert found is not None
    return found


AUTHOR, CHAPTER, WORK, FILM = map(entity, ("Author", "Chapter", "Work", "Film"))


def rows_of(name: str) -> RowsByKey:
    return RowsByKey(entity(name), CATALOG.policies)


# Rows


def test_columns_stand_behind_the_key_each_once() -> None:
    load = rows_of("Author")
    assert [load.slot(name) for name in ("name", "motto", "name", "id")] == [1, 2, 1, 0]
    assert load.columns == ["name", "motto"]
    assert [load.attribute_at(slot) for slot in range(3)] == ["id", "name", "motto"]
    assert load.slots(("motto", "id"), AUTHOR) == (2, 0)
    assert [load.position(name, AUTHOR) for name in ("motto", "tenant")] == [2, None]


def test_a_key_of_several_columns_stands_first() -> None:
    load = rows_of("Chapter")
    assert load.slots(("number", "title", "book_id"), CHAPTER) == (1, 2, 0)
    assert load.strict == (0, 1)


def test_rows_of_several_types_tell_which_one_each_is_of() -> None:
    """Subclasses may map one name to two columns, which are told apart by the class."""
    load = rows_of("Work")
    assert load.discriminator == 1
    assert load.attribute_at(1) == "kind"
    assert load.slot("minutes", FILM) == 2
    assert load.attribute_at(2) == "FilmRow.minutes"
    assert load.position("minutes", FILM) == 2
    assert rows_of("Film").discriminator is None


def test_rows_are_given_by_their_keys() -> None:
    """A key that leads nowhere is missing."""
    load, source = rows_of("Author"), Memory([(1, "ann"), (2, "bob"), (3, "cy")])
    load.slot("name")
    checked: Source = source
    assert load.run(checked, None, [3, 1, 9], []) == {1: (1, "ann"), 3: (3, "cy")}
    [(statement, keys, parameters)] = source.asked
    assert (keys, parameters) == ([3, 1, 9], {})
    assert statement.sql == load.text
    two, both = rows_of("Chapter"), Memory([(1, 1, "a"), (1, 2, "b")])
    assert two.run(both, None, [(1, 2), (2, 2)], []) == {(1, 2): (1, 2, "b")}


def test_what_is_computed_stands_behind_the_columns() -> None:
    load, source = rows_of("Author"), Memory()
    first, second = Written("one", {"r0_f0": "x"}), Written("two", {"r1_f0": "y"})
    computing: list[Computing] = [first, second]
    load.computed += computing
    load.slot("name")
    assert [load.computed_slot(each) for each in (first, second)] == [2, 3]
    load.run(source, None, [1], [first, second])
    load.run(source, None, [1], [None, second])
    [(whole, _, given), (part, _, less)] = source.asked
    assert (given, less) == ({"r0_f0": "x", "r1_f0": "y"}, {"r1_f0": "y"})
    assert "'one'::text AS c1, 'two'::text AS c2" in whole.sql
    assert "NULL::text AS c1, 'two'::text AS c2" in part.sql


def test_a_statement_is_made_once_for_a_shape() -> None:
    load, source = rows_of("Author"), Memory()
    load.computed.append(Written())
    asked: list[list[Computed | None]] = [[Written("a", {"v": 1})], [Written("a", {"v": 2})], [Written("b")], [None]]
    for each in asked:
        load.run(source, None, [1], each)
    [one, same, other, none] = [statement for statement, *_ in source.asked]
    assert one is same
    assert len({one, other, none}) == 3


def test_the_statements_kept_are_bounded() -> None:
    load = rows_of("Author")
    first = load.statement([Written("0")])
    for i in range(1, STATEMENTS_PER_LOAD):
        load.statement([Written(str(i))])
    assert load.statement([Written("0")]) is first
    for i in range(STATEMENTS_PER_LOAD):
        load.statement([Written(f"other {i}")])
    assert load.statement([Written("0")]) is not first


def test_values_of_all_that_is_computed_go_together() -> None:
    assert parameters_of([Written("a", {"x": 1}), None, Written("b", {"y": 2})]) == {"x": 1, "y": 2}
    assert parameters_of([]) == {}


# Rows as they were


def test_rows_as_they_were_take_null_as_a_key() -> None:
    load = FormerRows(AUTHOR, CATALOG.policies, ("id", "tenant"))
    source = Memory([("1", "north"), ("2", None)])
    assert load.takes_null
    assert load.models == (AuthorRow,)
    assert load.run(source, None, [("1", "north"), ("2", None), ("3", "x")], []) == {
        ("1", "north"): ("1", "north"), ("2", None): ("2", None),
    }  # fmt: skip


# Counts and sums


def test_all_aggregates_of_a_relationship_are_read_together() -> None:
    loads = SharedLoads(CATALOG)
    load = loads.aggregates("aggregates of Author.books", loads.join(AUTHOR, "books", None))
    count, total = Aggregate("books", "count"), Aggregate("books", "total", "price")
    assert [load.slot(each) for each in (count, total, Aggregate("books", "count"))] == [1, 2, 1]
    assert load.models == (BookRow,)
    source = Memory([(1, 3, 40)])
    assert load.run(source, None, [1, 2], []) == {1: (1, 3, 40)}
    assert source.asked[0][0] is load.statement
    assert load.text.count(" AS c") == 2


# Batch functions


def lengths(keys: list[Any], scope: Any, *, times: int = 1) -> list[Any]:
    return [ValueError("no key") if key is None else len(key) * times for key in keys]


def failing(keys: list[Any], scope: Any) -> list[Any]:
    raise ZeroDivisionError("all of them")


def away(keys: list[Any], scope: Any) -> list[Any]:
    raise TryAgain("not now")


def batch(function: Any, *reads: Any) -> Batch:
    return Batch("Author.length", Batched(function, ("name",)), reads or None, CATALOG.policies)


NONE = BatchRequest({}, ())


def test_a_batch_function_is_given_all_keys_and_null_too() -> None:
    load, source = batch(lengths), Memory()
    results = load.run(source, BatchRequest({"times": 2}, "twice"), ["ann", None, "dee"], [])
    assert source.calls == [("Author.length", ["ann", None, "dee"])]
    assert (results["ann"], results["dee"]) == (6, 6)
    assert isinstance(results[None], ValueError)
    assert load.takes_null
    assert load.text == f"{__name__}.lengths(keys: name)"


def test_what_a_batch_function_raises_is_the_error_of_each_key() -> None:
    results = batch(failing).run(Memory(), NONE, ["a", None], [])
    assert [(key, str(error)) for key, error in results.items()] == [("a", "all of them"), (None, "all of them")]


def test_what_is_to_be_tried_again_is_raised() -> None:
    with pytest.raises(TryAgain, match="not now"):
        batch(away).run(Memory(), NONE, ["a"], [])


def test_the_models_that_a_batch_function_is_declared_to_read() -> None:
    join = SharedLoads(CATALOG).join(AUTHOR, "books", None)
    assert batch(lengths, (join, ("title",))).models == (BookRow,)
    assert batch(lengths).models == ()


def test_requests_are_equal_by_what_identifies_them() -> None:
    """Arguments as Strawberry makes them may not compare."""
    one, same, other = BatchRequest({"x": object()}, 1), BatchRequest({"x": object()}, 1), BatchRequest({}, 2)
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != 1


@pytest.mark.parametrize(
    ("load", "title", "shown"),
    [
        (rows_of("Author"), "rows of Author by id", "<RowsByKey Author by id>"),
        (rows_of("Chapter"), "rows of Chapter by book_id, number", "<RowsByKey Chapter by book_id, number>"),
        (FormerRows(WORK, CATALOG.policies, ("id",)), "statement: Work as it was, by id", "<FormerRows Work as it was, by id>"),
        (batch(lengths), "function of Author.length", "<Batch Author.length>"),
    ],
    ids=repr,
)  # fmt: skip
def test_what_a_load_is_called(load: Any, title: str, shown: str) -> None:
    assert (load.title, repr(load)) == (title, shown)


def test_a_load_reads_rows_of_its_model() -> None:
    assert [rows_of(name).models for name in ("Author", "Work", "Film")] == [(AuthorRow,), (WorkRow,), (FilmRow,)]
