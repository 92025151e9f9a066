"""Prepared statements in SQL, for a driver that speaks the simple protocol: PREPARE once a connection, then EXECUTE.

psycopg2 writes values into the text, and PostgreSQL parses and plans it anew each time. `Text` is a statement's text
as PREPARE takes it, made once a process; `Prepared` knows what one connection has prepared, and says what to send. It
sends nothing itself. What cannot be prepared, and what has been lost, is sent as it is: a prepared statement
changes how long an answer takes, never the answer.

Names are made of the text, so that a name means one statement whoever prepared it: where a pooler hands one server's
connection to many clients, a client can miss its statements, never run another's.
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any

from ..telemetry import UNPREPARED, log

BOUND = 100
"""Statements that a connection keeps prepared; the longest unused is deallocated. psycopg 3 has the same default."""

SIZE = 500_000
"""Characters of the statements that a connection keeps prepared: a backend takes some 70 bytes of memory for each."""

SEEN = 1_000
"""Texts that a connection remembers to have sent once."""

LOSSES = 3
"""Times that a connection finds its statements gone before it prepares no more: a pooler gives it another server's
connection each time, or somebody deallocates whatever there is."""

TEXTS = 500
"""Texts whose form for PREPARE is kept in a process."""

LARGE = 1_000
"""Values of an array from which on a statement is planned for its very values: a plan for any array takes it to have
ten, and planning is then little of the work."""

LONG = 5_000
"""Characters of a statement from which on one plan is made for all values: planning the 15,000 of a page took 9 ms, running
it 1.5, and PostgreSQL would plan five times on every connection before it compares."""

_PLACEHOLDER = re.compile(r'%%|%\(([^)]+)\)s(::[\w."]+(?: \w+)*(?:\([\d, ]+\))?(?:\[\])?)?')

_UNKNOWN = "unknown"
"""As a type of PREPARE it says: the type is to be found from the context, as that of a quoted literal is."""

_TYPES: dict[type, str] = {
    bool: "boolean",
    bytes: "bytea",
    Decimal: "numeric",
    datetime.date: "date",
    datetime.timedelta: "interval",
    float: "numeric",
    str: _UNKNOWN,
    type(None): _UNKNOWN,
    uuid.UUID: "uuid",
}
"""The types that PostgreSQL gives to the driver's literals. A parameter whose type PREPARE found by itself would take
any value that can be assigned to it, 2.5 for an integer column as 3."""

_ANALYSIS = "42"
"""Class of the errors that a text has, whatever its values: PREPARE cannot find a type, a function is not defined for
the one it found. The driver's literals may say more."""

_DATA = "22"
"""Class of the errors that values have: one that is out of the range of the type that PREPARE found."""

_LOST = "26000"
_CHANGED = "0A000"
_DUPLICATE = "42P05"
"""A statement is prepared already: a pooler's server has it from another client."""

_ADVICE = f"prepared statements were lost {LOSSES} times; with a pooler in transaction mode, set BFF_PREPARE=false"


