"""Where two values are equal just when PostgreSQL's texts of them are."""

import datetime
import enum
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import (
    ARRAY,
    CHAR,
    BigInteger,
    Boolean,
    Connection,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    Numeric,
    String,
    Text,
    Uuid,
    cast,
    create_engine,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import CITEXT

from bff.columns.text_equality import are_alike, as_text_of, is_exact
from tests.bff.entities.ships import Reversed


@pytest.mark.parametrize(
    ("type_", "exact"),
    [
        (Integer(), True),
        (String(), True),
        (String(5), True),
        (String(collation="C"), True),
        (String(collation="ignores_case"), False),
        (Uuid(), True),
        (Uuid(as_uuid=False), True),
        (Uuid(native_uuid=False), False),
        (CHAR(5), False),
        (Reversed(), False),
        (Numeric(), False),
        (CITEXT(), False),
        (Enum("a", "b", name="e"), False),
    ],
)
def test_columns_whose_text_is_their_equality(type_: Any, exact: bool) -> None:
    assert is_exact(type_) is exact


def test_a_uuid_kept_as_text_has_another_text() -> None:
    """Without dashes: whoever looked for it with them would miss its changes."""
    as_text = as_text_of(Uuid())
    assert as_text is not None
    assert as_text(uuid.UUID(int=1)) == "00000000-0000-0000-0000-000000000001"
    assert as_text_of(Uuid(native_uuid=False)) is None


# Texts of values, compared with PostgreSQL's


class Side(enum.Enum):
    LEFT = "l"
    RIGHT = "r"


@pytest.fixture(scope="module")
def connection(make_database: Callable[[], str]) -> Iterator[Connection]:
    engine = create_engine(make_database())
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (Integer(), [0, -7, 2**31 - 1]),
        (BigInteger(), [-(2**63)]),
        (Boolean(), [True, False]),
        (Uuid(), [uuid.UUID(int=1)]),
        (Uuid(as_uuid=False), ["00000000-0000-0000-0000-00000000000A"]),
        (Date(), [datetime.date(1, 1, 1), datetime.date(9999, 12, 31)]),
        (String(), ["", "a", "É ", "'%\\"]),
        (Text(collation="C"), ["a"]),
        (Enum(Side, native_enum=False), list(Side)),
        (Enum(Side, native_enum=False, values_callable=lambda all_: [each.value for each in all_]), list(Side)),
        (Enum("a", "b", native_enum=False), ["a"]),
        (Reversed(), ["abc"]),
    ],
    ids=repr,
)
def test_a_value_has_postgresqls_text(connection: Connection, type_: Any, values: list[Any]) -> None:
    as_text = as_text_of(type_)
    assert as_text is not None
    for value in values:
        assert as_text(value) == connection.scalar(select(cast(literal(value, type_), Text())))


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (Integer(), True),
        (Integer(), "1"),
        (Integer(), 1.0),
        (Boolean(), 1),
        (Date(), datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)),
        (String(), 5),
        (Uuid(), "no uuid"),
        (Uuid(), 5),
    ],
)
def test_a_value_of_another_type_has_no_text_that_could_be_told(type_: Any, value: Any) -> None:
    """A boolean is an integer to Python, and a datetime a date."""
    as_text = as_text_of(type_)
    assert as_text is not None
    assert as_text(value) is None


@pytest.mark.parametrize(
    "type_",
    [CHAR(5), CITEXT(), Numeric(), Float(), DateTime(), String(collation="ignores_case"), ARRAY(Integer)],
    ids=repr,
)
def test_types_whose_values_are_equal_under_other_texts(type_: Any) -> None:
    assert as_text_of(type_) is None
    assert not are_alike(type_, type_)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (Integer(), BigInteger(), True),
        (String(3), Text(), True),
        (Enum("a", name="e"), String(), True),
        (Uuid(), Uuid(as_uuid=False), True),
        (Integer(), String(), False),
        (Uuid(), Uuid(native_uuid=False), False),
        (Boolean(), Integer(), False),
        (Date(), DateTime(), False),
        (String(), CHAR(3), False),
    ],
)
def test_types_that_are_equal_by_their_texts(one: Any, other: Any, alike: bool) -> None:
    assert are_alike(one, other) is are_alike(other, one) is alike
