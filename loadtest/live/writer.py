"""Who writes while others look on: commits at a steady rate, over connections of its own, each with a mark that can be seen.

The mark is a text of the row that is written, so that every message that shows the change shows the mark.
"""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import psycopg2

_MARK = re.compile(rb"beat-(\d{13})")


@dataclass(frozen=True)
class Edit:
    """A statement, and the matter on whose page its change is seen."""

    sql: str
    values: tuple[Any, ...]
    matter: int


@dataclass(frozen=True)
class Write:
    """An edit that was committed: its number, and when COMMIT was sent and answered, in monotonic nanoseconds."""

    number: int
    matter: int
    sent: int
    committed: int


def mark(number: int) -> str:
    """What a row shows that the write of this number has changed."""
    return f"beat-{number:013d}"


def first_number() -> int:
    """The first of numbers that no earlier writer has used: what is written is never what was there."""
    # No writer makes a thousand writes a second.
    return time.time_ns() // 1_000_000


def marks_in(text: bytes) -> list[int]:
    """The numbers of the writes that a message shows."""
    return [int(number) for number in _MARK.findall(text)]


@dataclass(frozen=True)
class Firm:
    """An organization as the scenarios need it: who looks on, and what can be written."""

    users: Sequence[int]
    tasks: dict[int, list[int]]
    """The tasks of its matters, by matter."""

    @property
    def matters(self) -> list[int]:
        return list(self.tasks)

    def title(self, matter: int, number: int, *, turn: int | None = None) -> Edit:
        """A task of the matter is renamed: each in its turn, which is the write's number unless it is given."""
        tasks = self.tasks[matter]
        values = (mark(number), tasks[(number if turn is None else turn) % len(tasks)])
        return Edit("update tasks set title = %s where id = %s", values, matter)

    def comment(self, matter: int, number: int) -> Edit:
        """Somebody says something about a task of the matter."""
        tasks = self.tasks[matter]
        values = (tasks[number % len(tasks)], self.users[number % len(self.users)], mark(number))
        return Edit("insert into comments (task_id, author_id, body) values (%s, %s, %s)", values, matter)


def firm(url: str, organization: int) -> Firm:
    """The organization of this id."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("select id from users where organization_id = %s order by id", (organization,))
        users = [id_ for (id_,) in cursor]
        cursor.execute(
            "select t.matter_id, t.id from tasks t join matters m on m.id = t.matter_id where m.organization_id = %s "
            "order by t.matter_id, t.position",
            (organization,),
        )
        tasks: dict[int, list[int]] = {}
        for matter, task in cursor:
            tasks.setdefault(matter, []).append(task)
    return Firm(users, tasks)


class Writer:
    """Commits `edit(number)` for numbers from `first` on, `rate` a second, over `hands` connections, for a `with` block.

    By default they begin with `first_number`.

    A write that is late is not left out: what was missed is made up for. An error of a hand is raised at the end.
    """

    def __init__(
        self, url: str, edit: Callable[[int], Edit], *, rate: float, hands: int = 2, first: int | None = None
    ) -> None:
        self.writes: list[Write] = []
        self._url, self._edit, self._rate = url, edit, rate
        self._first = first_number() if first is None else first
        self._numbers = itertools.count(self._first)
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._errors: list[Exception] = []
        self._began = 0.0
        self._hands = [threading.Thread(target=self._work) for _ in range(hands)]

    def __repr__(self) -> str:
        return f"<Writer of {len(self.writes)} at {self._rate:g}/s>"

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        for hand in self._hands:
            hand.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self.wait()
        self.writes.sort(key=lambda write: write.number)
        if self._errors and error is None:
            raise self._errors[0]

    def wait(self) -> None:
        """Until all hands have ended, as they do after an error."""
        for hand in self._hands:
            hand.join()

    def _due(self) -> Iterator[int]:
        """The numbers that are this hand's, when it is their time."""
        while True:
            with self._lock:
                number = next(self._numbers)
            wait = self._began + (number - self._first) / self._rate - time.monotonic()
            if self._is_over.wait(max(0.0, wait)):
                return
            yield number

    def _work(self) -> None:
        try:
            with closing(psycopg2.connect(self._url)) as connection:
                for number in self._due():
                    write = commit(connection, self._edit(number), number)
                    with self._lock:
                        self.writes.append(write)
        except Exception as error:  # noqa: BLE001  raised again in the thread that waits for this one
            self._errors.append(error)


def commit(connection: Any, edit: Edit, number: int) -> Write:
    """One edit in a transaction of its own, over a psycopg2 connection."""
    with connection.cursor() as cursor:
        cursor.execute(edit.sql, edit.values)
    sent = time.monotonic_ns()
    connection.commit()
    return Write(number, edit.matter, sent, time.monotonic_ns())
