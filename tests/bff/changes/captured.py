"""A database of tables written in SQL, captured."""

from __future__ import annotations

from sqlalchemy import Engine, MetaData

from bff.changes import install as capture
from bff.changes.install import Finding
from bff.changes.triggers import Captured

Row = tuple[str, str, dict[str, str | None], dict[str, str | None], list[str]]


class Host:
    """A database of tables written in SQL, captured as their reflection says."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def run(self, *statements: str) -> None:
        """Each in a transaction of its own."""
        for statement in statements:
            with self.engine.begin() as connection:
                connection.exec_driver_sql(statement)

    def tables(self, **keys: set[str]) -> list[Captured]:
        """The tables as reflected, with more key columns than that."""
        metadata = MetaData()
        for schema in (None, "Other Schema"):
            metadata.reflect(self.engine, schema=schema, views=True)
        return [
            Captured(table.fullname, table.schema, table.name, table.keys | keys.get(table.name, set()))
            for table in capture.tables_in(metadata)
        ]

    def capture(self, **keys: set[str]) -> list[str]:
        tables = self.tables(**keys)
        with self.engine.begin() as connection:
            return capture.install(connection, tables)

    def check(self, **keys: set[str]) -> list[Finding]:
        tables = self.tables(**keys)
        with self.engine.begin() as connection:
            return capture.check(connection, tables)

    def outbox(self) -> list[Row]:
        """What came since the last call: table, kind, old, new, changed; in order of the rows' contents."""
        with self.engine.begin() as connection:
            rows = connection.exec_driver_sql(
                "DELETE FROM bff.outbox RETURNING table_name, kind, old, new, changed"
            ).fetchall()
        return sorted((tuple(row) for row in rows), key=repr)

    def after(self, *statements: str) -> list[Row]:
        """What these statements leave."""
        self.run(*statements)
        return self.outbox()

    def waiting(self) -> int:
        """How many changes are in the outbox."""
        with self.engine.connect() as connection:
            count: int = connection.exec_driver_sql("SELECT count(*) FROM bff.outbox").scalar_one()
            return count
