"""Fields of entity types, as declarations.

An annotation named after a mapped column or relationship needs none of these (see `bff.schema.declare`); they are
for the rest: another name, a connection, an aggregate, a Python function.
"""

from __future__ import annotations

import inspect as pyinspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

from strawberry.extensions.field_extension import FieldExtension
from strawberry.permission import BasePermission
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from ..entities.arguments import field_arguments
from ..entities.specs import (
    DEFAULT_BOUND,
    Aggregate,
    Batched,
    Collection,
    Column,
    Event,
    Lookup,
    MatchedBy,
    NodeById,
    Plain,
    Presence,
    Related,
    Relation,
    Spec,
    Where,
)
from ..errors import DeclarationError
from . import resolvers as oracle


class EntityField(StrawberryField):
    """A Strawberry field that carries a `spec`.

    The engine never calls it. When graphql-core executes the schema instead, `get_result` loads through the
    ORM session, one object at a time (see `bff.schema.resolvers`).
    """

    def __init__(self, *args: Any, spec: Spec | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.spec = spec

    @classmethod
    def of(cls, field: StrawberryField, spec: Spec) -> EntityField:
        """The same field, with a spec in the place of a resolver."""
        return cls(
            python_name=getattr(field, "python_name", None),
            graphql_name=field.graphql_name,
            type_annotation=field.type_annotation,
            origin=field.origin,
            description=field.description,
            deprecation_reason=field.deprecation_reason,
            directives=field.directives,
            extensions=field.extensions,
            metadata=field.metadata,
            spec=spec,
        )

    def __copy__(self) -> EntityField:
        copied: EntityField = super().__copy__()
        copied.spec = self.spec
        return copied

    @property
    def is_basic_field(self) -> bool:
        return isinstance(self.spec, Column) and self.spec.attribute == self.python_name

    @property
    def arguments(self) -> list[StrawberryArgument]:
        if self._arguments is None:
            self._arguments = super().arguments if self.base_resolver else field_arguments(self.spec, self.type)
        return self._arguments

    @arguments.setter
    def arguments(self, value: list[StrawberryArgument]) -> None:
        self._arguments = value

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: Any) -> Any:
        if self.base_resolver or self.is_basic_field:
            return super().get_result(source, info, args, kwargs)
        return oracle.resolve(self.spec, self.type, source, info, kwargs)


def make(spec: Spec, **options: Any) -> Any:
    """A field of this spec; typed Any so that `name: int = bff.count(...)` type-checks."""
    return EntityField(spec=spec, **_strawberry_options(options))


def _strawberry_options(options: dict[str, Any]) -> dict[str, Any]:
    known = {"name": "graphql_name", "description": "description", "deprecation_reason": "deprecation_reason"}
    unknown = options.keys() - known.keys()
    if unknown:
        raise DeclarationError(f"unknown options {sorted(unknown)}; a field takes {sorted(known)}")
    return {known[name]: value for name, value in options.items()}


def column(attribute: str, **options: Any) -> Any:
    """A mapped column under another name: `label: str = bff.column("title")`."""
    return make(Column(attribute), **options)


def relation(attribute: str, *, order: Sequence[str] = (), bound: int = DEFAULT_BOUND, **options: Any) -> Any:
    """A mapped relationship under another name, or as a connection.

    `order` lists columns of the target, "-" before a descending one; default: the relationship's own
    `order_by`, then the primary key. `bound` is the most rows a plain list may hold.
    """
    return make(Relation(attribute, tuple(order), bound), **options)


def count(attribute: str, *, where: Where | None = None, **options: Any) -> Any:
    """How many related rows the viewer sees: `open_task_count: int = bff.count("tasks", where=...)`."""
    return make(Aggregate(attribute, "count", None, where), **options)


def total(attribute: str, column: str, *, where: Where | None = None, **options: Any) -> Any:
    """The sum of a column over the related rows the viewer sees; 0 when there are none."""
    return make(Aggregate(attribute, "total", column, where), **options)


def batched(
    function: Callable[..., Sequence[Any]],
    *,
    key: str | Sequence[str],
    reads: Sequence[str] | None = None,
    **options: Any,
) -> Any:
    """A field computed in Python for all objects of a level in one call.

    `function(keys, scope, **arguments)`: `keys` are the distinct values of the columns named in `key` (tuples
    when several), None for NULL; it returns one value or exception a key, in order. Keyword-only parameters after `scope`
    become arguments of the field.

    `reads` promises, for live operations, that of this database the function reads no more for a key than what stands in it and the
    rows behind these relationships of the model, and of the viewer no more than their policies do. `"tasks.status"` is that column
    of all tasks, `"tasks"` any column; `reads=()` promises that it reads nothing. Without it, a change to any table that the
    function's statements name has the operation executed again.
    """
    if isinstance(reads, str):
        raise DeclarationError(f"reads={reads!r} of a batched field is a text; list relationships: reads=[{reads!r}]")
    related = None if reads is None else Related.parse(reads)
    spec = Batched(function, (key,) if isinstance(key, str) else tuple(key), related)
    _check_batch(spec)
    return make(spec, **options)


