"""JSON as SQL writes it: compact, and the global ids of all kinds of keys."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Integer, Text, cast, column, func, literal_column, select, values
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bff.columns.to_json import Piece, joined
from bff.entities import global_id as global_ids
from bff.entities.entity import Entity
from bff.plan.json_expressions import boolean_text, evaluated_once, global_id, json_array, json_object, number
from tests.bff.plan.authors import One, Run


def test_json_is_compact(run: Run) -> None:
    data = run('{ author(id: "1") { name motto students { id } bookPage(first: 1) { totalCount nodes { price } } } }')
    assert data.result.data["author"].text == (
        '{"name":"ann","motto":"go","students":[{"id":"2"},{"id":"3"}],'
        '"bookPage":{"totalCount":3,"nodes":[{"price":10}]}}'
    )


def test_composite_keys(one: One) -> None:
    data = one(
        '{ chapter(bookId: "1", number: 2) { nodeId number book { title } notes { id } noteCount }'
        ' none: chapter(bookId: "2", number: 2) { number } notes { chapter { number nodeId } } }'
    )
    assert data["chapter"] == {
        "nodeId": "Chapter:1,2", "number": 2, "book": {"title": "one"}, "notes": [{"id": "2"}], "noteCount": 1,
    }  # fmt: skip
    assert data["none"] is None
    found = [each["chapter"] and each["chapter"]["nodeId"] for each in data["notes"]]
    assert found == ["Chapter:1,1", "Chapter:1,2", None, None, "Chapter:1,1"]


# As PostgreSQL writes them

TEXTS = ["", "a", "é", '"', "\\", "\\n", "\n\t\x01", "%s %(k0)s :x", "'", "{}", "\u2028", "\U0001f600"]


@pytest.fixture(scope="module")
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection


def written(connection: Connection, pieces: list[Piece], *of: Any) -> list[str]:
    return list(connection.scalars(select(joined(pieces)).select_from(*of)))


def test_objects_and_arrays(connection: Connection) -> None:
    words = values(column("n", Integer), column("word", Text()), name="words").data(list(enumerate(TEXTS)))
    pieces = json_object([("n", [cast(words.c.n, Text())]), ("the word", [cast(func.to_json(words.c.word), Text())])])
    assert list(map(json.loads, written(connection, pieces, words))) == [
        {"n": n, "the word": word} for n, word in enumerate(TEXTS)
    ]
    assert written(connection, json_object([])) == ["{}"]
    items = func.string_agg(cast(words.c.n, Text()), aggregate_order_by(literal_column("','", Text()), words.c.n))
    assert written(connection, [json_array(items)], words) == ["[" + ",".join(map(str, range(len(TEXTS)))) + "]"]
    none = items.filter(words.c.n < 0)
    assert written(connection, [json_array(none)], words) == ["[]"]


def test_an_expression_that_is_named_several_times_is_evaluated_once(connection: Connection) -> None:
    """It may be costly, or volatile."""
    connection.exec_driver_sql("create temporary sequence times")
    once = evaluated_once(
        func.nextval(literal_column("'times'")),
        values(column("n", Integer), name="words"),
        lambda value: [cast(value, Text()), ",", cast(value, Text())],
    )
    assert [written(connection, once)[0] for _ in range(2)] == ["1,1", "2,2"]


@pytest.mark.parametrize("value", [0, -1, 2**40])
def test_constants(connection: Connection, value: int) -> None:
    assert connection.scalar(select(number(value))) == value
    assert [boolean_text(each) for each in (True, False)] == ["true", "false"]


class Base(DeclarativeBase):
    pass


class ShelfRow(Base):
    __tablename__ = "shelves"
    room: Mapped[str] = mapped_column(primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True)


class RoomRow(Base):
    __tablename__ = "rooms"
    name: Mapped[str] = mapped_column(primary_key=True)


def test_global_ids_are_those_that_python_makes(connection: Connection) -> None:
    """Of several parts, commas and percent signs in them are escaped; of one, they are not."""
    names = [*TEXTS, "a,b", "50%", "%2C", ","]
    room, shelf = (Entity(model, model, name, None) for model, name in ((RoomRow, "Room"), (ShelfRow, "Shelf")))
    keys = values(column("name", Text()), name="keys").data([(name,) for name in names])
    one = written(connection, global_id(room, [keys.c.name]), keys)
    assert list(map(json.loads, one)) == [global_ids.global_id(room, (name,)) for name in names]
    two = written(connection, global_id(shelf, [keys.c.name, number(7)]), keys)
    assert list(map(json.loads, two)) == [global_ids.global_id(shelf, (name, 7)) for name in names]
