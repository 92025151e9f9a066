"""What a list is asked, and a page of a connection while it is executed: rows, and what `PageInfo` and cursors need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .arguments import ListArguments
from .connection import PageInfo
from .cursors import CursorCodec, Keyset


@dataclass(frozen=True)
class ListRequest:
    """What a list is asked for: `limit` rows per parent, cursors decoded; `codec` only for connections."""

    arguments: ListArguments
    limit: int
    what: str
    codec: CursorCodec | None
    after: Keyset | None
    before: Keyset | None


@dataclass(frozen=True, eq=False)
class Page:
    """`rows` in the order of the list; the ordering columns of a row begin at `order_slot`."""

    rows: Sequence[Any]
    key: Any
    arguments: ListArguments
    codec: CursorCodec
    order_slot: int
    has_more: bool

    @classmethod
    def of(cls, rows: Sequence[Any], key: Any, request: ListRequest, order_slot: int) -> Page:
        """The page of a connection, of rows in the order in which they were read; one more than it holds may be among them."""
        assert request.codec is not None
        has_more = len(rows) > request.limit
        rows = rows[: request.limit]
        if request.arguments.last is not None:
            rows = rows[::-1]
        return cls(rows, key, request.arguments, request.codec, order_slot, has_more)

    @property
    def edges(self) -> list[PageEdge]:
        return [PageEdge(self, row) for row in self.rows]

    @property
    def page_info(self) -> PageInfo:
        backward = self.arguments.last is not None
        return PageInfo(
            has_next_page=self.arguments.before is not None if backward else self.has_more,
            has_previous_page=self.has_more if backward else self.arguments.after is not None,
            start_cursor=self.cursor(self.rows[0]) if self.rows else None,
            end_cursor=self.cursor(self.rows[-1]) if self.rows else None,
        )

    def cursor(self, row: Any) -> str:
        """The cursor of one of the page's rows."""
        return self.codec.encode(tuple(row[self.order_slot : self.order_slot + len(self.arguments.order)]))


@dataclass(frozen=True, eq=False)
class PageEdge:
    """One row of a page with its cursor."""

    page: Page
    row: Any

    @property
    def cursor(self) -> str:
        return self.page.cursor(self.row)
