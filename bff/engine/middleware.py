"""Middleware around every field, as graphql-core and Strawberry's extensions have it, in an engine that loads in batches.

A field that a resolver resolves is wrapped as in graphql-core: `next(root, info, **arguments)` calls the resolver. What is
loaded for many objects at once (columns, relations, batches) is loaded first; then the middleware is called for each object,
and its `next` gives what was loaded, or raises what went wrong, whatever it is called with. So a middleware can look at
each field, refuse it, or give another value; it cannot keep a batch from being loaded.

Rows are `RowProxy` objects to a middleware. Where a field's objects are rows, or parts of a page, it may give none, or
fewer, or in another order; others than this field loaded for this object are an error of the field. An event that is not
for the viewer, and arguments that do not fit, are not shown to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from graphql import MiddlewareManager
from graphql.execution.middleware import get_middleware_resolvers
from graphql.pyutils import is_iterable

from ..errors import NotVisible, TryAgain
from ..plan.loads import Rows
from ..plan.steps import CallBatch, FieldPlan, ReadAttribute
from .arguments import Arguments
from .completion import Typed
from .context import ExecutionContext
from .level import Level
from .row_proxy import RowProxy


class FieldMiddleware:
    """Applies the middleware of one execution to values that were loaded."""

    def __init__(self, context: ExecutionContext, arguments: Arguments, manager: MiddlewareManager) -> None:
        self._context, self._arguments = context, arguments
        self._loaded: Any = None
        # One for all fields, which is told what it gives before each call. The manager would keep it for ever.
        chain: Callable[..., Any] = self._next
        for wrap in get_middleware_resolvers(manager.middlewares):
            chain = partial(wrap, chain)
        self._chain = chain

    def apply(self, field: FieldPlan, level: Level, values: Sequence[Any]) -> list[Any]:
        """What the middleware makes of loaded values; its exceptions are values, too."""
        arguments = self._arguments.of(field)
        if isinstance(arguments, Exception):
            return list(values)
        # Other objects than these are loaded, or read by attributes.
        is_free = field.is_leaf or isinstance(field.step, ReadAttribute | CallBatch)
        found: list[Any] = []
        for source, path, value in zip(level.sources, level.paths, values, strict=True):
            if isinstance(value, NotVisible):
                found.append(value)
                continue
            self._loaded = shown = value if field.rows is None else _shown(value, field.rows)
            info = self._context.info(field, (path, field.key, field))
            try:
                given = self._chain(_parent(source, field.parent.rows), info, **arguments)
                found.append(given if is_free else _taken(given, shown, value, field.name))
            except TryAgain:
                raise
            except Exception as error:  # noqa: BLE001  # whatever it raises is the field's error
                found.append(error)
        return found

    def _next(self, _source: Any, _info: Any, **_arguments: Any) -> Any:
        if isinstance(self._loaded, Exception):
            raise self._loaded
        return self._loaded


def _parent(source: Any, rows: Rows | None) -> Any:
    return source if rows is None else RowProxy(rows, rows.entity, source)


def _shown(value: Any, rows: Rows) -> Any:
    """Rows as objects; what is no row, a page for instance, as it is."""
    match value:
        case Typed(entity=entity, row=row):
            return RowProxy(rows, entity, row)
        case tuple():
            return RowProxy(rows, rows.entity, value)
        case list():
            return [RowProxy(rows, rows.entity, row) for row in value]
    return value


def _taken(given: Any, shown: Any, loaded: Any, name: str) -> Any:
    """What was loaded and shown, as far as the middleware gave it. Raises TypeError for all else."""
    if given is None or isinstance(given, Exception):
        return given
    if isinstance(shown, list):
        if is_iterable(given):
            rows = {id(each): row for each, row in zip(shown, loaded, strict=True)} | {id(None): None}
            items = list(given)
            if all(id(each) in rows for each in items):
                return [rows[id(each)] for each in items]
    elif given is shown:
        return loaded
    raise TypeError(f"middleware gave {type(given).__name__} for {name}, which is not what was loaded for it")
