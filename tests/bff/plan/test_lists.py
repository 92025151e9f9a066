"""Loads of lists and counts, run over a source in memory."""

from __future__ import annotations

from typing import Any

import pytest

from bff.entities import filters
from bff.entities.arguments import ListArguments
from bff.entities.cursors import CursorCodec
from bff.entities.entity import Entity
from bff.entities.order import Ordering
from bff.entities.page import ListRequest, Page
from bff.entities.specs import Collection
from bff.errors import BffError
from bff.plan.lists import Counts, ListByParent, RootList
from bff.plan.loads import Rows
from bff.plan.shared_loads import SharedLoads
from bff.schema.catalog import Catalog
from tests.bff.plan.authors import SCHEMA, AuthorRow, FilmRow
from tests.bff.plan.memory import Memory, Written

CATALOG = Catalog.of(SCHEMA._schema)
ORDER = (Ordering("name", False), Ordering("id", False))
NAMED = filters.Test("name", "eq", "x")


def entity(name: str) -> Entity:
    found = CATALOG.named(name)
    assert found is not None
    return found


AUTHOR = entity("Author")
CODEC = CursorCodec(b"secret", AUTHOR, ORDER, ())


def by_parent(bound: int = 3) -> ListByParent:
    loads = SharedLoads(CATALOG)
    load = loads.list_by_parent("Author.students", loads.join(AUTHOR, "students", AUTHOR), ORDER, bound)
    load.slot("name")
    return load


def at_root(bound: int = 3) -> RootList:
    load = SharedLoads(CATALOG).root_list("Query.authors", AUTHOR, Collection(order=("name",), bound=bound))
    load.slot("name")
    return load


def request(limit: int = 3, codec: CursorCodec | None = None, after: Any = None, **asked: Any) -> ListRequest:
    return ListRequest(ListArguments(ORDER, **asked), limit, "Author.students", codec, after, None)


# The rows of three parents: two, none, and four.
ROWS = [(1, "ann"), (1, "bob"), (3, "cy"), (3, "dee"), (3, "eve"), (3, "fay")]


def test_each_parent_has_a_list_in_the_order_of_its_rows() -> None:
    source = Memory(ROWS)
    assert by_parent().run(source, request(), [1, 2], []) == {1: ROWS[:2], 2: []}
    [(_, keys, parameters)] = source.asked
    # One more than may come, which tells that there are too many.
    assert (keys, parameters) == ([1, 2], {"limit_": 4})


def test_a_list_beyond_its_bound_is_an_error_of_its_own() -> None:
    results = by_parent().run(Memory(ROWS), request(), [1, 3], [])
    assert results[1] == ROWS[:2]
    assert isinstance(results[3], BffError)
    assert "Author.students holds more than 3 rows" in str(results[3])


def test_as_many_as_were_asked_for_are_never_too_many() -> None:
    assert by_parent().run(Memory(ROWS), request(2, first=2), [1, 3], []) == {1: ROWS[:2], 3: ROWS[2:4]}


def test_a_connection_has_pages() -> None:
    load = by_parent()
    pages = load.run(Memory([(1, "ann", "ann", "1"), (1, "bob", "bob", "2")]), request(1, CODEC, first=1), [1, 2], [])
    assert all(isinstance(each, Page) for each in pages.values())
    assert [(page.key, list(page.rows), page.has_more) for page in pages.values()] == [
        (1, [(1, "ann", "ann", "1")], True),
        (2, [], False),
    ]
    # Its place stands behind the columns.
    assert load.order_slot == 2
    assert CODEC.decode(pages[1].page_info.end_cursor, what="it") == ("ann", "1")


def test_what_is_computed_stands_before_the_place() -> None:
    load = by_parent()
    load.computed.append(Written())
    assert (load.computed_slot(load.computed[0]), load.order_slot) == (2, 3)
    source = Memory()
    load.run(source, request(codec=CODEC), [1], [Written("it", {"r0_f0": 1})])
    [(statement, _, parameters)] = source.asked
    assert parameters == {"limit_": 4, "r0_f0": 1}
    # LATERAL names the columns of the inner statement again.
    assert "'it'::text AS c1" in statement.sql
    assert "o0" in statement.sql


def test_values_of_filters_and_cursors_are_parameters_of_one_statement() -> None:
    load, source = by_parent(), Memory()
    for name, place in (("x", ("ann", "1")), ("y", ("bob", "2"))):
        asked = filters.Test("name", "eq", name)
        load.run(source, request(codec=CODEC, after=place, condition=asked), [1], [])
    load.run(source, request(codec=CODEC, after=(None, "1"), condition=NAMED), [1], [])
    [(one, _, given), (same, _, others), (other, _, _)] = source.asked
    assert one is same
    assert one is not other
    assert given == {"limit_": 4, "a0": "ann", "a1": "1", "f0": "x"}
    assert others == {"limit_": 4, "a0": "bob", "a1": "2", "f0": "y"}


def test_a_list_without_a_parent_has_one_key() -> None:
    rows = [("ann",), ("bob",)]
    source = Memory(rows)
    assert at_root().run(source, request(), [()], []) == {(): rows}
    assert at_root(1).run(source, request(1, first=1), [()], []) == {(): rows[:1]}
    assert isinstance(at_root(1).run(source, request(1), [()], [])[()], BffError)


def test_the_condition_of_a_collection_is_in_its_statement() -> None:
    spec = Collection(where=lambda author: author.motto.is_not(None))
    load = SharedLoads(CATALOG).root_list("Query.withMotto", AUTHOR, spec)
    assert "motto IS NOT NULL" in load.text
    assert "motto IS NOT NULL" in Counts(load).text


@pytest.mark.parametrize("condition", [None, NAMED])
def test_counts_by_parent_are_nought_where_there_is_no_row(condition: Any) -> None:
    source = Memory([(1, 7)])
    assert Counts(by_parent()).run(source, ListArguments(ORDER, condition), [1, 2], []) == {1: 7, 2: 0}
    assert source.asked[0][2] == ({} if condition is None else {"f0": "x"})


def test_the_count_of_a_collection() -> None:
    assert Counts(at_root()).run(Memory([(5,)]), ListArguments(ORDER), [()], []) == {(): 5}


def test_a_count_is_one_statement_for_every_page_and_value() -> None:
    load, source = Counts(by_parent()), Memory()
    for asked in (
        ListArguments(ORDER, NAMED, first=1),
        ListArguments(ORDER, filters.Test("name", "eq", "y"), last=2, after="z"),
        ListArguments(ORDER),
    ):
        load.run(source, asked, [1], [])
    [one, same, other] = [statement for statement, *_ in source.asked]
    assert one is same
    assert one is not other


def test_what_lists_are_called() -> None:
    parents, root = by_parent(), at_root()
    assert (parents.title, root.title) == ("lists of Author.students", "list of Query.authors")
    assert Counts(parents).title == "statement: count of Author.students"
    assert parents.models == root.models == Counts(root).models == (AuthorRow,)
    assert isinstance(parents, Rows)


def test_rows_of_a_subclass_are_of_its_own_model() -> None:
    load = SharedLoads(CATALOG).root_list("Query.films", entity("Film"), Collection())
    assert load.models == (FilmRow,)
