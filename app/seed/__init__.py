"""Fills an empty Briefcase with a realistic volume of data: ``python -m app.seed --scale 1``.

The rows come from `app.seed.world`: the same scale and day give the same bytes on every machine. The whole seeding is
one transaction: an interrupted one leaves nothing, and a database that holds an organization is complete and left
alone.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import TypeVar

import click
from sqlalchemy import Connection, Engine, Table, select, text

from app.database import lock_schema
from app.models import Organization, Role, User
from app.seed.volume import Volume
from app.seed.world import Row, World

T = TypeVar("T")

ROWS_A_COPY = 5_000

_COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True)
class SignIn:
    """Somebody whom a newcomer may sign in as."""

    user_id: int
    email: str
    name: str
    role: str
    organization: str


def seed(engine: Engine, *, scale: float = 1.0, today: date | None = None) -> bool:
    """Fill the migrated, empty database of `engine`; dates lie around `today`, by default the current day in UTC.

    Returns False, having done nothing, when the database already holds an organization. A bar runs on
    standard error when that is a terminal. The rows are frozen as they are written, so no vacuum follows.
    """
    volume = Volume.of_scale(scale)
    counts = volume.counts
    with engine.begin() as connection:
        lock_schema(connection)
        if connection.scalar(select(Organization.id).limit(1)) is not None:
            return False
        world = World(volume, today or datetime.now(UTC).date())
        # COPY freezes rows only in a table that its own transaction has made or emptied.
        connection.execute(text(f"truncate {', '.join(model.__tablename__ for model in counts)}"))
        # Whoever follows these tables is told by the truncate to look at all of them anew.
        connection.execute(text("set local bff.capture = off"))
        bar = click.progressbar(
            length=sum(counts.values()),
            label=f"Seeding at scale {scale:g}",
            file=sys.stderr,
            hidden=not sys.stderr.isatty(),
        )
        with bar:
            for table, count, copied in _ahead(_batches(world)):
                _copy(connection, table, copied)
                bar.update(count)
        for model, count in counts.items():
            if "id" in model.__table__.c:
                sequence = f"pg_get_serial_sequence('{model.__tablename__}', 'id')"
                connection.execute(text(f"select setval({sequence}, {count})"))
        for model in counts:
            connection.execute(text(f"analyze {model.__tablename__}"))
    return True


def sign_ins(engine: Engine) -> list[SignIn]:
    """Whom to try the demo as: one person of every role of the first organization, and the second one's owner."""
    with engine.connect() as connection:
        firms = connection.execute(select(Organization.id).order_by(Organization.id).limit(2)).scalars().all()
        people = (
            select(User.id, User.email, User.name, User.role, Organization.name)
            .join(Organization)
            .where(User.organization_id.in_(firms))
            .order_by(User.organization_id, User.id)
        )
        found: dict[tuple[str, str], SignIn] = {}
        for person in connection.execute(people):
            sign_in = SignIn(*person)
            found.setdefault((sign_in.organization, sign_in.role), sign_in)
    first = [it for it in found.values() if it.organization == next(iter(found.values())).organization]
    others = [it for it in found.values() if it not in first and it.role == Role.OWNER]
    return sorted(first, key=lambda it: list(Role).index(Role(it.role))) + others


def _batches(world: World) -> Iterator[tuple[Table, int, str]]:
    """Every table's rows in pieces: how many, and what COPY takes."""
    for table, rows in world.tables():
        left = iter(rows)
        while batch := list(islice(left, ROWS_A_COPY)):
            yield table, len(batch), copy_text(batch)


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """`items`, the next one being made while the last one is used: PostgreSQL works meanwhile, not Python."""
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = maker.submit(next, items, None)
            yield item


def copy_text(rows: Iterable[Row]) -> str:
    """`rows` in the text format of PostgreSQL's COPY."""
    return "".join("\t".join(map(_copy_value, row)) + "\n" for row in rows)


def _copy_value(value: object) -> str:
    if value is None:
        return "\\N"
    return value.translate(_COPY_ESCAPES) if isinstance(value, str) else str(value)


def _copy(connection: Connection, table: Table, rows: str) -> None:
    columns = ", ".join(column.name for column in table.columns)
    with closing(connection.connection.cursor()) as cursor:
        cursor.copy_expert(f"copy {table.name} ({columns}) from stdin (freeze)", io.StringIO(rows))
