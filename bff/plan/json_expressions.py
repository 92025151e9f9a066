"""SQL expressions whose values are JSON as text: objects, arrays, global ids, and what they are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import BigInteger, Select, Text, cast, func, inspect, literal_column, select
from sqlalchemy.sql.visitors import replacement_traverse

from ..columns.to_json import Piece, joined, text
from ..entities.entity import Entity


def json_object(pairs: Iterable[tuple[str, list[Piece]]]) -> list[Piece]:
    """The JSON object of these keys and values."""
    pieces: list[Piece] = ["{"]
    for i, (key, value) in enumerate(pairs):
        pieces += [f'{"," if i else ""}"{key}":', *value]
    return [*pieces, "}"]


def json_array(items: Any) -> Any:
    return func.coalesce(text("[") + items + text("]"), text("[]"))


def evaluated_once(expression: Any, alias: Any, write: Callable[[Any], list[Piece]]) -> list[Piece]:
    """What is written of an expression over an alias, which may be costly or volatile, and is named several times."""
    # Without OFFSET, PostgreSQL would put the expression wherever it is named.
    once = select(_correlated(expression.label("v"), alias)).offset(number(0)).correlate_except(None).subquery()
    return [select(joined(write(once.c.v))).select_from(once).correlate_except(None).scalar_subquery()]


def _correlated(expression: Any, alias: Any) -> Any:
    """An expression over an alias, which names the alias's row however deep it is written.

    SQLAlchemy correlates a subquery with the SELECT right around it and with none further out; so what it would find
    there is said.
    """
    outer = inspect(alias).selectable._from_objects

    def correlate(element: Any, **_: Any) -> Any:
        if not isinstance(element, Select):
            return None
        # A subquery over nothing but one table reads the whole of it, as SQLAlchemy has it.
        if element._auto_correlate and len(element.get_final_froms()) > 1:
            return element.correlate(*outer)
        return element

    return replacement_traverse(expression, {}, correlate)


def boolean_text(value: bool) -> str:
    return "true" if value else "false"


def number(value: int) -> Any:
    return literal_column(str(value), BigInteger())


def global_id(entity: Entity, key: list[Any]) -> list[Piece]:
    parts: list[Piece] = [f"{entity.name}:"]
    for i, expression in enumerate(key):
        part: Any = cast(expression, Text())
        if len(key) > 1:
            part = func.replace(func.replace(part, text("%"), text("%25")), text(","), text("%2C"))
        parts += [",", part] if i else [part]
    return [cast(func.to_json(cast(joined(parts), Text())), Text())]
