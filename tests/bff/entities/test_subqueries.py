"""Attributes that are subqueries over other rows: hybrids and column properties that SQLAlchemy correlates itself.

The forms are those of SQLAlchemy's documentation, "SQL Expressions as Mapped Attributes" and "Hybrid Attributes"; the
right values are those of a `Session` on the same engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import strawberry
from sqlalchemy import Engine, ForeignKey, MetaData, create_engine, exists, func, select, text, union_all
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    column_property,
    mapped_column,
    object_session,
    relationship,
)

import bff
from tests.bff.asking import Asker


def _read(row: Any, statement: Any) -> Any:
    session = object_session(row)
    assert session is not None
    return session.scalar(statement)


class Base(DeclarativeBase):
    metadata = MetaData()


class UserRow(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    boss_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    boss: Mapped[UserRow | None] = relationship(remote_side=id)
    reports: Mapped[list[UserRow]] = relationship(back_populates="boss", order_by="UserRow.id")
    accounts: Mapped[list[AccountRow]] = relationship(back_populates="user", order_by="AccountRow.id")

    @hybrid_property
    def total(self) -> int | None:
        return sum(each.balance for each in self.accounts) or None

    @total.inplace.expression
    @classmethod
    def _total(cls) -> Any:
        return select(func.sum(AccountRow.balance)).where(AccountRow.user_id == cls.id).label("total")

    @hybrid_property
    def total_or_zero(self) -> int:
        return self.total or 0

    @total_or_zero.inplace.expression
    @classmethod
    def _total_or_zero(cls) -> Any:
        balances = select(func.sum(AccountRow.balance)).where(AccountRow.user_id == cls.id).scalar_subquery()
        return func.coalesce(balances, 0)

    @hybrid_property
    def is_rich(self) -> bool:
        return any(each.balance > 6 for each in self.accounts)

    @is_rich.inplace.expression
    @classmethod
    def _is_rich(cls) -> Any:
        return exists().where(AccountRow.user_id == cls.id, AccountRow.balance > 6)

    @hybrid_property
    def archived(self) -> Any:
        return _read(self, select(func.sum(ArchivedRow.balance)).where(ArchivedRow.user_id == self.id))

    @archived.inplace.expression
    @classmethod
    def _archived(cls) -> Any:
        """Of the table of the same name in another schema."""
        return select(func.sum(ArchivedRow.balance)).where(ArchivedRow.user_id == cls.id).scalar_subquery()

    @hybrid_property
    def record(self) -> Any:
        accounts = _read(self, select(AccountRow.id).where(AccountRow.user_id == self.id, AccountRow.balance == 7))
        archived = _read(self, select(ArchivedRow.id).where(ArchivedRow.user_id == self.id, ArchivedRow.balance == 400))
        return accounts if accounts is not None else archived

    @record.inplace.expression
    @classmethod
    def _record(cls) -> Any:
        """A UNION; each of its SELECTs correlates."""
        accounts = select(AccountRow.id).where(AccountRow.user_id == cls.id, AccountRow.balance == 7)
        archived = select(ArchivedRow.id).where(ArchivedRow.user_id == cls.id, ArchivedRow.balance == 400)
        return union_all(accounts, archived).scalar_subquery()

    @hybrid_property
    def peers(self) -> int:
        return 0 if self.boss is None else len(self.boss.reports)

    @peers.inplace.expression
    @classmethod
    def _peers(cls) -> Any:
        """Over another alias of the same table."""
        other = aliased(UserRow)
        return select(func.count(other.id)).where(other.boss_id == cls.boss_id).scalar_subquery()

    @hybrid_property
    def everyone(self) -> Any:
        return _read(self, select(func.count(AccountRow.id)))

    @everyone.inplace.expression
    @classmethod
    def _everyone(cls) -> Any:
        """One that names no row of its own."""
        return select(func.count(AccountRow.id)).scalar_subquery()

    @hybrid_property
    def deepest(self) -> int:
        return sum(each.balance == max(each.balance for each in self.accounts) for each in self.accounts)

    @deepest.inplace.expression
    @classmethod
    def _deepest(cls) -> Any:
        """A subquery within the subquery; each correlates with the one around it."""
        richest = (
            select(func.max(AccountRow.balance)).where(AccountRow.user_id == cls.id).correlate(cls).scalar_subquery()
        )
        return (
            select(func.count(AccountRow.id))
            .where(AccountRow.user_id == cls.id, AccountRow.balance == richest)
            .scalar_subquery()
        )


class AccountRow(Base):
    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    balance: Mapped[int]
    user: Mapped[UserRow] = relationship(back_populates="accounts")


class ArchivedRow(Base):
    __tablename__ = "accounts"
    __table_args__ = {"schema": "archive"}  # noqa: RUF012
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    balance: Mapped[int]


UserRow.largest = column_property(
    select(func.max(AccountRow.balance)).where(AccountRow.user_id == UserRow.id).scalar_subquery()
)


@bff.entity(UserRow, policy=bff.public)
class User(bff.Node):
    id: strawberry.ID
    total: int | None
    total_or_zero: int
    is_rich: bool
    archived: int | None
    record: int | None
    peers: int
    everyone: int
    deepest: int
    largest: int | None
    boss: User | None
    reports: list[User]


@bff.entity(AccountRow, policy=bff.public)
class Account(bff.Node):
    id: strawberry.ID
    balance: int
    user: User


@strawberry.type
class Query:
    user: User | None = bff.lookup()
    users: list[User] = bff.collection(order=["id"])
    page: bff.Connection[User] = bff.collection(order=["id"])
    accounts: list[Account] = bff.collection(order=["id"])


SCHEMA = bff.Schema(Query)
NAMES = {name: "".join(part.title() if i else part for i, part in enumerate(name.split("_"))) for name in (
    "total", "total_or_zero", "is_rich", "archived", "record", "peers", "everyone", "deepest", "largest",
)}  # fmt: skip
FIELDS = "id " + " ".join(NAMES.values())


@pytest.fixture(scope="module")
def engine(make_database: Callable[[], str]) -> Iterator[Engine]:
    engine = create_engine(make_database())
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA archive"))
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(UserRow(id=id, boss_id=boss) for id, boss in [(1, None), (2, 1), (3, 1), (4, 2)])
        session.flush()
        balances = [(1, 5), (1, 7), (2, 3), (3, 4)]
        session.add_all(AccountRow(id=i, user_id=user, balance=balance) for i, (user, balance) in enumerate(balances))
        session.add_all(ArchivedRow(id=user, user_id=user, balance=100 * user) for user in (1, 4))
        session.commit()
    yield engine
    engine.dispose()


@pytest.fixture
def ask(engine: Engine) -> Asker:
    return Asker(SCHEMA, engine)


@pytest.fixture
def right(engine: Engine) -> dict[str, dict[str, Any]]:
    """The fields of each user by its id, as a Session reads them."""
    with Session(engine) as session:
        rows = session.execute(select(UserRow.id, *(getattr(UserRow, name) for name in NAMES))).all()
    return {str(id): {"id": str(id), **dict(zip(NAMES.values(), values, strict=True))} for id, *values in rows}


def test_the_session_itself_correlates(right: dict[str, dict[str, Any]]) -> None:
    assert [right[id]["total"] for id in "1234"] == [12, 3, 4, None]
    assert [right[id]["archived"] for id in "1234"] == [100, None, None, 400]


def test_in_lists_pages_lookups_and_below(ask: Asker, right: dict[str, dict[str, Any]]) -> None:
    users = [right[id] for id in "1234"]
    assert ask(f"{{ users {{ {FIELDS} }} }}") == {"users": users}
    assert ask(f"{{ page {{ nodes {{ {FIELDS} }} }} }}") == {"page": {"nodes": users}}
    assert ask(f'{{ user(id: "3") {{ {FIELDS} }} }}') == {"user": right["3"]}
    assert ask(f"{{ accounts {{ user {{ {FIELDS} }} }} }}") == {"accounts": [{"user": right[id]} for id in "1123"]}
    assert ask(f"{{ users {{ boss {{ {FIELDS} }} reports {{ {FIELDS} }} }} }}") == {
        "users": [
            {"boss": None, "reports": [right["2"], right["3"]]},
            {"boss": right["1"], "reports": [right["4"]]},
            {"boss": right["1"], "reports": []},
            {"boss": right["2"], "reports": []},
        ]
    }


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        ("filter: {total: {gt: 3}}", "13"),
        ("filter: {total: {isNull: true}}", "4"),
        ("filter: {isRich: {eq: true}}", "1"),
        ("orderBy: [TOTAL_OR_ZERO_DESC]", "1324"),
        ("orderBy: [TOTAL_ASC]", "2314"),
    ],
)
def test_filters_and_orders(ask: Asker, right: dict[str, dict[str, Any]], arguments: str, ids: str) -> None:
    assert ask(f"{{ users({arguments}) {{ {FIELDS} }} }}") == {"users": [right[id] for id in ids]}
