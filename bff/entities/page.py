"""What a list is asked, and a page of a connection while it is executed: rows, and what `PageInfo` and cursors need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .arguments import ListArguments
from .connection import PageInfo
from .cursors import CursorCodec, Place


@dataclass(frozen=True)
class ListAsked:
    """What a list load is asked: `limit` rows a parent, cursors decoded; `codec` only for connections."""

    arguments: ListArguments
    limit: int
    what: str
    codec: CursorCodec | None
    after: Place | None
    before: Place | None


@dataclass(frozen=True, eq=False)
class Page:
    """`rows` in the order of the list; the ordering columns of a row begin at `order_slot`."""

    rows: Sequence[Any]
    key: Any
    asked: ListArguments
    codec: CursorCodec
    order_slot: int
    has_more: bool

    @property
    def edges(self) -> list[PageEdge]:
        return [PageEdge(self, row) for row in self.rows]

    @property
    def page_info(self) -> PageInfo:
        backward = self.asked.last is not None
        return PageInfo(
            has_next_page=self.asked.before is not None if backward else self.has_more,
            has_previous_page=self.has_more if backward else self.asked.after is not None,
            start_cursor=self.cursor(self.rows[0]) if self.rows else None,
            end_cursor=self.cursor(self.rows[-1]) if self.rows else None,
        )

    def cursor(self, row: Any) -> str:
        """The cursor of one of the page's rows."""
        return self.codec.encode(tuple(row[self.order_slot : self.order_slot + len(self.asked.order)]))


@dataclass(frozen=True, eq=False)
class PageEdge:
    """One row of a page with its cursor."""

    page: Page
    row: Any

    @property
    def cursor(self) -> str:
        return self.page.cursor(self.row)
