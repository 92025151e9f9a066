"""Leaves that need Python inside of what PostgreSQL writes: how often code of the host's is called, with what, and what
becomes of what it gives.

Each query is answered by one statement with placeholders, in rounds and by graphql-core, and the answers are one.
"""

import datetime
import decimal
import enum
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any, NewType

import pytest
import strawberry
from sqlalchemy import DateTime, Engine, ForeignKey, Integer, String, TypeDecorator, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig

import bff
from bff.engine.execution import run
from bff.errors import TryAgain
from bff.json_text import Json, plain
from bff.plan.plan import Strategy
from tests.bff.asking import Asker, MakeDatabase


class Base(DeclarativeBase):
    pass


class Mood(enum.Enum):
    GOOD = "good"


class Hex(TypeDecorator[str]):
    """A number that the application writes in base 16."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> int | None:
        return None if value is None else int(value, 16)

    def process_result_value(self, value: int | None, dialect: Any) -> str | None:
        return None if value is None else f"{value:x}"


class ShopRow(Base):
    __tablename__ = "shops"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    items: Mapped[list["ItemRow"]] = relationship(back_populates="shop", order_by="ItemRow.id")


class ItemRow(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    name: Mapped[str]
    rank: Mapped[int | None]
    number: Mapped[uuid.UUID]
    price: Mapped[decimal.Decimal | None]
    mood: Mapped[Mood | None]
    made: Mapped[datetime.datetime | None] = mapped_column(DateTime(timezone=True))
    code: Mapped[str | None] = mapped_column(Hex)
    note: Mapped[str | None] = mapped_column(String)
    shop: Mapped[ShopRow] = relationship(back_populates="items")


calls: list[tuple[str, list[Any]]] = []
"""Every call of a batch function: its name and its keys."""


def batch(name: str, answer: Callable[..., Any]) -> Any:
    """A batch function that notes its calls; `answer` gives the value of one key, or raises it."""

    def function(keys: list[Any], scope: bff.Scope) -> list[Any]:
        calls.append((name, list(keys)))
        return [answer(key) for key in keys]

    return function


class Trouble(Exception):
    pass


def ranks(keys: list[int | None], scope: bff.Scope, *, times: int = 1, tags: list[str] | None = None) -> list[Any]:
    calls.append(("ranks", list(keys)))
    return [Trouble("no rank") if key is None else None if key == 0 else key * times + len(tags or ()) for key in keys]


def in_sql(keys: list[int], scope: bff.Scope) -> list[int]:
    return [scope.session.scalar(text("select count(*) from items where shop_id = :key"), {"key": key}) for key in keys]


def broken_in_sql(keys: list[int], scope: bff.Scope) -> list[int]:
    return [scope.session.scalar(text("select 1 / (:key - 1)"), {"key": key}) for key in keys]


def failing(keys: list[int], scope: bff.Scope) -> list[int]:
    raise Trouble(f"all {len(set(keys)) > 0}")


def too_few(keys: list[int], scope: bff.Scope) -> list[int]:
    return [1] * (len(keys) + 1)


def away(keys: list[int], scope: bff.Scope) -> list[int]:
    raise TryAgain("not now")


length_of = batch("length", len)


class Allowed(BasePermission):
    message = "not allowed"

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        return str(source.name) != "pen"


class Doubled(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        return next_(source, info, **kwargs) * 2


Shout = NewType("Shout", str)


def shouted(value: str) -> str:
    if value == "pen":
        raise Trouble("a pen is silent")
    return value.upper() + '"!'


SHOUT = strawberry.scalar(name="Shout", serialize=shouted, parse_value=str)


@bff.entity(ShopRow, policy=bff.public)
class Shop(bff.Node):
    id: strawberry.ID
    name: str
    items: list["Item"]
    item_page: bff.Connection["Item"] = bff.relation("items")
    item_count: int | None = bff.batched(in_sql, key="id")
    length: int = bff.batched(length_of, key="name")


@bff.entity(ItemRow, policy=bff.public)
class Item(bff.Node):
    id: strawberry.ID
    name: str
    shop: Shop
    length: int = bff.batched(length_of, key="name")
    again: int = bff.batched(batch("again", len), key="name")
    keys: str | None = bff.batched(
        batch("keys", repr), key=["id", "rank", "number", "price", "mood", "made", "code", "note"]
    )
    rank_value: int | None = bff.batched(ranks, key="rank")
    must_rank: int = bff.batched(ranks, key="rank")
    failing: int | None = bff.batched(failing, key="id")
    too_few: int | None = bff.batched(too_few, key="id")
    broken: int | None = bff.batched(broken_in_sql, key="id")
    away: int | None = bff.batched(away, key="id")
    letters: list[str] = bff.batched(batch("letters", list), key="name")
    grid: list[list[int | None] | None] | None = bff.batched(
        batch("grid", lambda rank: None if rank is None else [[rank, None], None, []]), key="rank"
    )
    must_grid: list[list[int]] = bff.batched(
        batch("grid2", lambda rank: [[rank, 1]] if rank != 0 else [[1], None]), key="rank"
    )
    no_list: list[int] | None = bff.batched(batch("no_list", lambda rank: 5 if rank == 2 else ()), key="rank")
    refused: int | None = bff.batched(batch("refused", lambda name: "x" if name == "pen" else 1), key="name")
    code: str | None
    must_code: str = bff.column("code")
    shout: Shout | None = bff.column("name")
    note_shout: Shout = bff.column("note")
    rank_as_text: Shout | None = bff.column("rank")

    @bff.field(needs=["name", "rank", "made", "code"])
    def label(self, sep: str = "-", times: int = 1) -> str:
        if self.name == "cup":
            raise Trouble("a cup has no label")
        made = None if self.made is None else (type(self.made).__name__, str(self.made.tzinfo))
        return sep.join(map(str, [self.name, self.rank, made, self.code] * times))

    @bff.field(needs=["rank"])
    def half(self) -> float:
        return None if self.rank is None else self.rank / 2  # type: ignore[return-value]

    @bff.field(needs=["rank"])
    def pops(self, tags: list[str]) -> str:
        return f"{tags.pop()}{len(tags)}"

    @bff.field(needs=["rank"])
    def peeks(self) -> str | None:
        return self.note  # which it does not need

    @bff.field(needs=["name"])
    def path(self, info: strawberry.Info) -> str:
        return "/".join(map(str, info.path.as_list()))

    @bff.field(needs=["name"], permission_classes=[Allowed])
    def guarded(self) -> str | None:
        return self.name

    @bff.field(needs=["name"], extensions=[Doubled()])
    def doubled(self) -> str:
        return self.name

    @bff.field
    def constant(self) -> int:
        return 7


@strawberry.type
class Query:
    shop: Shop | None = bff.lookup()
    item: Item | None = bff.lookup()
    shops: list[Shop] = bff.collection()
    items: list[Item] = bff.collection()
    item_page: bff.Connection[Item] = bff.collection(order=["-rank"])


SCHEMA = bff.Schema(Query, config=StrawberryConfig(scalar_map={Shout: SHOUT}))

ROWS = """
insert into shops values (1, 'north'), (2, 'south');
insert into items (id, shop_id, name, rank, number, price, mood, made, code, note) values
  (1, 1, 'pen', 2, '00000000-0000-0000-0000-000000000001', 1.50, 'GOOD', '2024-05-01 12:00:00.5+02', 255, 'a "b" \\\\ c'),
  (2, 1, 'cup', 0, '00000000-0000-0000-0000-000000000002', 'NaN', null, null, null, null),
  (3, 2, 'hat', null, '00000000-0000-0000-0000-000000000003', null, null, '0001-01-01 00:00+00', 16, E'\\x01\\x020:[]\\x02');
