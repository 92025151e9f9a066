from __future__ import annotations

import pytest
from sqlalchemy import ForeignKey, desc, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from bff import DeclarationError
from bff.entities.entity import Entity
from bff.entities.order import Ordering, default_order, order_by, total_order


class Base(DeclarativeBase):
    pass


class Shelf(Base):
    __tablename__ = "shelves"
    id: Mapped[int] = mapped_column(primary_key=True)
    as_bound: Mapped[list[Book]] = relationship(order_by="Book.title, desc(Book.written)", viewonly=True)
    as_found: Mapped[list[Book]] = relationship(viewonly=True)
    by_length: Mapped[list[Book]] = relationship(order_by=lambda: desc(func.length(Book.title)), viewonly=True)


class Book(Base):
    __tablename__ = "books"
    shelf_id: Mapped[int] = mapped_column(ForeignKey("shelves.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    written: Mapped[int]
    lent: Mapped[int | None]


BOOKS = Entity(Book, Book, "Book", None)
KEY = (Ordering("shelf_id"), Ordering("place"))


def test_a_name_may_be_descending() -> None:
    assert Ordering.parse("title") == Ordering("title")
    assert Ordering.parse("-title") == Ordering("title", descending=True)


def test_the_primary_key_closes_an_order() -> None:
    assert order_by(BOOKS, ("-written",)) == (Ordering("written", descending=True), *KEY)
    assert order_by(BOOKS, ()) == KEY


def test_what_is_named_of_the_primary_key_is_not_repeated() -> None:
    assert order_by(BOOKS, ("-place", "title")) == (
        Ordering("place", descending=True),
        Ordering("title"),
        Ordering("shelf_id"),
    )
    assert total_order(BOOKS, KEY) == KEY


def test_a_relationship_may_have_an_order_of_its_own() -> None:
    relationships = Shelf.__mapper__.relationships
    assert default_order(BOOKS, relationships["as_bound"], "Shelf.books") == (
        Ordering("title"),
        Ordering("written", descending=True),
        *KEY,
    )
    assert default_order(BOOKS, relationships["as_found"], "Shelf.books") == KEY


def test_an_order_of_no_column_is_refused() -> None:
    with pytest.raises(
        DeclarationError, match=r"^Shelf\.books: order_by of the relationship is not made of columns of Book"
    ):
        default_order(BOOKS, Shelf.__mapper__.relationships["by_length"], "Shelf.books")


# By name, whether it is descending, and the order itself.
AS_POSTGRESQL = {
    "plain": (False, Book.lent),
    "asc": (False, Book.lent.asc()),
    "last": (False, Book.lent.nulls_last()),
    "asc_last": (False, Book.lent.asc().nulls_last()),
    "desc_first": (True, Book.lent.desc().nulls_first()),
    "never_null": (False, Book.written.nulls_first()),
    "desc_never_null": (True, Book.written.desc().nulls_last()),
}
OTHERWISE = {
    "first": Book.lent.nulls_first(),
    "asc_first": Book.lent.asc().nulls_first(),
    "desc_last": Book.lent.desc().nulls_last(),
}
for name, clause in {**{key: each for key, (_, each) in AS_POSTGRESQL.items()}, **OTHERWISE}.items():
    setattr(Shelf, name, relationship(Book, order_by=clause, viewonly=True))
Shelf.negative = relationship(Book, order_by=-Book.written, viewonly=True)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", AS_POSTGRESQL)
def test_null_may_be_placed_where_postgresql_has_it(name: str) -> None:
    [first, *_] = default_order(BOOKS, Shelf.__mapper__.relationships[name], "Shelf.books")
    assert first.descending is AS_POSTGRESQL[name][0]


@pytest.mark.parametrize("name", OTHERWISE)
def test_null_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(DeclarationError, match=r"Shelf.books: .* NULLS .* a hybrid property .* whether lent is NULL"):
        default_order(BOOKS, Shelf.__mapper__.relationships[name], "Shelf.books")


def test_an_order_by_an_expression_is_none_by_its_column() -> None:
    with pytest.raises(DeclarationError, match="not made of columns of Book"):
        default_order(BOOKS, Shelf.__mapper__.relationships["negative"], "Shelf.books")
