"""Policies in the host's own ORM statements, and the expressions a policy may be made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Engine,
    ForeignKey,
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
from bff.session import Database
from bff.types.policy import Policies, ViewerParameters


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
    database = Database(engine, POLICIES, secret=b"x")
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
    database = Database(engine, Policies({Folder: policy}), secret=b"x")
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
    assert "folders.tenant = :viewer_tenant" in text
