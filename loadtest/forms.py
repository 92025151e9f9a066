"""The forms that JSON can have in PostgreSQL, measured on the Matter page: which functions make it, which way rows are reached.

    python -m loadtest.forms postgresql://...     a seeded Briefcase; prints the table

Every form is one prepared statement with the same answer, which is checked. They take turns over the same matters, and the
medians of their rounds are compared. What they have in common: 64-bit ids as strings, enums by their GraphQL names, lists in
the order of the site.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal

import psycopg2
import psycopg2.extensions

Kind = Literal["id", "text", "enum", "number", "boolean", "time"]
Shape = Literal["correlated", "lateral", "to-one joined", "to-one joined, lists lateral"]

SHAPES: tuple[Shape, ...] = ("correlated", "lateral", "to-one joined", "to-one joined, lists lateral")


# ---- the page


@dataclass(frozen=True)
class Leaf:
    """A column and its name in the answer."""

    name: str
    kind: Kind = "text"
    is_nullable: bool = False

    @property
    def column(self) -> str:
        return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in self.name)


@dataclass(frozen=True)
class Rows:
    """Rows of a table as objects. `through` is a table that leads to them: its name, its keys to the parent and to them."""

    table: str
    leaves: tuple[Leaf, ...]
    children: tuple[Child, ...] = ()
    through: tuple[str, str, str] | None = None


@dataclass(frozen=True)
class Child:
    """A relation. `key` is the parent's column of a to-one, the rows' own of a list, which is what has an `order`."""

    name: str
    rows: Rows
    key: str
    order: tuple[str, ...] = ()
    is_nullable: bool = False

    @property
    def is_list(self) -> bool:
        return bool(self.order)


def _leaves(spelling: str) -> tuple[Leaf, ...]:
    """Leaves written as `name:kind?`; text is the kind of those that say none, a question mark makes one nullable."""
    leaves = []
    for word in spelling.split():
        name, _, kind = word.rstrip("?").partition(":")
        leaves.append(Leaf(name, kind or "text", word.endswith("?")))  # type: ignore[arg-type]  # as spelt below
    return tuple(leaves)


_FACE = Rows("users", _leaves("id:id name avatarUrl?"))
_PERSON = Rows("users", _leaves("id:id name avatarUrl? title"))

MATTER = Rows(
    "matters",
    _leaves("id:id reference title status:enum description budgetCents:number openedAt:time dueAt:time?"),
    (
        Child(
            "client",
            Rows(
                "clients",
                _leaves("id:id name industry website?"),
                (
                    Child("owner", _FACE, "owner_id"),
                    Child(
                        "contacts", Rows("contacts", _leaves("id:id name email phone?")), "client_id", ("name", "id")
                    ),
                ),
            ),
            "client_id",
        ),
        Child("lead", _PERSON, "lead_id"),
        Child(
            "members",
            Rows("matter_members", _leaves("role:enum"), (Child("user", _PERSON, "user_id"),)),
            "matter_id",
            ("role", "user_id"),
        ),
        Child(
            "tasks",
            Rows(
                "tasks",
                _leaves("id:id title status:enum priority:number dueAt:time?"),
                (
                    Child("assignee", _FACE, "assignee_id", is_nullable=True),
                    Child(
                        "tags",
                        Rows("tags", _leaves("id:id name color"), through=("task_tags", "task_id", "tag_id")),
                        "id",
                        ("name", "id"),
                    ),
                    Child(
                        "comments",
                        Rows("comments", _leaves("id:id body createdAt:time"), (Child("author", _FACE, "author_id"),)),
                        "task_id",
                        ("created_at", "id"),
                    ),
                ),
            ),
            "matter_id",
            ("position", "id"),
        ),
        Child(
            "documents",
            Rows(
                "documents",
                _leaves("id:id title kind sizeBytes:number updatedAt:time"),
                (
                    Child("uploader", _FACE, "uploader_id"),
                    Child(
                        "versions",
                        Rows(
                            "document_versions",
                            _leaves("id:id number:number checksum createdAt:time"),
                            (Child("author", _FACE, "author_id"),),
                        ),
                        "document_id",
                        ("number", "id"),
                    ),
                ),
            ),
            "matter_id",
            ("title", "id"),
        ),
        Child(
            "timeEntries",
            Rows(
                "time_entries",
                _leaves("id:id minutes:number billable:boolean workedOn:time note"),
                (Child("user", _FACE, "user_id"),),
            ),
            "matter_id",
            ("worked_on", "id"),
        ),
        Child(
            "invoices",
            Rows("invoices", _leaves("id:id number status:enum totalCents:number issuedOn:time dueOn:time")),
            "matter_id",
            ("issued_on", "id"),
        ),
        Child(
            "events",
            Rows("events", _leaves("id:id title startsAt:time endsAt:time location?")),
            "matter_id",
            ("starts_at", "id"),
        ),
    ),
)


# ---- the functions that make JSON


class Functions(ABC):
    """One family of functions: how a column, an object and a list are spelt."""

    title: str
    has_null = True
    """Whether an object that is not there is its own NULL; in texts it has to be spelt."""

    def leaf(self, expression: str, leaf: Leaf) -> str:
        if leaf.kind == "id":
            return f"{expression}::text"
        return f"upper({expression})" if leaf.kind == "enum" else expression

    @abstractmethod
    def object(self, pairs: Sequence[tuple[str, str]]) -> str: ...

    @abstractmethod
    def array(self, value: str, order: str) -> str: ...


class Build(Functions):
    """`json_build_object` and `json_agg`, or those of jsonb."""

    def __init__(self, kind: Literal["json", "jsonb"]) -> None:
        self.kind, self.title = kind, f"{kind}_build_object"

    def object(self, pairs: Sequence[tuple[str, str]]) -> str:
        members = ", ".join(f"'{name}', {value}" for name, value in pairs)
        return f"{self.kind}_build_object({members})"

    def array(self, value: str, order: str) -> str:
        return f"coalesce({self.kind}_agg({value} order by {order}), '[]')"


class RowToJson(Build):
    """`row_to_json` over a subselect that names the columns."""

    def __init__(self) -> None:
        super().__init__("json")
        self.title = "row_to_json over a subselect"

    def object(self, pairs: Sequence[tuple[str, str]]) -> str:
        columns = ", ".join(f'{value} as "{name}"' for name, value in pairs)
        return f"(select row_to_json(r) from (select {columns}) r)"


class Standard(Functions):
    """SQL/JSON's constructors."""

    title = "json_object, json_arrayagg (SQL/JSON)"

    def object(self, pairs: Sequence[tuple[str, str]]) -> str:
        members = ", ".join(f"'{name}' : {value}" for name, value in pairs)
        return f"json_object({members} returning json)"

    def array(self, value: str, order: str) -> str:
        return f"coalesce(json_arrayagg({value} order by {order} returning json), '[]')"