"""  # fmt: skip


@pytest.fixture(scope="module")
def engine(make_database: MakeDatabase) -> Iterator[Engine]:
    engine = create_engine(make_database())
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(ROWS)
    yield engine
    engine.dispose()


@pytest.fixture
def ask(engine: Engine) -> Asker:
    calls.clear()
    return Asker(SCHEMA, engine)


def written(ask: Asker, query: str, strategy: Strategy = "compiled", **options: Any) -> Any:
    """The data of a query, each root field of which is finished JSON."""
    plan = ask.plan(query, strategy)
    assert plan.whole().regions.reasons == {}
    calls.clear()
    data = ask.run(plan, **options).data
    assert all(isinstance(each, Json) for each in data.values())
    return {key: json.loads(each.text) for key, each in data.items()}


# Batch functions


def test_a_batch_function_is_called_once_for_all_regions_of_an_operation(ask: Asker, count_sql: Any) -> None:
    query = (
        '{ items { length shop { length } } shop(id: "2") { length items { length } itemPage { nodes { length } edges { node { length } } } }'
        " a: items(first: 1) { length x: length } }"
    )
    with count_sql(ask.database.engine) as counted:
        data = written(ask, query)
    assert counted.count == 1
    [(name, keys)] = calls
    assert (name, sorted(keys)) == ("length", ["cup", "hat", "north", "pen", "south"])
    assert data["items"][2] == {"length": 3, "shop": {"length": 5}}
    assert data["shop"]["items"] == [{"length": 3}]
    assert ask(query) == data


def test_regions_in_rows_share_their_calls_with_all_else(ask: Asker) -> None:
    """The path is asked for, so that items are rows; their shops are regions, with placeholders."""
    query = "{ items { path length shop { length } } shops { length } }"
    plan = ask.plan(query)
    data = ask.run(plan).data
    assert isinstance(data["items"][0]["shop"], Json)
    assert isinstance(data["shops"], Json)
    called = [keys for _, keys in calls]
    assert sorted(key for keys in called for key in keys) == ["cup", "hat", "north", "pen", "south"]
    assert len(called) <= 2
    assert ask(query) == plain(data)


def test_what_is_asked_differently_is_another_call(ask: Asker) -> None:
    query = "query($n: Int!) { items(first: 1) { a: rankValue b: rankValue(times: 2) c: rankValue(times: $n) d: rankValue(times: 1) } }"
    assert written(ask, query, variables={"n": 2}) == {"items": [{"a": 2, "b": 4, "c": 4, "d": 2}]}
    assert len(calls) == 2
    assert ask(query, variables={"n": 3})["items"][0]["c"] == 6


def test_keys_are_those_of_rows(ask: Asker) -> None:
    """Of the same types, with NULL, in the order of their appearance."""
    query = "{ items { keys } }"
    written(ask, query)
    compiled = repr(calls)
    calls.clear()
    ask.run(ask.plan(query, "rounds"))
    assert repr(calls) == compiled
    assert "datetime.timezone.utc" in compiled
    assert "'ff'" in compiled
    ask(query)


def test_a_batch_function_reads_the_operations_snapshot(ask: Asker, engine: Engine) -> None:
    assert written(ask, "{ shops { itemCount } }") == {"shops": [{"itemCount": 2}, {"itemCount": 1}]}
    ask("{ shops { itemCount items { name } } }")


@pytest.mark.parametrize(
    ("field", "errors"),
    [
        ("rankValue", {2: "no rank"}),
        ("failing", {0: "all True", 1: "all True", 2: "all True"}),
        ("refused", {0: "Int cannot represent non-integer value: 'x'"}),
        ("noList", {0: "Expected Iterable, but did not find one for field 'Item.noList'."}),
        ("shout", {0: "a pen is silent"}),
    ],
)
def test_an_error_of_one_key_is_one_error(ask: Asker, field: str, errors: dict[int, str]) -> None:
    query = f"{{ items {{ name {field} }} shops {{ name length }} }}"
    result = ask.result(query)
    assert {error.path[1]: error.message for error in result.errors} == errors
    assert [each["name"] for each in result.data["items"]] == ["pen", "cup", "hat"]
    assert result.data["shops"] == [{"name": "north", "length": 5}, {"name": "south", "length": 5}]
    calls.clear()
    data = ask.run(ask.plan(query)).data
    assert isinstance(data["shops"], Json)
    # What was asked before is not asked again.
    assert len({name for name, _ in calls}) == len(calls)


@pytest.mark.parametrize("field", ["mustRank", "half", "mustGrid", "mustCode", "noteShout", "label"])
def test_null_where_it_is_forbidden(ask: Asker, field: str) -> None:
    """And exceptions there: the object is null, or what holds it."""
    for query in (
        f'{{ item(id: "2") {{ name {field} }} shops {{ name }} }}',
        f'{{ item(id: "3") {{ name {field} }} shops {{ name }} }}',
        f"{{ items {{ {field} }} }}",
        f'{{ shop(id: "1") {{ name itemPage {{ nodes {{ {field} }} }} }} }}',
    ):
        ask.result(query)
    result = ask.result(f'{{ a: item(id: "1") {{ {field} }} b: items {{ {field} }} }}')
    assert result.data is None
    assert result.errors


def test_lists_of_leaves(ask: Asker) -> None:
    query = '{ item(id: "1") { letters grid mustGrid } b: item(id: "3") { letters grid noList } }'
    assert written(ask, query) == {
        "item": {"letters": ["p", "e", "n"], "grid": [[2, None], None, []], "mustGrid": [[2, 1]]},
        "b": {"letters": ["h", "a", "t"], "grid": None, "noList": []},
    }
    ask(query)


@pytest.mark.parametrize("field", ["rankValue", "label"])
def test_an_argument_error_is_the_fields(ask: Asker, field: str) -> None:
    query = f"query($v: Int) {{ items {{ name {field}(times: $v) }} shops {{ name length }} }}"
    result = ask.result(query, variables={"v": None})
    assert result.errors[0].path == ["items", 0, field]
    assert {error.message for error in result.errors} == {
        "Argument 'times' has invalid value: Expected variable '$v' provided to non-null type 'Int!' not to be None."
    }
    written_ = ask.run(ask.plan(query), variables={"v": None}).data
    assert written_ is None or isinstance(written_["shops"], Json)


def test_an_answer_of_another_length_is_the_declarations_error(ask: Asker) -> None:
    result = ask.result("{ shops { name items { name } } }")
    assert result.errors is None
    for strategy in ("compiled", "rounds"):
        result = ask.run(ask.plan("{ items { name tooFew } }", strategy))
        assert {error.message for error in result.errors} == {
            f"Item.tooFew: batch function {too_few.__qualname__} was given 3 keys and returned 4 values; "
            f"it must return a sequence of one value a key, in order"
        }


def test_a_batch_function_that_fails_in_sql_leaves_all_else_right(ask: Asker) -> None:
    """Its transaction cannot be read in any more: all is answered in rounds, of another snapshot."""
    query = "{ shops { name } items { name broken } }"
    compiled, rounds = (ask.run(ask.plan(query, strategy)) for strategy in ("compiled", "rounds"))
    assert plain(compiled.data) == rounds.data
    assert [error.path for error in compiled.errors] == [error.path for error in rounds.errors]
    assert [error.path for error in compiled.errors] == [["items", i, "broken"] for i in range(3)]
    assert "division by zero" in compiled.errors[0].message


@pytest.mark.parametrize("strategy", ["compiled", "rounds"])
def test_what_is_to_be_tried_again_is_no_error_of_a_field(ask: Asker, strategy: Strategy) -> None:
    with ask.database.open(None, bff.Deadline.after(20)) as scope, pytest.raises(TryAgain, match="not now"):
        run(ask.plan("{ items { name away } }", strategy), variables=None, context=scope)


# Resolvers


def test_resolvers_have_the_columns_that_they_need(ask: Asker, count_sql: Any) -> None:
    query = '{ item(id: "1") { label a: label(sep: "/", times: 2) half constant } b: item(id: "3") { label constant } }'
    with count_sql(ask.database.engine) as counted:
        data = written(ask, query)
    assert counted.count == 1
    one = "pen-2-('datetime', 'UTC')-ff"
    assert data["item"] == {"label": one, "a": "/".join([one.replace("-", "/")] * 2), "half": 1.0, "constant": 7}
    assert data["b"] == {"label": "hat-None-('datetime', 'UTC')-10", "constant": 7}
    ask(query)


def test_a_column_that_is_not_needed_is_an_error_in_rounds(ask: Asker) -> None:
    messages = []
    for strategy in ("compiled", "rounds"):
        result = ask.run(ask.plan('{ item(id: "1") { peeks } }', strategy))
        messages.append([error.message for error in result.errors])
    assert messages[0] == messages[1]
    assert "note" in messages[0][0]


def test_no_call_changes_the_arguments_of_the_next(ask: Asker) -> None:
    query = 'query($t: [String!]!) { items { a: pops(tags: ["x", "y"]) b: pops(tags: $t) } }'
    assert written(ask, query, variables={"t": ["p", "q"]}) == {"items": [{"a": "y1", "b": "q1"}] * 3}
    ask(query, variables={"t": ["p", "q"]})


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("path", ["items/0/path", "items/1/path", "items/2/path"]),
        ("guarded", [None, "cup", "hat"]),
        ("doubled", ["penpen", "cupcup", "hathat"]),
    ],
)
def test_what_is_told_where_it_is_called_is_no_hole(ask: Asker, field: str, values: list[Any]) -> None:
    query = f"{{ items {{ {field} shop {{ name }} }} }}"
    whole = ask.plan(query).whole()
    assert list(whole.regions.reasons.values()) == [f"Item.{field} is a resolver with objects, `info` or extensions"]
    assert [each.key for each in whole.regions.of] == ["shop"]
    result = ask.result(query)
    assert [each[field] for each in result.data["items"]] == values
    assert [error.message for error in result.errors or []] == (["not allowed"] if field == "guarded" else [])


# Columns


def test_columns_and_scalars_of_the_hosts_own(ask: Asker, count_sql: Any) -> None:
    query = '{ items(filter: {name: {ne: "pen"}}) { code shout } item(id: "1") { mustCode noteShout } }'
    with count_sql(ask.database.engine) as counted:
        data = written(ask, query)
    assert counted.count == 1
    assert data == {
        "items": [{"code": None, "shout": 'CUP"!'}, {"code": "10", "shout": 'HAT"!'}],
        "item": {"mustCode": "ff", "noteShout": 'A "B" \\\\ C"!'},
    }
    assert ask(query) == data
    ask('{ item(id: "3") { noteShout } }')


def test_cursors_are_signed_outside_of_the_statement(ask: Asker, count_sql: Any) -> None:
    query = "{ itemPage(first: 2) { edges { cursor node { length } } pageInfo { startCursor endCursor hasNextPage } } }"
    with count_sql(ask.database.engine) as counted:
        page = written(ask, query)["itemPage"]
    assert counted.count == 1
    assert "of the tests" not in str(counted)
    assert [each["cursor"] for each in page["edges"]] == [
        page["pageInfo"]["startCursor"],
        page["pageInfo"]["endCursor"],
    ]
    after = f'{{ itemPage(after: "{page["pageInfo"]["endCursor"]}") {{ nodes {{ name }} }} }}'
    assert ask(after) == {"itemPage": {"nodes": [{"name": "cup"}]}}
    assert ask(query)["itemPage"] == page
