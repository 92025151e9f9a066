from __future__ import annotations

import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bff import BadUserInput
from bff.entities.entity import Entity
from bff.entities.global_id import global_id, key_text, parse_key_text


class Base(DeclarativeBase):
    pass


class Seat(Base):
    __tablename__ = "seats"
    row: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)


class Hall(Base):
    __tablename__ = "halls"
    name: Mapped[str] = mapped_column(primary_key=True)


SEATS, HALLS = Entity(Seat, Seat, "Seat", None), Entity(Hall, Hall, "Hall", None)


@pytest.mark.parametrize(
    ("entity", "key", "text"),
    [
        (HALLS, ("main",), "main"),
        (HALLS, ("50%, or more",), "50%, or more"),
        (SEATS, ("A", 7), "A,7"),
        (SEATS, ("A,B%2C", 7), "A%2CB%252C,7"),
    ],
)
def test_a_key_is_read_as_it_was_written(entity: Entity, key: tuple[object, ...], text: str) -> None:
    assert key_text(key) == text
    assert parse_key_text(entity, text) == key
    assert global_id(entity, key) == f"{entity.name}:{text}"


@pytest.mark.parametrize(("text", "values"), [("A", 1), ("A,B,7", 3)])
def test_another_number_of_values_is_refused(text: str, values: int) -> None:
    with pytest.raises(BadUserInput, match=f"^a global id of Seat has 2 key values, not {values}$"):
        parse_key_text(SEATS, text)


def test_a_value_of_another_type_is_refused() -> None:
    with pytest.raises(BadUserInput, match="the global id of Seat"):
        parse_key_text(SEATS, "A,seven")