class Text(Functions):
    """Pieces of text, joined by `||` or by `concat()`; only what may need escapes goes through `to_json`."""

    has_null = False

    def __init__(self, *, by_concat: bool) -> None:
        self._by_concat = by_concat
        self.title = "text by concat(), to_json of values" if by_concat else "text by concatenation, to_json of values"

    def leaf(self, expression: str, leaf: Leaf) -> str:
        if leaf.kind in {"id", "enum"}:
            return f"""'"' || {super().leaf(expression, leaf)} || '"'"""
        if leaf.kind in {"number", "boolean"}:
            return expression if self._by_concat and leaf.kind == "number" else f"{expression}::text"
        text = f"to_json({expression})::text"
        return f"coalesce({text}, 'null')" if leaf.is_nullable else text

    def object(self, pairs: Sequence[tuple[str, str]]) -> str:
        pieces = [
            piece
            for index, (name, value) in enumerate(pairs)
            for piece in (f"""'{"," if index else "{"}"{name}":'""", value)
        ]
        return f"concat({', '.join(pieces)}, '}}')" if self._by_concat else f"({' || '.join(pieces)} || '}}')"

    def array(self, value: str, order: str) -> str:
        return f"coalesce('[' || string_agg({value}, ',' order by {order}) || ']', '[]')"


FUNCTIONS: tuple[Functions, ...] = (
    Build("json"),
    RowToJson(),
    Standard(),
    Build("jsonb"),
    Text(by_concat=False),
    Text(by_concat=True),
)


# ---- the statements


