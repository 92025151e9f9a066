"""Policies in the host's own ORM statements, and the expressions a policy may be made of."""

from __future__ import annotations

import enum
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import pytest
import strawberry
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Engine,
    ForeignKey,
    Text,
    any_,
    bindparam,
    cast,
    create_engine,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    joinedload,
    mapped_column,
    relationship,
    selectinload,
)

import bff
from bff.database.session import Database
from bff.entities.policy import Policies, ViewerParameters
from tests.bff.asking import Asker


class Base(DeclarativeBase):
    pass


class Folder(Base):
    __tablename__ = "folders"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("folders.id"))
    children: Mapped[list[Folder]] = relationship(order_by="Folder.id")
    papers: Mapped[list[Paper]] = relationship(back_populates="folder", order_by="Paper.id")


class Paper(Base):
    __tablename__ = "papers"
    id: Mapped[int] = mapped_column(primary_key=True)
    folder_id: Mapped[int] = mapped_column(ForeignKey("folders.id"))
    text: Mapped[str]
    folder: Mapped[Folder] = relationship(back_populates="papers")
    remarks: Mapped[list[Remark]] = relationship(back_populates="paper", order_by="Remark.id")


class Remark(Base):
    __tablename__ = "remarks"
    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id"))
    paper: Mapped[Paper] = relationship(back_populates="remarks")


@dataclass(frozen=True)
class Reader:
    tenant: str
    role: str = "member"
    folders: list[int] = field(default_factory=list)


POLICIES = Policies(
    {
        Folder: lambda folder, reader: folder.tenant == reader.tenant,
        Paper: bff.through("folder"),
        Remark: bff.through("paper"),
    }
)


@pytest.fixture(scope="module")
def engine(make_database: Callable[[], str]) -> Iterator[Engine]:
    engine = create_engine(make_database())
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        # Folder 3 is the south's, inside of the north's folder 1.
        session.add_all([Folder(id=1, tenant="north"), Folder(id=2, tenant="south")])
        session.flush()
        session.add(Folder(id=3, tenant="south", parent_id=1))
        session.flush()
        session.add_all(
            Paper(id=id_, folder_id=folder, text=f"p{id_}") for id_, folder in [(1, 1), (2, 1), (3, 2), (4, 3)]
        )
        session.flush()
        session.add_all(Remark(id=id_, paper_id=paper) for id_, paper in [(1, 1), (2, 3), (3, 4)])
        session.commit()
    yield engine
    engine.dispose()


@pytest.fixture
def sees(engine: Engine) -> Iterator[Callable[[object | None], Session]]:
    database = Database(engine, POLICIES)
    sessions: list[Session] = []

    def of(viewer: object | None) -> Session:
        sessions.append(database.police(Session(engine), viewer))
        return sessions[-1]

    yield of
    for session in sessions:
        session.close()


Sees = Callable[[object | None], Session]
NORTH, SOUTH = Reader("north"), Reader("south")


@pytest.mark.parametrize(
    ("viewer", "papers", "remarks"), [(NORTH, [1, 2], [1]), (SOUTH, [3, 4], [2, 3]), (None, [], [])]
)
def test_select_over_every_form(sees: Sees, viewer: Reader | None, papers: list[int], remarks: list[int]) -> None:
    session = sees(viewer)
    other = aliased(Paper)
    inner = select(Paper).subquery()
    assert session.scalars(select(Paper.id).order_by(Paper.id)).all() == papers
    assert [paper.id for paper in session.scalars(select(other).order_by(other.id))] == papers
    assert session.scalar(select(func.count()).select_from(Paper)) == len(papers)
    assert session.scalar(select(func.count()).select_from(inner)) == len(papers)
    assert session.scalars(select(Remark.id).join(Remark.paper).join(Paper.folder).order_by(Remark.id)).all() == remarks
    assert session.scalars(select(Folder.id).where(Folder.papers.any(Paper.id.in_([1, 2, 3, 4])))).all() == (
        [] if viewer is None else [1] if viewer is NORTH else [2, 3]
    )


