"""The statements of rounds: their shape, and that nothing else of a request changes their text."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bff.entities import filters
from bff.entities.arguments import ListArguments
from bff.entities.cursors import Keyset
from bff.entities.entity import Entity
from bff.entities.filters import All, Condition, Not, Some
from bff.entities.order import Ordering
from bff.entities.specs import Aggregate
from bff.schema.catalog import Catalog
from bff.sql.join import Join
from bff.sql.select import (
    ListShape,
    aggregates_by_parent,
    attributes,
    collection,
    collection_count,
    counts_by_parent,
    former_rows,
    key_parameters,
    list_parameters,
    lists_by_parent,
    nothing,
    rows_by_key,
)
from bff.sql.statement import Statement
from tests.bff.plan.authors import SCHEMA

CATALOG = Catalog.of(SCHEMA._schema)


def entity(name: str) -> Entity:
    found = CATALOG.named(name)
    assert found is not None
    return found


AUTHOR, BOOK, CHAPTER = entity("Author"), entity("Book"), entity("Chapter")
ORDER = (Ordering("name", descending=True), Ordering("id", descending=False))


def join(owner: Entity, relationship: str, target: Entity) -> Join:
    found = owner.relationship(relationship)
    assert found is not None
    return Join(owner, found, target)


STUDENTS = join(AUTHOR, "students", AUTHOR)


def where(attribute: str, operator: str, value: Any) -> Condition:
    return filters.Test(attribute, operator, value)


def parameters(statement: Statement) -> set[str]:
    """The names of what comes with each execution, but for the viewer's."""
    return set(re.findall(r"%\((\w+)\)s", statement.sql)) - set(statement.viewer)


def students(asked: ListArguments, after: Keyset | None = None, before: Keyset | None = None) -> Statement:
    shape = ListShape.of(asked, after, before, keysets=False)
    return lists_by_parent(STUDENTS, CATALOG.policies, attributes(AUTHOR, ["name"]), shape, asked.condition)


def test_rows_by_a_key_of_one_column() -> None:
    found = rows_by_key(AUTHOR, CATALOG.policies, (*attributes(AUTHOR, ["name"]), nothing))
    assert (found.key_width, parameters(found), list(found.viewer.values())) == (1, {"k0"}, ["tenant"])
    assert re.search(r"SELECT (\w+)\.id AS k0, \1\.name AS c0, NULL::text AS c1 \nFROM authors AS \1 \n", found.sql)
    assert "id = ANY (%(k0)s" in found.sql


def test_rows_by_a_key_of_several_columns() -> None:
    found = rows_by_key(CHAPTER, CATALOG.policies, attributes(CHAPTER, ["title"]))
    assert (found.key_width, parameters(found)) == (2, {"k0", "k1"})
    assert "unnest(%(k0)s" in found.sql


def test_rows_that_may_be_gone_are_read_from_no_table() -> None:
    """Their values come as text, of which the policy is asked."""
    found = former_rows(AUTHOR, CATALOG.policies, ("id", "tenant"))
    assert (found.key_width, parameters(found)) == (2, {"k0", "k1"})
    assert "authors" not in found.sql
    assert found.sql.count("TEXT[]") == 2


def test_lists_are_limited_for_each_parent() -> None:
    found = students(ListArguments(ORDER))
    assert parameters(found) == {"k0", "limit_"}
    lateral = found.sql[found.sql.index("JOIN LATERAL") :]
    assert re.search(r"ORDER BY \w+\.name DESC, \w+\.id ASC\s+LIMIT %\(limit_\)s", lateral)
    assert "mentor_id" in lateral
    assert list(found.viewer.values()) == ["tenant"]


def test_a_list_of_which_nothing_is_read_has_a_length() -> None:
    found = collection(BOOK, CATALOG.policies, (), ListShape((Ordering("id", False),)), None, None)
    assert found.sql.startswith("SELECT NULL AS nothing")


def test_keysets_stand_behind_the_columns_as_text() -> None:
    shape = ListShape(ORDER, keysets=True)
    found = collection(AUTHOR, CATALOG.policies, attributes(AUTHOR, ["motto"]), shape, None, None)
    head = found.sql.partition("FROM")[0]
    assert re.search(r"motto AS c0, CAST\(\w+\.name AS TEXT\) AS o0, CAST\(\w+\.id AS TEXT\) AS o1", head)


def test_from_the_end_the_order_is_turned_round() -> None:
    assert re.search(r"ORDER BY \w+\.name ASC, \w+\.id DESC", students(ListArguments(ORDER, last=5)).sql)


CONDITIONS: list[Condition] = [
    where("name", "eq", "x"),
    where("name", "in", ("a", "b")),
    where("motto", "is_null", True),
    where("motto", "is_null", False),
    where("motto", "contains", "x"),
    Not(where("id", "gt", 5)),
    All(()),
    Some(()),
    All((where("id", "gt", 1), Some((where("name", "eq", "x"), Not(All((where("id", "lt", 9), where("motto", "is_null", True)))))))),
]  # fmt: skip


