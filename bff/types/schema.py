"""`Schema`: strawberry.Schema with the layer's scalars, whose declarations are checked when it is built."""

from __future__ import annotations

import copy
from typing import Any

import strawberry
from strawberry.schema.config import StrawberryConfig

from .catalog import Catalog
from .scalars import SCALARS


class Schema(strawberry.Schema):
    """Takes what strawberry.Schema takes. Raises DeclarationError, naming type and field, for a wrong declaration."""

    def __init__(self, *args: Any, config: StrawberryConfig | None = None, **options: Any) -> None:
        config = copy.copy(config or StrawberryConfig())
        config.scalar_map = {**SCALARS, **config.scalar_map}
        options["config"] = config
        super().__init__(*args, **options)
        Catalog.of(self._schema)
