"""Pages of connections while they are executed: their rows, cursors and `PageInfo`."""

from __future__ import annotations

from typing import Any

import pytest

from bff.entities.arguments import ListArguments
from bff.entities.cursors import CursorCodec
from bff.entities.entity import entity_of
from bff.entities.order import Ordering
from bff.entities.page import ListRequest, Page
from tests.bff.entities.ships import Sailor

ORDER = (Ordering("name", descending=False), Ordering("id", descending=False))
SAILOR: Any = entity_of(Sailor)
CODEC = CursorCodec(b"secret", SAILOR, ORDER, ())
ROWS = [("ann", "a", "1"), ("bob", "b", "2"), ("cy", "c", "3")]
"""One column, then the values of the order as text."""


def page(rows: list[Any], **asked: Any) -> Page:
    """The page of so many rows, of which one more was read if there is one."""
    arguments = ListArguments(ORDER, **asked)
    limit = 2 if (size := asked.get("first", asked.get("last"))) is None else size
    return Page.of(rows, "key", ListRequest(arguments, limit, "Query.sailors", CODEC, None, None), 1)


def cursor(row: tuple[str, str, str]) -> str:
    return CODEC.encode(row[1:])


def test_rows_beyond_the_page_only_tell_that_there_are_more() -> None:
    whole, part = page(ROWS[:2]), page(ROWS)
    assert list(whole.rows) == list(part.rows) == ROWS[:2]
    assert (whole.page_info.has_next_page, part.page_info.has_next_page) == (False, True)


def test_rows_that_were_read_from_the_end_are_turned_round() -> None:
    found = page(ROWS[::-1], last=2)
    assert list(found.rows) == [ROWS[1], ROWS[2]]
    assert found.page_info.has_previous_page is True


def test_each_edge_has_the_cursor_of_its_own_row() -> None:
    found = page(ROWS, first=2)
    assert [(edge.row, edge.cursor) for edge in found.edges] == [(row, cursor(row)) for row in ROWS[:2]]
    info = found.page_info
    assert (info.start_cursor, info.end_cursor) == (cursor(ROWS[0]), cursor(ROWS[1]))
    assert CODEC.decode(cursor(ROWS[0]), what="it") == ("a", "1")


@pytest.mark.parametrize(
    ("asked", "after", "before"),
    [
        ({"first": 2}, False, True),
        ({"first": 2, "after": "x"}, True, True),
        ({"first": 3, "after": "x"}, True, False),
        ({"last": 2}, True, False),
        ({"last": 2, "before": "x"}, True, True),
        ({"last": 3}, False, False),
        ({"first": 2, "before": "x"}, False, True),
        ({"last": 2, "after": "x"}, True, False),
    ],
)
def test_what_lies_beside_a_page(asked: dict[str, Any], after: bool, before: bool) -> None:
    """Exact in the direction of paging; in the other one it is whether a cursor was given."""
    info = page(ROWS, **asked).page_info
    assert (info.has_previous_page, info.has_next_page) == (after, before)


def test_an_empty_page_has_no_cursors() -> None:
    info = page([], first=2, after="x").page_info
    assert (info.start_cursor, info.end_cursor, info.has_next_page, info.has_previous_page) == (None, None, False, True)
    assert page(ROWS, first=0).page_info.has_next_page is True