class Text:
    """The text of a statement, cut at its parameters. Values may come with types of which each makes a preparation."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self.parts: list[str] = []
        self.slots: list[tuple[str, str | None]] = []
        """Each place of a parameter: its name, and what it is cast to, "" for a type of an unusual name."""
        self.has_arrays = False
        self._preparations: dict[tuple[str, ...], Preparation | None] = {}
        self._cut()
        # A list under a name travels as text only if each place of the name can read it.
        uncast = {name for name, cast in self.slots if not _is_array(cast)}
        self._arrays = tuple({name for name, _ in self.slots} - uncast)

    def __repr__(self) -> str:
        return f"<Text {self.sql[:40]!r}, {len(self.slots)} parameters, {len(self._preparations)} preparations>"

    def _cut(self) -> None:
        part, end = "", 0
        for found in _PLACEHOLDER.finditer(self.sql):
            part += self.sql[end : found.start()]
            end = found.end()
            name, cast = found.groups()
            if name is None:
                part += "%"
                continue
            self.parts.append(part)
            part = cast or ""
            if cast is None:
                cast = "" if self.sql.startswith("::", end) else None
            self.has_arrays = self.has_arrays or _is_array(cast)
            self.slots.append((name, cast))
        self.parts.append(part + self.sql[end:])

    def values(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """The parameters for the driver, lists as PostgreSQL's text of an array where they are cast to one.

        It reads 1,000 keys of such a text in 0.2 ms, and the 1,000 expressions of ARRAY[...] in 1.6 ms.
        """
        texts = {name: text for name in self._arrays if (text := array_text(parameters[name])) is not None}
        return {**parameters, **texts} if texts else parameters

    def is_large(self, parameters: Mapping[str, Any]) -> bool:
        """Whether an array is worth a plan for its very values."""
        return any(isinstance(parameters[name], list) and len(parameters[name]) >= LARGE for name, _ in self.slots)

    def preparation(self, parameters: Mapping[str, Any]) -> Preparation | None:
        """The statement to prepare for values like these; None when there is none."""
        types: list[str] = []
        for name, cast in self.slots:
            value_type = _UNKNOWN if cast is not None else type_of(parameters[name])
            if value_type is None:
                return None
            types.append(value_type)
        signature = tuple(types)
        try:
            return self._preparations[signature]
        except KeyError:
            preparation = self._preparations[signature] = Preparation.of(self, signature)
            return preparation

    def learn(self, preparation: Preparation, error: Any) -> None:
        """The statement was executed as it is, after its preparation had failed."""
        code = error.pgcode or ""
        if code.startswith(_ANALYSIS) and code != _DUPLICATE:
            self._preparations[preparation.signature] = None
            log.info(UNPREPARED, sqlstate=code, error=str(error).strip(), statement=self.sql[:200])


@lru_cache(TEXTS)
def text_of(sql: str) -> Text:
    """The text of a statement; statements are built once and asked for ever."""
    return Text(sql)


@dataclass(frozen=True)
class Preparation:
    """A statement as it is prepared and executed, for values of certain types. In pyformat, a percent sign is doubled."""

    signature: tuple[str, ...]
    name: str
    prepare: str
    execute: str

    @classmethod
    def of(cls, text: Text, signature: tuple[str, ...]) -> Preparation:
        """Places with the same name share a parameter where it is of the same type whatever surrounds it."""
        numbers: dict[tuple[Any, ...], int] = {}
        declared: list[str] = []
        arguments: list[str] = []
        sql = text.parts[0]
        for place, ((name, cast), value_type, part) in enumerate(
            zip(text.slots, signature, text.parts[1:], strict=True)
        ):
            has_one_type = value_type != _UNKNOWN or _is_array(cast)
            key = (name, value_type, cast) if has_one_type else (place,)
            if key not in numbers:
                numbers[key] = len(numbers) + 1
                declared.append(value_type)
                arguments.append(f"%({name})s")
            sql += f"${numbers[key]}{part}"
        types = f"({', '.join(declared)})" if declared else ""
        name = f"bff_{sha256(f'{types}{sql}'.encode()).hexdigest()[:32]}"
        # A plan for any values is worth most where PostgreSQL would not choose it: it takes an array of unknown length to
        # have ten values, so that a plan for one key looks cheaper each time, and is made each time.
        mode = "force_generic_plan" if text.has_arrays or len(text.sql) >= LONG else "auto"
        execute = f"SET LOCAL plan_cache_mode={mode};EXECUTE {name}" + (
            f"({', '.join(arguments)})" if arguments else ""
        )
        return cls(signature, name, f"PREPARE {name}{types} AS {sql.replace('%', '%%')};", execute)


class Prepared:
    """What one connection of the driver has prepared; lives and dies with it."""

    def __init__(self, bound: int = BOUND, size: int = SIZE) -> None:
        self._bound, self._size = bound, size
        self._names: OrderedDict[str, int] = OrderedDict()
        self._stale: set[str] = set()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self.losses = 0

    def __repr__(self) -> str:
        return f"<Prepared {len(self._names)}/{self._bound} statements, lost {self.losses} times>"

    def call(self, preparation: Preparation) -> str | None:
        """What runs a statement here, preparing it first where it was used before; None: send it as it is."""
        name = preparation.name
        if name in self._names:
            self._names.move_to_end(name)
            return preparation.execute
        if self.losses >= LOSSES:
            return None
        if name not in self._seen:
            # Prepared and executed once, it would take a fifth longer than as it is.
            self._seen[name] = None
            if len(self._seen) > SEEN:
                self._seen.popitem(last=False)
            return None
        length = len(preparation.prepare)
        if length > self._size:
            return None
        deallocate = ""
        if name in self._stale:
            self._stale.remove(name)
            deallocate = f"DEALLOCATE {name};"
        while self._names and (len(self._names) >= self._bound or sum(self._names.values()) + length > self._size):
            oldest, _ = self._names.popitem(last=False)
            deallocate += f"DEALLOCATE {oldest};"
        # Should it fail on its way, the server says so at the next call.
        self._names[name] = length
        return f"{deallocate}{preparation.prepare}{preparation.execute}"

    def learn(self, preparation: Preparation, error: Any) -> bool:
        """Whether an error that followed a `call` may be due to it, so that the statement is to be sent as it is."""
        code = error.pgcode or ""
        if code == _LOST:
            self._names.clear()
            self._stale.clear()
            self.losses += 1
            if self.losses == LOSSES:
                log.warning(UNPREPARED, sqlstate=code, error=_ADVICE, statement=None)
        elif code == _CHANGED:
            self._names.pop(preparation.name, None)
            self._stale.add(preparation.name)
        elif code.startswith(_ANALYSIS) and code != _DUPLICATE:
            self._names.pop(preparation.name, None)
        elif code != _DUPLICATE and not code.startswith(_DATA):
            return False
        return True


def type_of(value: Any) -> str | None:
    """The type of the driver's literal of a value; None when it cannot be told."""
    kind = type(value)
    if kind is int:
        if -(2**31) <= value < 2**31:
            return "integer"
        return "bigint" if -(2**63) <= value < 2**63 else "numeric"
    if kind is datetime.datetime:
        return "timestamp" if value.tzinfo is None else "timestamptz"
    if kind is datetime.time:
        return "time" if value.tzinfo is None else "timetz"
    return _TYPES.get(kind)


def _is_array(cast: str | None) -> bool:
    return cast is not None and cast.endswith("[]")


def array_text(values: Any) -> str | None:
    """PostgreSQL's text of an array of integers, texts or UUIDs; None for anything else."""
    if type(values) is not list:
        return None
    kinds = set(map(type, values))
    if kinds == {int}:
        return "{" + ",".join(map(str, values)) + "}"
    if kinds <= {int, str, uuid.UUID, type(None)}:
        return "{" + ",".join([_element(value) for value in values]) + "}"
    return None


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if type(value) is str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)
