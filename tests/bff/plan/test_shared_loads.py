"""Loads of one plan: places that read the same share one, and others do not."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import parse

import bff
from bff.entities.entity import Entity
from bff.entities.order import Ordering
from bff.entities.specs import Batched, Collection, Related
from bff.plan.plan import compile_plan
from bff.plan.shared_loads import SharedLoads
from bff.schema.catalog import Catalog
from tests.bff.plan.authors import SCHEMA

CATALOG = Catalog.of(SCHEMA._schema)


def entity(name: str) -> Entity:
    found = CATALOG.named(name)
    assert found is not None
    return found


AUTHOR, BOOK, FILM, PROFILE = map(entity, ("Author", "Book", "Film", "Profile"))
UP, DOWN = (Ordering("id", False),), (Ordering("id", True),)


@pytest.fixture
def loads() -> SharedLoads:
    return SharedLoads(CATALOG)


def test_what_reads_the_same_is_one_load(loads: SharedLoads) -> None:
    join = loads.join(AUTHOR, "students", AUTHOR)
    assert loads.rows_by_key(AUTHOR) is loads.rows_by_key(AUTHOR)
    assert loads.join(AUTHOR, "students", AUTHOR) is join
    assert loads.list_by_parent("a", join, UP, 10) is loads.list_by_parent("b", join, UP, 10)
    assert loads.aggregates("a", join) is loads.aggregates("b", join)
    assert loads.root_list("a", AUTHOR, Collection()) is loads.root_list("b", AUTHOR, Collection())
    roots = loads.root_list("a", AUTHOR, Collection())
    assert loads.counts(roots) is loads.counts(roots)
    assert len(list(loads)) == 5


def test_what_reads_something_else_is_another(loads: SharedLoads) -> None:
    join = loads.join(AUTHOR, "students", AUTHOR)
    lists = [
        loads.list_by_parent("a", join, UP, 10),
        loads.list_by_parent("a", join, DOWN, 10),
        loads.list_by_parent("a", join, UP, 11),
        loads.list_by_parent("a", loads.join(AUTHOR, "books", BOOK), UP, 10),
        loads.root_list("a", AUTHOR, Collection()),
        loads.root_list("a", AUTHOR, Collection(bound=5)),
        loads.rows_by_key(AUTHOR),
        loads.rows_by_key(BOOK),
        loads.former_rows(AUTHOR, ("id",)),
    ]
    assert len(set(lists)) == len(lists)
    # Rows of any type, and rows of one.
    assert loads.join(AUTHOR, "students", None) is not join


def test_loads_come_in_the_order_in_which_they_were_asked_for(loads: SharedLoads) -> None:
    asked: list[Any] = [loads.rows_by_key(BOOK), loads.rows_by_key(AUTHOR), loads.rows_by_key(BOOK)]
    assert list(loads) == asked[:2]


def names(keys: list[Any], scope: bff.Scope) -> list[Any]:
    return keys


def test_a_batch_function_is_shared_by_all_types_unless_it_says_what_it_reads(loads: SharedLoads) -> None:
    """What is read for a key depends on whose key it is."""
    unknown = Batched(names, ("id",))
    assert loads.batch("a", FILM, unknown) is loads.batch("b", PROFILE, unknown)
    assert loads.batch("a", FILM, Batched(names, ("title",))) is loads.batch("a", FILM, unknown)
    reading = Batched(names, ("id",), Related.parse(["author.name"]))
    film, profile = loads.batch("a", FILM, reading), loads.batch("a", PROFILE, reading)
    assert film is loads.batch("b", FILM, reading)
    assert film is not profile
    assert [(join.relationship.key, columns) for join, columns in film.reads or ()] == [("author", ("name",))]
    assert loads.batch("a", FILM, Batched(names, ("id",), ())).reads == ()


def test_a_relationship_that_is_not_mapped(loads: SharedLoads) -> None:
    with pytest.raises(bff.DeclarationError, match="Author: AuthorRow maps no relationship 'friends'"):
        loads.join(AUTHOR, "friends", None)


def test_all_users_of_a_page_are_one_load_with_all_their_columns() -> None:
    text = '{ a: author(id: "1") { name mentor { motto } } b: author(id: "2") { students { mentor { id } } } }'
    loads = compile_plan(SCHEMA._schema, parse(text), strategy="rounds").whole().loads
    assert [repr(each) for each in loads] == ["<RowsByKey Author by id>", "<ListByParent Author.students>"]
    assert loads[0].columns == ["name", "mentor_id", "motto"]  # type: ignore[attr-defined]