@dataclass(frozen=True)
class Form:
    """One way to write the page: which functions make JSON, and how the rows of relations are reached."""

    functions: Functions
    shape: Shape

    @property
    def sql(self) -> str:
        """The page of matter $1 for organization $2, as one text."""
        value, joins = self._rows(MATTER, "m", (f"a{number}" for number in count()))
        return f"select ({value})::text from matters m{joins} where m.id = $1 and m.organization_id = $2"

    def _rows(self, rows: Rows, alias: str, names: Iterator[str]) -> tuple[str, str]:
        """The object of a row, and what has to be joined for it."""
        pairs = [(leaf.name, self.functions.leaf(f"{alias}.{leaf.column}", leaf)) for leaf in rows.leaves]
        joins = ""
        for child in rows.children:
            value, join = self._list(child, alias, names) if child.is_list else self._one(child, alias, names)
            pairs.append((child.name, value))
            joins += join
        return self.functions.object(pairs), joins

    def _one(self, child: Child, parent: str, names: Iterator[str]) -> tuple[str, str]:
        alias = next(names)
        value, joins = self._rows(child.rows, alias, names)
        condition = f"{alias}.id = {parent}.{child.key}"
        if self.shape.startswith("to-one joined"):
            absent = "'null'" if not self.functions.has_null else "null"
            if child.is_nullable:
                value = f"case when {alias}.id is null then {absent} else {value} end"
            kind = "left join" if child.is_nullable else "join"
            return value, f" {kind} {child.rows.table} {alias} on {condition}{joins}"
        return self._reached(
            f"select {value} as v from {child.rows.table} {alias}{joins} where {condition}", child, names
        )

    def _list(self, child: Child, parent: str, names: Iterator[str]) -> tuple[str, str]:
        alias = next(names)
        value, joins = self._rows(child.rows, alias, names)
        value = self.functions.array(value, ", ".join(f"{alias}.{column}" for column in child.order))
        if child.rows.through is None:
            source, condition = f"{child.rows.table} {alias}", f"{alias}.{child.key} = {parent}.id"
        else:
            (table, to_parent, to_rows), between = child.rows.through, next(names)
            source = f"{table} {between} join {child.rows.table} {alias} on {alias}.id = {between}.{to_rows}"
            condition = f"{between}.{to_parent} = {parent}.id"
        return self._reached(f"select {value} as v from {source}{joins} where {condition}", child, names)

    def _reached(self, query: str, child: Child, names: Iterator[str]) -> tuple[str, str]:
        if self.shape.endswith("lateral"):
            alias = next(names)
            value, join = f"{alias}.v", f" left join lateral ({query}) {alias} on true"
        else:
            value, join = f"({query})", ""
        if child.is_nullable and not self.functions.has_null:
            value = f"coalesce({value}, 'null')"
        return value, join


FORMS: tuple[Form, ...] = tuple(Form(functions, shape) for functions in FUNCTIONS for shape in SHAPES)


@dataclass(frozen=True)
class Measured:
    """A form's bytes of one page and its milliseconds: the median of the rounds' means, and the fastest round's."""

    functions: str
    shape: str
    bytes: int
    ms: float
    fastest_ms: float


def measure(url: str, *, matters: int = 40, rounds: int = 7) -> list[Measured]:
    """Every form on the same matters in turns, after a first round that is not counted.

    Raises ValueError when one answers otherwise than the first.
    """
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("set timezone = 'UTC'")
            cursor.execute("select id, organization_id from matters order by id limit %s", (matters,))
            keys = [(int(id_), int(organization)) for id_, organization in cursor.fetchall()]
            sizes = _prepare(cursor, keys[0])
            times: list[list[float]] = [[] for _ in FORMS]
            for _ in range(rounds + 1):
                for number, ms in enumerate(times):
                    begun = time.perf_counter()
                    for id_, organization in keys:
                        cursor.execute(f"execute form_{number} ({id_}, {organization})")
                        cursor.fetchone()
                    ms.append((time.perf_counter() - begun) / len(keys) * 1e3)
    return [
        Measured(form.functions.title, form.shape, size, statistics.median(ms[1:]), min(ms[1:]))
        for form, size, ms in zip(FORMS, sizes, times, strict=True)
    ]


def _prepare(cursor: psycopg2.extensions.cursor, key: tuple[int, int]) -> list[int]:
    """Prepare every form; the bytes of each one's answer."""
    sizes: list[int] = []
    expected: Any = None
    for number, form in enumerate(FORMS):
        cursor.execute(f"prepare form_{number} (bigint, bigint) as {form.sql}")
        cursor.execute(f"execute form_{number} ({key[0]}, {key[1]})")
        [(text,)] = cursor.fetchall()
        answer = json.loads(text)
        if expected is None:
            expected = answer
        if answer != expected:
            raise ValueError(f"{form.functions.title}, {form.shape}: another answer than the first form's")
        sizes.append(len(text.encode()))
    return sizes


def table(measured: Sequence[Measured]) -> str:
    """The forms in Markdown, the fastest first."""
    lines = ["| functions | relations | bytes | ms | fastest round, ms |", "|---|---|--:|--:|--:|"]
    lines += [
        f"| {it.functions} | {it.shape} | {it.bytes:,} | {it.ms:.2f} | {it.fastest_ms:.2f} |"
        for it in sorted(measured, key=lambda it: it.ms)
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(measure(sys.argv[1])))