def test_get_refresh_and_lazy_loads(sees: Sees) -> None:
    session = sees(NORTH)
    assert session.get(Paper, 3) is None
    paper = session.get(Paper, 1)
    assert paper is not None
    assert [remark.id for remark in paper.remarks] == [1]
    assert paper.folder.id == 1
    assert paper.folder.children == []
    session.refresh(paper)
    assert paper.text == "p1"


@pytest.mark.parametrize("load", [joinedload, selectinload])
def test_eager_loads(sees: Sees, load: Any) -> None:
    folders = sees(NORTH).scalars(select(Folder).options(load(Folder.children), load(Folder.papers))).unique().all()
    assert [(folder.id, [p.id for p in folder.papers], folder.children) for folder in folders] == [(1, [1, 2], [])]


def test_one_viewer_after_the_other(sees: Sees) -> None:
    """The text of a statement is cached across sessions; the viewer's values must not be."""
    statement = select(Paper.id).order_by(Paper.id)
    assert [sees(viewer).scalars(statement).all() for viewer in (NORTH, SOUTH, NORTH, None)] == [
        [1, 2],
        [3, 4],
        [1, 2],
        [],
    ]


def test_a_statement_keeps_its_own_parameters(sees: Sees) -> None:
    statement = select(Paper.id).where(Paper.id >= bindparam("least"))
    assert sees(NORTH).scalars(statement, {"least": 2}).all() == [2]


def test_update_and_delete_change_only_what_is_seen(sees: Sees) -> None:
    session = sees(NORTH)
    changed = session.scalars(update(Paper).values(text="changed").returning(Paper.id)).all()
    assert sorted(changed) == [1, 2]
    assert session.execute(Remark.__table__.select()).all() == [(1, 1), (2, 3), (3, 4)]
    session.query(Remark).delete()
    assert [row.id for row in session.execute(Remark.__table__.select())] == [2, 3]
    session.rollback()


def visible(engine: Engine, policy: Any, viewer: Reader | None) -> list[int]:
    database = Database(engine, Policies({Folder: policy}))
    with database.police(Session(engine), viewer) as session:
        return list(session.scalars(select(Folder.id).order_by(Folder.id)))


def test_a_policy_may_compare_what_the_viewer_is(engine: Engine) -> None:
    def policy(folder: Any, reader: Any) -> Any:
        return or_(reader.role == "admin", folder.tenant == reader.tenant)

    assert visible(engine, policy, Reader("south", role="admin")) == [1, 2, 3]
    assert visible(engine, policy, SOUTH) == [2, 3]
    assert visible(engine, policy, None) == []


def test_a_policy_may_look_into_a_list_of_the_viewer(engine: Engine) -> None:
    def policy(folder: Any, reader: Any) -> Any:
        return folder.id == any_(cast(reader.folders, ARRAY(BigInteger)))

    assert visible(engine, policy, Reader("north", folders=[2, 3])) == [2, 3]
    assert visible(engine, policy, NORTH) == []


def test_a_policy_that_reads_what_the_viewer_lacks_says_so(engine: Engine) -> None:
    with pytest.raises(bff.DeclarationError, match=r"a policy reads viewer\.team, but Reader has no attribute 'team'"):
        visible(engine, lambda folder, reader: folder.tenant == reader.team, NORTH)


def test_who_sees_the_same_rows_has_the_same_audience() -> None:
    assert POLICIES.viewer_attributes(Remark) == ("tenant",)
    assert POLICIES.audience(Remark, Reader("north", role="admin")) == POLICIES.audience(Remark, NORTH) == ("north",)
    assert POLICIES.audience(Remark, None) == (None,)


