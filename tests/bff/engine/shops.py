"""Shops and their items, with leaves of all kinds that need Python."""

import datetime
import decimal
import enum
import json
import uuid
from collections.abc import Callable
from typing import Any, NewType

import strawberry
from sqlalchemy import DateTime, ForeignKey, Integer, String, TypeDecorator, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig

import bff
from bff.errors import TryAgain
from bff.json_text import Json
from bff.plan.plan import Strategy
from tests.bff.asking import Asker


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


def written(ask: Asker, query: str, strategy: Strategy = "compiled", **options: Any) -> Any:
    """The data of a query, each root field of which is finished JSON."""
    plan = ask.plan(query, strategy)
    assert plan.whole().regions.reasons == {}
    calls.clear()
    data = ask.run(plan, **options).data
    assert all(isinstance(each, Json) for each in data.values())
    return {key: json.loads(each.text) for key, each in data.items()}
