"""Where two values are equal just when PostgreSQL's texts of them are."""

import uuid
from typing import Any

import pytest
from sqlalchemy import Enum, Integer, Numeric, String, Uuid
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.types import CHAR

from bff.columns.text_equality import as_text_of, is_exact
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