def test_through_follows_the_chain_to_its_end() -> None:
    text = str(POLICIES.condition(Remark, Remark, ViewerParameters()))
    assert text.count("EXISTS") == 2
    assert text.count("folders_1.tenant = :viewer_tenant") == 1


# A policy with a subquery of its own: who is a member sees the club, and who sees the club sees its members.


class Level(enum.StrEnum):
    """Kept by its names, which are not its texts."""

    LOW = "low"
    HIGH = "high"


class Club(Base):
    __tablename__ = "clubs"
    id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[Level] = mapped_column(default=Level.LOW)
    token: Mapped[uuid.UUID | None]
    members: Mapped[list[Member]] = relationship(back_populates="club", order_by="Member.person")


class Member(Base):
    __tablename__ = "members"
    club_id: Mapped[int] = mapped_column(ForeignKey("clubs.id"), primary_key=True)
    person: Mapped[int] = mapped_column(primary_key=True)
    club: Mapped[Club] = relationship(back_populates="members")


@dataclass(frozen=True)
class Person:
    id: int
    level: Level = Level.LOW
    levels: frozenset[Level] = frozenset()
    tokens: tuple[uuid.UUID, ...] = ()
    clubs: tuple[int, ...] = ()


CLUBS = Policies({Club: lambda club, person: club.members.any(Member.person == person.id), Member: bff.through("club")})


@pytest.fixture(scope="module")
def clubs(engine: Engine) -> Engine:
    """Clubs of persons: 1 of 1 and 2, 2 of 2 and 3, 3 of 3."""
    with Session(engine) as session:
        session.add_all(
            [
                Club(id=1, token=uuid.UUID(int=1)),
                Club(id=2, level=Level.HIGH, token=uuid.UUID(int=2)),
                Club(id=3),
            ]
        )
        session.flush()
        session.add_all(Member(club_id=c, person=p) for c, p in [(1, 1), (1, 2), (2, 2), (2, 3), (3, 3)])
        session.commit()
    return engine


@pytest.mark.parametrize(
    ("person", "clubs_of", "members_of"),
    [(1, [1], [(1, 1), (1, 2)]), (2, [1, 2], [(1, 1), (1, 2), (2, 2), (2, 3)]), (4, [], [])],
)
def test_subqueries_of_a_policy_keep_apart_from_the_statement(
    clubs: Engine, person: int, clubs_of: list[int], members_of: list[tuple[int, int]]
) -> None:
    """The host's statement and the policy read the same tables, under whatever names."""
    club, member = aliased(Club), aliased(Member)
    both = [
        select(Member.club_id, Member.person),
        select(member.club_id, member.person),
        select(member.club_id, member.person).join(member.club),
        select(Member.club_id, Member.person).join(club, Member.club),
        select(member.club_id, member.person).join(club, member.club),
        select(member.club_id, member.person).select_from(club).join(club.members.of_type(member)),
        select(Member.club_id, Member.person).where(Member.club.has()),
        select(member.club_id, member.person).where(member.club_id.in_(select(Club.id))),
    ]
    with Database(clubs, CLUBS).police(Session(clubs), Person(person)) as session:
        assert sorted(session.scalars(select(Club.id))) == clubs_of
        assert sorted(session.scalars(select(club.id).where(club.members.any()))) == clubs_of
        for statement in both:
            assert sorted(tuple(row) for row in session.execute(statement)) == members_of, statement
        eager = select(Club).options(joinedload(Club.members)).order_by(Club.id)
        loaded = [(each.id, each.members) for each in session.scalars(eager).unique()]
        assert [(id_, each.person) for id_, each_of in loaded for each in each_of] == members_of


