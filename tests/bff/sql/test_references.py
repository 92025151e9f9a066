"""The tables and columns that a statement mentions, whatever SQLAlchemy makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import ForeignKey, Integer, Text, column, func, literal, literal_column, select, table, text, tuple_
from sqlalchemy.orm import DeclarativeBase, Mapped, aliased, column_property, joinedload, mapped_column, relationship

from bff.sql.references import leaves, references_of, table_of, union


class Base(DeclarativeBase):
    pass


class ShopRow(Base):
    __tablename__ = "shops"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    items: Mapped[list[ItemRow]] = relationship(back_populates="shop")


class ItemRow(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    rank: Mapped[int] = mapped_column("place")
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    shop: Mapped[ShopRow] = relationship(back_populates="items")
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "item"}  # noqa: RUF012


class BookRow(ItemRow):
    """In a table of its own, joined to that of items."""

    __tablename__ = "books"
    id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    title: Mapped[str]
    __mapper_args__ = {"polymorphic_identity": "book"}  # noqa: RUF012


ItemRow.neighbours = column_property(
    select(func.count()).where(ShopRow.id == ItemRow.shop_id).correlate_except(ShopRow).scalar_subquery(), deferred=True
)


def mentioned(statement: Any) -> dict[str, list[str] | None]:
    found = references_of(statement).of_tables()
    return {each.name: None if names is None else sorted(names) for each, names in found.items()}


OTHER = aliased(ItemRow)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (select(ShopRow.name), {"shops": ["name"]}),
        (select(func.count()).select_from(ShopRow), {"shops": []}),
        (select(ItemRow.rank), {"items": ["place"]}),
        (select(literal(1)), {}),
        (select(ShopRow.name).where(ShopRow.items.any(ItemRow.rank > 1)), {"shops": ["id", "name"], "items": ["place", "shop_id"]}),
        (select(ItemRow.id).join(OTHER, OTHER.rank == ItemRow.rank), {"items": ["id", "place"]}),
        (select(ItemRow.id).where(ItemRow.shop.has(name="x")), {"items": ["id", "shop_id"], "shops": ["id", "name"]}),
        (select(ItemRow.neighbours), {"items": ["shop_id"], "shops": ["id"]}),
        (select(ItemRow.id).order_by(ItemRow.rank), {"items": ["id", "place"]}),
        (select(BookRow.title), {"items": ["id"], "books": ["id", "title"]}),
        (select(ShopRow).options(joinedload(ShopRow.items).load_only(ItemRow.kind)), {"shops": ["id", "name"], "items": ["id", "kind", "shop_id"]}),
        (select(literal(1)).where(tuple_(ShopRow.id, ShopRow.name).in_([(1, "x")])), {"shops": ["id", "name"]}),
        (select(ShopRow.__table__.table_valued()), {"shops": None}),
        (select(ShopRow.id, ShopRow.__table__.table_valued()), {"shops": None}),
        (select(ShopRow.__table__.tablesample(5).c.id), {"shops": ["id"]}),
        (select(select(ShopRow.id, ShopRow.name).cte("named").c.id), {"shops": ["id", "name"]}),
        (select(ShopRow.id).union(select(ItemRow.shop_id)), {"shops": ["id"], "items": ["shop_id"]}),
    ],
)  # fmt: skip
def test_tables_with_their_columns(statement: Any, expected: dict[str, list[str] | None]) -> None:
    """By their names in the database; of a row as a value, any of them."""
    assert mentioned(statement) == expected
    assert not references_of(statement).is_opaque


@pytest.mark.parametrize(
    ("expression", "opaque"),
    [
        (literal_column("1"), False),
        (literal_column("NULL::text"), False),
        (literal_column("'it'"), False),
        (literal_column(" -1.5 "), False),
        (literal_column("true"), False),
        (func.count(text("*")), False),
        (literal_column("(SELECT max(id) FROM items)"), True),
        (literal_column("now()"), True),
        (text("name"), True),
        (literal_column("'a' || name"), True),
        (literal_column("'a' || 'b'"), True),
    ],
    ids=str,
)
def test_text_that_may_read_anything(expression: Any, opaque: bool) -> None:
    assert references_of(select(ShopRow.id, expression)).is_opaque is opaque


def test_a_statement_that_is_text_is_opaque() -> None:
    found = references_of(text("SELECT id FROM shops").columns(column("id", Integer)).subquery().select())
    assert found.is_opaque
    assert found.of_tables() == {}
    assert references_of(text("SELECT 1")).is_opaque


def test_each_alias_is_told_apart() -> None:
    """So that what the layer itself mentions of one can be left out."""
    mine, theirs = (aliased(ItemRow, flat=True) for _ in range(2))
    found = references_of(select(mine.id, mine.kind).where(select(theirs.rank).exists()))
    [one, other] = sorted(found.of, key=lambda each: -len(found.of[each] or ()))
    assert (found.of[one], found.of[other]) == ({"id", "kind"}, {"place"})
    items: Any = ItemRow.__table__
    assert found.of_tables() == {items: {"id", "kind", "place"}}
    assert found.of_tables(but_for=[one]) == {items: {"place"}}
    assert found.of_tables(but_for=[one, other]) == {}


def test_what_is_no_table_is_not_mentioned() -> None:
    numbers = func.unnest(literal([1])).table_valued(column("n", Integer), name="numbers")
    assert mentioned(select(numbers.c.n)) == {}
    assert mentioned(select(table("view_of", column("x", Text())).c.x)) == {}


def test_the_tables_that_a_class_is_read_from() -> None:
    books: Any = BookRow.__mapper__.selectable
    assert [table_of(each) for each in leaves(books)] == [ItemRow.__table__, BookRow.__table__]
    flat: Any = aliased(BookRow, flat=True).__mapper__.selectable
    assert {table_of(each) for each in leaves(flat)} == {ItemRow.__table__, BookRow.__table__}
    shops: Any = ShopRow.__table__
    assert list(leaves(shops.alias().alias())) != []
    assert table_of(shops.alias().alias()) is shops
    assert table_of(select(ShopRow.id).subquery()) is None


def test_any_column_and_some_are_any() -> None:
    assert union(frozenset("a"), frozenset("b")) == {"a", "b"}
    assert union(None, frozenset("b")) is union(frozenset("a"), None) is None
