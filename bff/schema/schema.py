"""`Schema`: strawberry.Schema with the layer's scalars and `@live`, whose declarations are checked when it is built."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import strawberry
from strawberry.directive import DirectiveLocation, StrawberryDirective
from strawberry.schema.config import StrawberryConfig

from ..columns.scalars import SCALARS
from ..errors import DeclarationError
from .catalog import Catalog
from .extensions import check_extensions


@strawberry.directive(
    locations=[DirectiveLocation.QUERY],
    name="live",
    description="Over Socket.IO the answer follows its data; over HTTP it means nothing.",
)
def live() -> None:
    """`query Dashboard @live { ... }`. It stands on operations, so nothing ever calls it."""


class Schema(strawberry.Schema):
    """Takes what strawberry.Schema takes. Raises DeclarationError, naming type and field, for a wrong declaration."""

    def __init__(
        self,
        query: type,
        mutation: type | None = None,
        subscription: type | None = None,
        directives: Iterable[StrawberryDirective[Any]] = (),
        *,
        config: StrawberryConfig | None = None,
        **options: Any,
    ) -> None:
        directives = list(directives)
        if any((each.graphql_name or each.python_name) == "live" for each in directives):
            raise DeclarationError("the directive @live is the layer's own; give yours another name")
        config = copy.copy(config or StrawberryConfig())
        config.scalar_map = {**SCALARS, **config.scalar_map}
        super().__init__(query, mutation, subscription, [*directives, live], config=config, **options)
        Catalog.of(self._schema)
        check_extensions(self)
