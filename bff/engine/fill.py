"""Fills the placeholders in regions' JSON (see `bff.plan.placeholders`), for all texts of a field at once.

What goes wrong with a placeholder, whatever it is, makes its text irregular: the field is then answered in rounds, which give the
error its place. Batch functions are asked through the rounds, so that they are called no more for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from graphql import Undefined
from graphql.pyutils import is_iterable

from ..columns.to_json import IRREGULAR
from ..errors import TryAgain
from ..json_text import Json, encode
from ..plan.placeholders import Cut, Placeholder
from ..plan.region import RegionRequest
from ..plan.steps import CallBatch, CallResolver, FieldPlan, ReadColumn
from .arguments import Arguments
from .context import ExecutionContext
from .loading import Loading
from .row_proxy import ColumnProxy

Deliver = Callable[[list[Json | None]], None]
"""Is called with the JSON of each text, None for those that are irregular."""


class Fill:
    """Fills the placeholders of one execution."""

    def __init__(self, context: ExecutionContext, arguments: Arguments, loading: Loading) -> None:
        self._context, self._arguments, self._loading = context, arguments, loading

    def fill(self, region: RegionRequest, texts: Sequence[str], hand_over: Deliver) -> None:
        """Fill the placeholders of a region's texts, now or when the batch functions that they need have run."""

        def deliver(values: list[Json | None]) -> None:
            region.region.failed(None in values)
            hand_over(values)

        if not region.region.placeholders:
            deliver([None if IRREGULAR in text else Json(text) for text in texts])
            return
        cuts = [None if IRREGULAR in text else Cut.of(text) for text in texts]

        def deliver_filled() -> None:
            deliver([None if cut is None else Json("".join(cut.pieces)) for cut in cuts])

        places: dict[int, list[tuple[int, int, str]]] = {}
        for i, cut in enumerate(cuts):
            for position, number, columns in () if cut is None else cut.placeholders:
                places.setdefault(number, []).append((i, position, columns))
        waiting = set(places)

        def filled(number: int, values: Sequence[str | None]) -> None:
            for (i, position, _), value in zip(places[number], values, strict=True):
                cut = cuts[i]
                if value is None:
                    cuts[i] = None
                elif cut is not None:
                    cut.pieces[position] = value
            waiting.remove(number)
            if not waiting:
                deliver_filled()

        if not places:
            deliver_filled()
        for number, found in places.items():
            self._fill(region, number, [columns for *_, columns in found], partial(filled, number))

    def _fill(
        self, region: RegionRequest, number: int, columns: list[str], filled: Callable[[Sequence[str | None]], None]
    ) -> None:
        """Find the JSON for each placeholder of one field, None where there is none, given the columns in it."""
        placeholder = region.region.placeholders[number]
        field = placeholder.field
        match field.step:
            case ReadColumn():
                filled([_json(field, _first(placeholder, each)) for each in columns])
            case CallResolver():
                resolved = self._resolver(placeholder)
                filled([_json(field, resolved(each)) for each in columns])
            case CallBatch():
                self._batch(placeholder, field.step, columns, filled)
            case _:
                codec = region.codecs[field]
                filled([f'"{codec.sign(each.encode())}"' for each in columns])

    def _resolver(self, placeholder: Placeholder) -> Callable[[str], Any]:
        """A function from the columns in a placeholder to the resolver's value, or the exception that it raises."""
        field = placeholder.field
        arguments = self._arguments.of(field)
        resolve = field.definition.resolve or self._context.resolvers.field_resolver
        # The path is that of the field, not of an object: a resolver that takes `info` leaves no placeholder.
        info = self._context.info(field, (None, field.key, field))

        def resolved(columns: str) -> Any:
            if isinstance(arguments, Exception):
                return arguments
            try:
                record = ColumnProxy(
                    field.parent.type.name, dict(zip(placeholder.names, placeholder.values(columns), strict=True))
                )
                return resolve(record, info, **arguments)
            except TryAgain:
                raise
            except Exception as error:
                return error

        return resolved

    def _batch(
        self,
        placeholder: Placeholder,
        step: CallBatch,
        columns: list[str],
        filled: Callable[[Sequence[str | None]], None],
    ) -> None:
        field = placeholder.field
        request = self._arguments.of_batch(field, step)
        try:
            rows = [placeholder.values(each) for each in columns]
        except Exception as error:
            request = error
        if isinstance(request, Exception):
            filled([None] * len(columns))
            return
        keys = [row[0] if len(row) == 1 else tuple(row) for row in rows]
        self._loading.need(step.load, request, keys, lambda values: filled([_json(field, value) for value in values]))


def _first(placeholder: Placeholder, columns: str) -> Any:
    try:
        return placeholder.values(columns)[0]
    except Exception as error:
        return error


def _json(field: FieldPlan, value: Any) -> str | None:
    """The JSON of a leaf's value; None when it is an error."""
    try:
        return encode(_completed(field, value, 0)).decode()
    except Exception:
        # Whatever a serializer or the encoder raises: rounds raise it again, at its place, and name it there.
        return None


def _completed(field: FieldPlan, value: Any, level: int) -> Any:
    """The value of one list level, serialized. Raises whatever makes it an error."""
    if isinstance(value, Exception):
        raise value
    if value is None or value is Undefined:
        if field.non_null[level]:
            raise TypeError("null is forbidden")
        return None
    if level + 1 == len(field.non_null):
        return field.serialize(value)
    if not is_iterable(value):
        raise TypeError("no list")
    return [_completed(field, each, level + 1) for each in value]
