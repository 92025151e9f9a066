"""What a subscription is about: an operation with its variables, as one viewer's scope sees it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..plan.plan import Plan


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """Who subscribes to the same `key` is sent the same; what has the same `group`, one plan and scope, can be run together.

    `viewer` is one of those in the scope; any would do.
    """

    key: Hashable
    group: Hashable
    plan: Plan
    variables: Mapping[str, Any] = field(repr=False)
    viewer: object | None
