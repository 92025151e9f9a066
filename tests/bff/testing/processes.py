"""What runs in a directory, and what a database there answers."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import psutil
import psycopg2


def servers_in(directory: Path) -> list[psutil.Process]:
    """The server processes whose data is in `directory`, supervisors left out."""
    found = []
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if any(str(directory) in argument for argument in command) and command[0].endswith(("postgres", "server")):
            found.append(process)
    return found


def select(url: str, statement: str) -> object:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        (value,) = cursor.fetchone()
        return value
