"""An engine that tells what the driver sends: in autocommit, each call of a cursor is one round trip."""

from __future__ import annotations

from typing import Any

import psycopg2.extensions
from sqlalchemy import Engine, create_engine


class SentSql(list[str]):
    """The strings sent since the last `take`, before their values are written in."""

    def take(self) -> list[str]:
        taken = list(self)
        self.clear()
        return taken


def recording_engine(url: Any, **options: Any) -> tuple[Engine, SentSql]:
    """An engine, and what its connections send from now on."""
    sent = SentSql()

    class RecordingCursor(psycopg2.extensions.cursor):
        def execute(self, query: Any, vars: Any = None) -> None:
            sent.append(query)
            super().execute(query, vars)

    engine = create_engine(url, connect_args={"cursor_factory": RecordingCursor}, **options)
    engine.connect().close()
    sent.clear()
    return engine, sent