@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
def test_the_values_of_a_filter_are_parameters_in_every_statement(condition: Condition) -> None:
    asked = ListArguments(ORDER, condition)
    given = set(list_parameters(asked, None, None))
    shape = ListShape.of(asked, None, None, keysets=False)
    policies = CATALOG.policies
    assert parameters(students(asked)) == given | {"k0", "limit_"}
    assert parameters(counts_by_parent(STUDENTS, policies, condition)) == given | {"k0"}
    assert parameters(collection(AUTHOR, policies, (), shape, condition, None)) == given | {"limit_"}
    assert parameters(collection_count(AUTHOR, policies, condition, None)) == given


def other(condition: Condition) -> Condition:
    """The same tests of other values."""
    match condition:
        case All(conditions=inner):
            return All(tuple(map(other, inner)))
        case Some(conditions=inner):
            return Some(tuple(map(other, inner)))
        case Not(condition=one):
            return Not(other(one))
        case filters.Test(attribute=attribute, operator=operator, value=value):
            changed = {bool: value, int: 77, str: "other", tuple: ("c",)}[type(value)]
            return where(attribute, operator, changed)


def text_without_names(statement: Statement) -> str:
    """Aliases are numbered by SQLAlchemy, in the order in which they were made."""
    return re.sub(r"authors_\d+", "authors_n", statement.sql)


@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
def test_values_change_no_text(condition: Condition) -> None:
    one, two = (ListArguments(ORDER, each) for each in (condition, other(condition)))
    shapes = [ListShape.of(each, None, None, keysets=False) for each in (one, two)]
    assert shapes[0] == shapes[1]
    assert hash(shapes[0]) == hash(shapes[1])
    assert text_without_names(students(one)) == text_without_names(students(two))


def test_conditions_of_other_shapes_are_told_apart() -> None:
    shapes = {ListShape.of(ListArguments(ORDER, each), None, None, keysets=False) for each in [None, *CONDITIONS]}
    assert len(shapes) == len(CONDITIONS) + 1
    texts = {text_without_names(students(ListArguments(ORDER, each))) for each in CONDITIONS}
    assert len(texts) == len(CONDITIONS)


@pytest.mark.parametrize(("after", "before"), [(("x", "1"), None), (None, ("x", "1")), ((None, "1"), ("x", "1"))])
def test_cursors_are_parameters_but_for_null(after: Keyset | None, before: Keyset | None) -> None:
    """Whose place in the order is another text."""
    asked = ListArguments(ORDER)
    found = students(asked, after, before)
    given = list_parameters(asked, after, before)
    assert parameters(found) == set(given) | {"k0", "limit_"}
    assert None not in given.values()
    shape = ListShape.of(asked, after, before, keysets=False)
    assert shape == ListShape.of(asked, after and (after[0] and "other", "2"), before and ("y", "2"), keysets=False)
    assert shape != ListShape.of(asked, None, None, keysets=False)


def test_parameters_of_several_lists_have_names_of_their_own() -> None:
    asked = ListArguments(ORDER, where("name", "in", ("a",)))
    assert list_parameters(asked, ("x", None), ("y", "1"), prefix="r0_") == {
        "r0_a0": "x", "r0_b0": "y", "r0_b1": "1", "r0_f0": ["a"],
    }  # fmt: skip


def test_all_aggregates_of_a_relationship_are_one_statement() -> None:
    """One by one under conditions of their own; sums of integers have room, and are 0 for no rows."""
    counts = Aggregate("students", "count", None, lambda author: author.id > 3)
    found = aggregates_by_parent(STUDENTS, CATALOG.policies, (counts, Aggregate("students", "total", "id")))
    assert (found.key_width, parameters(found)) == (1, {"k0"})
    assert re.search(r"count\(\*\) FILTER \(WHERE \w+\.id > 3\) AS c0", found.sql)
    assert re.search(r"CAST\(coalesce\(sum\(\w+\.id\), 0\) AS BIGINT\) AS c1", found.sql)
    assert found.sql.rstrip().endswith("GROUP BY k.k0")


def test_keys_are_arrays_by_part() -> None:
    assert key_parameters([(1, "a"), (2, None)], 2) == {"k0": [1, 2], "k1": ["a", None]}
    assert key_parameters([], 2) == {"k0": [], "k1": []}


def test_over_a_secondary_table_its_pairs_are_in_the_condition() -> None:
    found = lists_by_parent(
        join(AUTHOR, "books", BOOK),
        CATALOG.policies,
        attributes(BOOK, ["title"]),
        ListShape((Ordering("id", False),)),
        None,
    )
    assert "wrote" in found.sql
    # Books are public, and so is nothing asked of the viewer.
    assert found.viewer == {}
