"""Placeholders: places in a region's JSON that PostgreSQL leaves to Python.

For a field that needs Python, a leaf whose columns can be read back, PostgreSQL writes a placeholder in its place: the placeholder's
number in the region and these columns, between two characters that JSON does not have. The text is cut at its placeholders,
which are filled, and joined again; nothing else of it is parsed.

    cursor         signed here, so that no secret is in a statement
    batch          one call for the placeholders of all texts, and of whatever else of the operation asks the same
    resolver       one call a placeholder; of those that do not ask where they are (`info`)
    column         of a type or a scalar that is the host's own
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Text, cast, func
from sqlalchemy.dialects.postgresql import array
from strawberry.types.field import StrawberryField

from ..columns.from_text import Parser, parser
from ..columns.scalars import DEFINITION
from ..columns.to_json import Piece
from ..entities.specs import Plain
from ..schema.catalog import spec_of
from .steps import CallBatch, CallResolver, FieldPlan, ReadColumn

EDGE = "\x02"
"""Where a placeholder begins and where it ends; in a string of JSON it would be escaped."""


@dataclass(frozen=True, eq=False)
class Placeholder:
    """What Python fills in for a field: `parsers` read back the `columns` in the placeholder, which the field knows as `names`.

    The field of a cursor's placeholder is the connection; its place in the order is read by nobody.
    """

    field: FieldPlan
    names: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    parsers: tuple[Parser, ...] = ()

    @classmethod
    def of(cls, field: FieldPlan) -> Placeholder | None:
        """The placeholder of a field; None when it cannot be one."""
        slots = _slots(field)
        rows = field.parent.rows
        if slots is None or rows is None or not field.is_leaf:
            return None
        columns = tuple(rows.attribute_at(slot) for slot in slots)
        parsers = [each for name in columns if (each := parser(rows.entity.type_of(name)))]
        if len(parsers) < len(columns):
            return None
        spec = spec_of(field.definition)
        return cls(field, spec.needs if isinstance(spec, Plain) else columns, columns, tuple(parsers))

    def values(self, texts: str) -> list[Any]:
        """The columns in a placeholder. Raises what a parser raises."""
        return [
            None if text is None else parse(text) for text, parse in zip(orjson.loads(texts), self.parsers, strict=True)
        ]


def write_placeholder(number: int, columns: Sequence[Any]) -> list[Piece]:
    """A placeholder as PostgreSQL writes it, with these expressions of text."""
    inside: list[Piece] = [cast(func.array_to_json(array(columns, type_=Text())), Text())] if columns else ["[]"]
    return [f"{EDGE}{number}:", *inside, EDGE]


def _slots(field: FieldPlan) -> tuple[int, ...] | None:
    """Where the columns stand that a field needs of its row; None when it needs more than columns."""
    match field.step:
        case ReadColumn(slot=slot):
            return (slot,)
        case CallBatch(slots=slots):
            return slots
        case CallResolver(rows=rows, owner=owner) if rows is not None and owner is not None:
            spec = spec_of(field.definition)
            if isinstance(spec, Plain) and not asks_where(field.definition.extensions[DEFINITION]):
                return rows.slots(spec.needs, owner)
    return None


def asks_where(definition: StrawberryField) -> bool:
    """Whether code of the host's is told where in the answer it is called: `info` has the path."""
    resolver = definition.base_resolver
    return bool(resolver is None or resolver.info_parameter or definition.extensions or definition.permission_classes)


@dataclass(frozen=True)
class Cut:
    """A text cut at its placeholders: `pieces` are literal at even positions, placeholders at odd ones."""

    pieces: list[str]

    @classmethod
    def of(cls, text: str) -> Cut:
        return cls(text.split(EDGE))

    @property
    def placeholders(self) -> Iterator[tuple[int, int, str]]:
        """Of each placeholder its position, its number in the region, and its columns as JSON."""
        for position in range(1, len(self.pieces), 2):
            number, _, columns = self.pieces[position].partition(":")
            yield position, int(number), columns