def test_each_row_is_filtered_once(
    engine: Engine, sees: Sees, count_sql: Callable[..., AbstractContextManager[Any]]
) -> None:
    """Neither does a chain of policies filter anew at each of its steps, nor a lazy load of a lazy load."""
    session = sees(NORTH)
    with count_sql(engine) as counted:
        folder = session.scalars(select(Folder)).one()
        assert folder.papers[0].remarks[0].paper.folder is folder
    folders, papers, remarks = counted.statements
    assert folders.count("tenant = ") == 1
    assert papers.count("EXISTS") == 1
    assert remarks.count("EXISTS") == 2


def visible_clubs(engine: Engine, policy: Any, person: object | None) -> list[int]:
    database = Database(engine, Policies({Club: policy}))
    with database.police(Session(engine), person) as session:
        return list(session.scalars(select(Club.id).order_by(Club.id)))


def test_lists_of_a_viewer_compare_with_columns_of_every_type(clubs: Engine) -> None:
    def by_level(club: Any, person: Any) -> Any:
        return club.level == any_(person.levels)

    def by_token(club: Any, person: Any) -> Any:
        return or_(club.token == any_(person.tokens), club.id == any_(person.clubs))

    assert visible_clubs(clubs, by_level, Person(1, levels=frozenset({Level.HIGH}))) == [2]
    assert visible_clubs(clubs, by_level, Person(1, levels=frozenset(Level))) == [1, 2, 3]
    assert visible_clubs(clubs, by_level, Person(1)) == []
    assert visible_clubs(clubs, by_token, Person(1, tokens=(uuid.UUID(int=2), uuid.UUID(int=9)))) == [2]
    assert visible_clubs(clubs, by_token, Person(1, clubs=(3, 1))) == [1, 3]
    assert visible_clubs(clubs, by_token, Person(1)) == visible_clubs(clubs, by_token, None) == []


def test_one_attribute_may_be_compared_with_columns_and_with_text(clubs: Engine) -> None:
    def policy(club: Any, person: Any) -> Any:
        return or_(club.level == person.level, cast(person.level, Text) == "high")

    assert visible_clubs(clubs, policy, Person(1, level=Level.LOW)) == [1, 3]
    assert visible_clubs(clubs, policy, Person(1, level=Level.HIGH)) == [1, 2, 3]


@bff.entity(Club, policy=lambda club, person: club.level == any_(person.levels), name="Club")
class ClubType:
    id: strawberry.ID


@strawberry.type
class Query:
    clubs: list[ClubType] = bff.collection()
    club_pages: bff.Connection[ClubType] = bff.collection()


def test_the_engine_takes_lists_too(clubs: Engine) -> None:
    ask = Asker(bff.Schema(Query), clubs)
    query = "{ clubs { id } clubPages(first: 1) { totalCount pageInfo { endCursor } } }"
    found = ask(query, viewer=Person(1, levels=frozenset({Level.HIGH})))
    assert (found["clubs"], found["clubPages"]["totalCount"]) == ([{"id": "2"}], 1)
    assert ask(query, viewer=None)["clubs"] == []


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (
            lambda club, person: club.id == 1 and person.id == 2,
            "the policy of Club cannot be read as one SQL expression: whether clubs.id = :id_1 holds is not known in Python; it stands "
            "for every viewer, so it cannot branch on one in Python: join conditions with sqlalchemy.and_ and sqlalchemy.or_",
        ),
        (lambda club, person: club.tenant == person.id, "the policy of Club cannot be read as one SQL expression: "),
        (
            lambda club, person: person is not None,
            "the policy of Club gives True, which is no SQL",
        ),
        (lambda club, person: None, "the policy of Club gives None, which is no SQL condition on its columns"),
        (
            lambda club, person: club.id.in_(person.clubs),
            "the policy of Club compares with .in_(viewer.clubs); use == sqlalchemy.any_(viewer.clubs), which is one "
            "parameter for lists of every length",
        ),
    ],
)
def test_what_is_no_policy_is_refused_when_it_is_declared(policy: Any, says: str) -> None:
    with pytest.raises(bff.DeclarationError, match=re.escape(says)):
        Policies({Club: policy})