def _check_batch(spec: Batched) -> None:
    function: Any = spec.function
    for called in (function, getattr(function, "__call__", None)):  # noqa: B004  (an object's own is what is called)
        if pyinspect.iscoroutinefunction(called) or pyinspect.isasyncgenfunction(called):
            raise DeclarationError(
                f"batch function {spec.name} is async; gevent workers run no event loop: make it `def`"
            )
    parameters = pyinspect.signature(function).parameters.values()
    positional = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    if len(positional) != 2 and not any(each.kind is each.VAR_POSITIONAL for each in parameters):
        raise DeclarationError(
            f"batch function {spec.name} takes {pyinspect.signature(function)}; make it (keys, scope, *, arguments...)"
        )
    for each in parameters:
        if each.kind is each.KEYWORD_ONLY and each.annotation is each.empty:
            raise DeclarationError(f"the argument {each.name!r} of batch function {spec.name} has no annotation")


@overload
def field(
    resolver: None = None,
    *,
    needs: str | Sequence[str] = (),
    permission_classes: Sequence[type[BasePermission]] = (),
    extensions: Sequence[FieldExtension] = (),
    **options: Any,
) -> Callable[[Callable[..., Any]], Any]: ...
@overload
def field(
    resolver: Callable[..., Any],
    *,
    needs: str | Sequence[str] = (),
    permission_classes: Sequence[type[BasePermission]] = (),
    extensions: Sequence[FieldExtension] = (),
    **options: Any,
) -> Any: ...
def field(
    resolver: Callable[..., Any] | None = None,
    *,
    needs: str | Sequence[str] = (),
    permission_classes: Sequence[type[BasePermission]] = (),
    extensions: Sequence[FieldExtension] = (),
    **options: Any,
) -> Any:
    """A resolver as `strawberry.field` takes it, which may read the columns named in `needs` from `self`."""
    columns = (needs,) if isinstance(needs, str) else tuple(needs)

    def decorate(function: Callable[..., Any]) -> Any:
        made = EntityField(
            spec=Plain(columns),
            permission_classes=list(permission_classes),
            extensions=list(extensions),
            **_strawberry_options(options),
        )
        return made(function)

    return decorate(resolver) if resolver is not None else decorate


def lookup(*, key: Callable[[Any], Any] | None = None, **options: Any) -> Any:
    """One object by primary key: `matter: Matter | None = bff.lookup()` takes its key columns as arguments.

    With `key`, a function from viewer to primary key (or None), it takes none: `viewer: User | None = bff.lookup(key=...)`.
    """
    return make(Lookup(key), **options)


def node(**options: Any) -> Any:
    """`node: bff.Node | None = bff.node()`: any object by its global id."""
    return make(NodeById(), **options)


def collection(
    *, where: Where | None = None, order: Sequence[str] = (), bound: int = DEFAULT_BOUND, **options: Any
) -> Any:
    """The rows of a type that the viewer sees: `matters: list[Matter] = bff.collection()`."""
    return make(Collection(where, tuple(order), bound), **options)


def event(*, on: Sequence[str] | None = None, match: Mapping[str, MatchedBy] | None = None, **options: Any) -> Any:
    """On Subscription: changes of rows of a type, `comment_added: Comment = bff.event(on=["insert"], match={...})`.

    `on` are kinds of change: "insert", "update", "delete"; annotated with `bff.Changed[T]` all of them are meant without it,
    else the first two. `match` says of which rows: paths over to-one relationships to a column ("task.matter_id"), each with
    the name of the argument that it must equal ("matter_id") or a function that gives the value for a viewer.

    Objects are read when the event is delivered. One that is gone by then, or not for the viewer, gives none; but
    of one that is gone or was taken from the viewer's sight, a `bff.Changed` tells whoever saw it before.
    """
    for matched_by in (match or {}).values():
        if isinstance(matched_by, str):
            _check_argument(matched_by)
    kinds = None if on is None else (on,) if isinstance(on, str) else tuple(on)
    return make(Event(kinds, tuple((match or {}).items())), **options)


def presence(*, of: type, argument: str, key: Callable[[Any], Any], **options: Any) -> Any:
    """On Subscription: who is subscribed to one row of the model `of`, whose key is the `argument`.

    `viewers: list[User] = bff.presence(of=Matter, argument="matter_id", key=lambda viewer: viewer.user_id)`: `key` gives the
    primary key of the viewer among the objects. Who may not see the row can neither be there nor see who is.
    """
    _check_argument(argument)
    return make(Presence(of, argument, key), **options)


def _check_argument(name: str) -> None:
    if not (name.isidentifier() and name.isascii()):
        raise DeclarationError(f"{name!r} cannot be the name of an argument")
