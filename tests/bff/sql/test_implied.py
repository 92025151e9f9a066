"""Policies that are implied: not checked again over the very relationship that they go through, and on no other path.

Matters are of tenants, tasks are seen through their matter, comments through their task. The north must never see what
is the south's, which says so in its texts. Each path to a hidden row is walked by those who see everything, which
shows that it leads there, and by the north, in every way there is to execute a query.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import strawberry
from sqlalchemy import Column, Engine, ForeignKey, Table, and_, create_engine, inspect, or_, select
from sqlalchemy.orm import DeclarativeBase, Mapped, foreign, mapped_column, relationship, remote

import bff
from bff.entities.policy import Policies, ViewerParameters
from bff.plan.explain import explain
from bff.plan.plan import Strategy
from bff.sql.implied import is_implied
from tests.bff.asking import Asker, MakeDatabase


class Base(DeclarativeBase):
    pass


link = Table(
    "links",
    Base.metadata,
    Column("matter_id", ForeignKey("matters.id"), primary_key=True),
    Column("task_id", ForeignKey("tasks.id"), primary_key=True),
)


class PersonRow(Base):
    """Seen by everyone."""

    __tablename__ = "persons"
    id: Mapped[int] = mapped_column(primary_key=True)
    tasks: Mapped[list["TaskRow"]] = relationship(back_populates="person", order_by="TaskRow.id")
    bugs: Mapped[list["BugRow"]] = relationship(viewonly=True, order_by="BugRow.id", overlaps="tasks")
    matters: Mapped[list["MatterRow"]] = relationship(back_populates="owner", order_by="MatterRow.id")
    comments: Mapped[list["CommentRow"]] = relationship(back_populates="person", order_by="CommentRow.id")
    first: Mapped["CommentRow | None"] = relationship(
        primaryjoin=lambda: and_(PersonRow.id == foreign(CommentRow.person_id), CommentRow.pinned),
        uselist=False,
        viewonly=True,
    )


class MatterRow(Base):
    __tablename__ = "matters"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str]
    owner_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    owner: Mapped[PersonRow] = relationship(back_populates="matters")
    tasks: Mapped[list["TaskRow"]] = relationship(
        back_populates="matter", foreign_keys="TaskRow.matter_id", order_by="TaskRow.id"
    )
    bugs: Mapped[list["BugRow"]] = relationship(
        viewonly=True, foreign_keys="TaskRow.matter_id", order_by="BugRow.id", overlaps="tasks"
    )
    begun: Mapped[list["TaskRow"]] = relationship(
        back_populates="origin", foreign_keys="TaskRow.origin_id", order_by="TaskRow.id"
    )
    linked: Mapped[list["TaskRow"]] = relationship(secondary=link, order_by="TaskRow.id")
    open_tasks: Mapped[list["TaskRow"]] = relationship(
        primaryjoin=lambda: and_(MatterRow.id == foreign(TaskRow.matter_id), TaskRow.text != ""),
        viewonly=True,
        order_by=lambda: TaskRow.id,
    )
    begun_elsewhere: Mapped[list["TaskRow"]] = relationship(
        primaryjoin=lambda: and_(MatterRow.id == foreign(TaskRow.origin_id), TaskRow.matter_id != MatterRow.id),
        viewonly=True,
        order_by=lambda: TaskRow.id,
    )
    or_shared: Mapped[list["TaskRow"]] = relationship(
        primaryjoin=lambda: or_(MatterRow.id == foreign(TaskRow.matter_id), TaskRow.person_id == MatterRow.owner_id),
        viewonly=True,
        order_by=lambda: TaskRow.id,
    )
    or_urgent: Mapped[list["TaskRow"]] = relationship(
        primaryjoin=lambda: or_(MatterRow.id == foreign(TaskRow.matter_id), TaskRow.code == 7),
        viewonly=True,
        order_by=lambda: TaskRow.id,
    )
    comments: Mapped[list["CommentRow"]] = relationship(
        secondary="tasks",
        primaryjoin="MatterRow.id == TaskRow.origin_id",
        secondaryjoin="TaskRow.id == CommentRow.task_id",
        viewonly=True,
        order_by="CommentRow.id",
    )


class TaskRow(Base):
    """Of two kinds."""

    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    text: Mapped[str]
    code: Mapped[int]
    weight: Mapped[int]
    matter_id: Mapped[int] = mapped_column(ForeignKey("matters.id"))
    origin_id: Mapped[int | None] = mapped_column(ForeignKey("matters.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    blocker_id: Mapped[int | None] = mapped_column(ForeignKey("tasks.id"))
    matter: Mapped[MatterRow] = relationship(back_populates="tasks", foreign_keys=[matter_id])
    origin: Mapped[MatterRow | None] = relationship(back_populates="begun", foreign_keys=[origin_id])
    person: Mapped[PersonRow] = relationship(back_populates="tasks")
    blocker: Mapped["TaskRow | None"] = relationship(back_populates="blocks", remote_side=[id])
    blocks: Mapped[list["TaskRow"]] = relationship(back_populates="blocker", order_by="TaskRow.id")
    comments: Mapped[list["CommentRow"]] = relationship(
        back_populates="task", foreign_keys="CommentRow.task_id", order_by="CommentRow.id"
    )
    pinned: Mapped[list["CommentRow"]] = relationship(
        primaryjoin=lambda: and_(TaskRow.id == foreign(CommentRow.task_id), CommentRow.pinned), viewonly=True,
        order_by=lambda: CommentRow.id,
    )  # fmt: skip
    cited: Mapped[list["CommentRow"]] = relationship(
        back_populates="about", foreign_keys="CommentRow.about_id", order_by="CommentRow.id"
    )
    marks: Mapped[list["MarkRow"]] = relationship(
        primaryjoin=lambda: TaskRow.code == foreign(MarkRow.code), viewonly=True, order_by=lambda: MarkRow.id
    )
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "task"}  # noqa: RUF012


class BugRow(TaskRow):
    __mapper_args__ = {"polymorphic_identity": "bug"}  # noqa: RUF012


class CommentRow(Base):
    __tablename__ = "comments"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    pinned: Mapped[bool]
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"))
    about_id: Mapped[int | None] = mapped_column(ForeignKey("tasks.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    reply_to_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id"))
    task: Mapped[TaskRow] = relationship(back_populates="comments", foreign_keys=[task_id])
    about: Mapped[TaskRow | None] = relationship(back_populates="cited", foreign_keys=[about_id])
    person: Mapped[PersonRow] = relationship(back_populates="comments")
    reply_to: Mapped["CommentRow | None"] = relationship(back_populates="replies", remote_side=[id])
    replies: Mapped[list["CommentRow"]] = relationship(back_populates="reply_to", order_by="CommentRow.id")


class MarkRow(Base):
    """Seen through whichever task has the code: of several, one may be hidden."""

    __tablename__ = "marks"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[int]
    task: Mapped["TaskRow | None"] = relationship(
        primaryjoin=lambda: foreign(MarkRow.code) == remote(TaskRow.code), uselist=False, viewonly=True,
        order_by=lambda: TaskRow.id,
    )  # fmt: skip


@dataclass(frozen=True)
class Reader:
    tenant: str


NORTH, EVERYBODY = Reader("north"), Reader("all")


def of_tenant(matter: Any, reader: Any) -> Any:
    return or_(matter.tenant == reader.tenant, reader.tenant == "all")


def _unpoliced(model: type[Any], key: int) -> Any:
    """An object that was never asked for: what a careless resolver may return."""
    return model(id=key)


def tasks_of(keys: list[int], scope: bff.Scope) -> list[Any]:
    return [[_unpoliced(BugRow, 2), _unpoliced(TaskRow, 1)] for _ in keys]


@bff.entity(PersonRow, policy=bff.public)
class Person(bff.Node):
    id: strawberry.ID
    tasks: list["Task"]
    task_page: bff.Connection["Task"] = bff.relation("tasks")
    bugs: list["Bug"]
    matters: list["Matter"]
    comments: list["Comment"]
    comment_page: bff.Connection["Comment"] = bff.relation("comments")
    first: "Comment | None"
    task_count: int = bff.count("tasks")
    weight: int = bff.total("tasks", "weight")
    comment_count: int = bff.count("comments")
    given: list["Task | None"] | None = bff.batched(tasks_of, key="id")


@bff.entity(MatterRow, policy=of_tenant)
class Matter(bff.Node):
    id: strawberry.ID
    tenant: str
    owner: Person
    tasks: list["Task"]
    task_page: bff.Connection["Task"] = bff.relation("tasks")
    bugs: list["Bug"]
    begun: list["Task"]
    begun_page: bff.Connection["Task"] = bff.relation("begun")
    linked: list["Task"]
    open_tasks: list["Task"]
    begun_elsewhere: list["Task"]
    or_shared: list["Task"]
    or_urgent: list["Task"]
    comments: list["Comment"]
    task_count: int = bff.count("tasks")
    begun_count: int = bff.count("begun")
    begun_weight: int = bff.total("begun", "weight")
    linked_count: int = bff.count("linked")
    comment_count: int = bff.count("comments")


@bff.entity(TaskRow, policy=bff.through("matter"), interface=True)
class Task(bff.Node):
    id: strawberry.ID
    text: str
    matter: Matter
    origin: Matter | None
    person: Person
    blocker: "Task | None"
    blocks: list["Task"]
    comments: list["Comment"]
    comment_page: bff.Connection["Comment"] = bff.relation("comments")
    pinned: list["Comment"]
    cited: list["Comment"]
    marks: list["Mark"]
    comment_count: int = bff.count("comments")
    cited_count: int = bff.count("cited")
    blocks_count: int = bff.count("blocks")


@bff.entity(TaskRow)
class Chore(Task):
    pass


@bff.entity(BugRow)
class Bug(Task):
    pass


@bff.entity(CommentRow, policy=bff.through("task"))
class Comment(bff.Node):
    id: strawberry.ID
    text: str
    task: Task
    about: Task | None
    person: Person
    reply_to: "Comment | None"
    replies: list["Comment"]
    reply_count: int = bff.count("replies")


@bff.entity(MarkRow, policy=bff.through("task"))
class Mark(bff.Node):
    id: strawberry.ID
    task: Task | None


@strawberry.type
class Query:
    matter: Matter | None = bff.lookup()
    task: Task | None = bff.lookup()
    bug: Bug | None = bff.lookup()
    comment: Comment | None = bff.lookup()
    mark: Mark | None = bff.lookup()
    person: Person | None = bff.lookup()
    node: bff.Node | None = bff.node()
    tasks: list[Task] = bff.collection()
    bugs: list[Bug] = bff.collection()
    task_page: bff.Connection[Task] = bff.collection()
    comments: list[Comment] = bff.collection()
    comment_page: bff.Connection[Comment] = bff.collection(where=lambda comment: comment.id > 0)

    @strawberry.field
    def returned(self) -> list[Task | None]:
        return [_unpoliced(BugRow, 2), _unpoliced(TaskRow, 1)]

    @strawberry.field
    def returned_nodes(self) -> list[bff.Node | None]:
        return [_unpoliced(CommentRow, 2), _unpoliced(CommentRow, 1), _unpoliced(BugRow, 2)]

    @strawberry.field
    def read(self, info: strawberry.Info[bff.Scope, None]) -> list[Comment]:
        return list(info.context.session.scalars(select(CommentRow).order_by(CommentRow.id)))  # type: ignore[arg-type]


SCHEMA = bff.Schema(Query, types=[Chore, Bug])

ROWS = """
insert into persons values (1);
insert into matters values (1, 'north', 1), (2, 'south', 1);
-- Task 1 is the north's; 2 is the south's, and everything else there is of the first.
insert into tasks (id, kind, text, code, weight, matter_id, origin_id, person_id, blocker_id) values
  (2, 'bug', 'secret bug', 7, 100, 2, 1, 1, null), (1, 'task', 'shown', 7, 1, 1, 1, 1, 2), (3, 'bug', 'secret 3', 8, 1000, 2, 2, 1, 1),
  (4, 'task', 'shown as well', 8, 10, 1, 1, 1, null);
insert into links values (1, 1), (1, 2);
insert into comments values
  (1, 'shown', false, 1, 2, 1, null), (2, 'secret comment', true, 2, 1, 1, 1), (3, 'shown too', false, 1, 1, 1, 2);
insert into marks values (1, 7), (2, 8);
"""  # fmt: skip


@pytest.fixture(scope="module")
def engine(make_database: MakeDatabase) -> Iterator[Engine]:
    engine = create_engine(make_database())
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("alter table tasks drop constraint tasks_blocker_id_fkey")
        connection.exec_driver_sql(ROWS)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def ask(engine: Engine) -> Asker:
    return Asker(SCHEMA, engine, NORTH)


MATTER, TASK, COMMENT = 'matter(id: "1")', 'task(id: "1")', 'comment(id: "1")'
PERSON = 'person(id: "1")'
PATHS: list[tuple[str, str]] = [
    # From nowhere: by key, by global id, in lists, through resolvers.
    ('{ task(id: "2") { text } }', ""),
    ('{ bug(id: "2") { text } }', ""),
    ('{ comment(id: "2") { text } }', ""),
    ('{ matter(id: "2") { tasks { text } } }', ""),
    ('{ node(id: "Bug:2") { ... on Task { text } } }', ""),
    ('{ node(id: "Comment:2") { ... on Comment { text } } }', ""),
    ("{ tasks { text } }", ""),
    ("{ bugs { text } }", ""),
    ("{ taskPage { totalCount nodes { text } edges { node { text } } } }", ""),
    ("{ comments { text } }", ""),
    ("{ commentPage { totalCount nodes { text } } }", ""),
    ("{ read { text } }", ""),
    # From what everyone sees.
    (f"{{ {PERSON} {{ tasks {{ text }} }} }}", "tasks"),
    (f"{{ {PERSON} {{ taskPage {{ totalCount nodes {{ text }} edges {{ cursor node {{ text }} }} }} }} }}", "taskPage"),
    (f"{{ {PERSON} {{ bugs {{ text }} }} }}", "bugs"),
    (f"{{ {PERSON} {{ matters {{ id tasks {{ text }} }} }} }}", "matters"),
    (f"{{ {PERSON} {{ comments {{ text }} }} }}", "comments"),
    (f"{{ {PERSON} {{ commentPage {{ nodes {{ text }} }} }} }}", "commentPage"),
    (f"{{ {PERSON} {{ first {{ text }} }} }}", "first"),
    # From a matter that is seen, over every relationship but the one of the policy.
    (f"{{ {MATTER} {{ begun {{ text }} }} }}", "begun"),
    (f"{{ {MATTER} {{ begunPage {{ totalCount nodes {{ text }} }} }} }}", "begunPage"),
    (f"{{ {MATTER} {{ begunElsewhere {{ text }} }} }}", "begunElsewhere"),
    (f"{{ {MATTER} {{ linked {{ text }} }} }}", "linked"),
    (f"{{ {MATTER} {{ orShared {{ text }} }} }}", "orShared"),
    (f"{{ {MATTER} {{ orUrgent {{ text }} }} }}", "orUrgent"),
    (f"{{ {MATTER} {{ comments {{ text }} }} }}", "comments"),
    (f"{{ {MATTER} {{ tasks {{ id blocker {{ text }} }} }} }}", "blocker"),
    (f"{{ {MATTER} {{ tasks {{ id blocks {{ text }} }} }} }}", "blocks"),
    (f"{{ {MATTER} {{ owner {{ tasks {{ comments {{ text }} }} }} }} }}", "tasks"),
    # From a task.
    (f"{{ {TASK} {{ blocker {{ text }} }} }}", "blocker"),
    (f"{{ {TASK} {{ blocks {{ text }} }} }}", "blocks"),
    (f"{{ {TASK} {{ cited {{ text }} }} }}", "cited"),
    (f"{{ {TASK} {{ matter {{ begun {{ text comments {{ text }} }} }} }} }}", "begun"),
    (f"{{ {TASK} {{ origin {{ begun {{ text }} }} }} }}", "begun"),
    (f"{{ {TASK} {{ comments {{ replies {{ text }} }} }} }}", "replies"),
    (f"{{ {TASK} {{ comments {{ about {{ text }} }} }} }}", "about"),
    # From a comment.
    (f"{{ {COMMENT} {{ about {{ text }} }} }}", "about"),
    (f"{{ {COMMENT} {{ replies {{ text task {{ text }} }} }} }}", "replies"),
    ('{ comment(id: "3") { replyTo { text } } }', "replyTo"),
    # The mark is seen, as one of its tasks is; the other is the first of them.
    ('{ mark(id: "2") { task { text } } }', "task"),
]  # fmt: skip


def notes(tree: str, field: str) -> set[str]:
    """What a plan says of the rows that a field leads to, of each type that has it."""
    lines = [line for line in tree.splitlines() if f"─ {field}: " in line]
    assert lines
    return {word for line in lines for word in ("checked", "implied") if f"; {word}" in line}


@pytest.mark.parametrize(("query", "field"), PATHS)
def test_no_path_leads_to_a_hidden_row(ask: Asker, query: str, field: str) -> None:
    everything = json.dumps(ask.result(query, viewer=EVERYBODY).data)
    assert "secret" in everything, "the path leads nowhere"
    for strategy in ("compiled", "rounds"):
        plan = ask.plan(query, strategy)
        with ask.database.open(NORTH, bff.Deadline.after(20)) as scope:
            seen = json.dumps(bff.engine.execution.run(plan, variables=None, context=scope).data)
        assert "secret" not in seen
        if field:
            assert notes(explain(plan), field) == {"checked"}
    # graphql-core reads through a session, whose policies know of no implication.
    assert json.dumps(ask.result(query, viewer=NORTH).data) != everything


@pytest.mark.parametrize("strategy", ["compiled", "rounds"])
@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("{ it: returned { text } }", [None, {"text": "shown"}]),
        (
            "{ it: returnedNodes { ... on Comment { text task { text } } ... on Task { text } } }",
            [None, {"text": "shown", "task": {"text": "shown"}}, None],
        ),
        (f"{{ {PERSON} {{ it: given {{ text }} }} }}", {"it": [None, {"text": "shown"}]}),
    ],
)
def test_what_careless_code_returns_is_read_again_under_policy(
    ask: Asker, query: str, shown: Any, strategy: Strategy
) -> None:
    """graphql-core has no part in this: it would take the objects as they are."""
    plan = ask.plan(query, strategy)
    [north] = bff.json_text.plain(ask.run(plan).data).values()
    assert north == shown
    assert "secret" in json.dumps(bff.json_text.plain(ask.run(plan, viewer=EVERYBODY).data))


@pytest.mark.parametrize(
    ("query", "field", "north", "everybody"),
    [
        (f"{{ {PERSON} {{ it: taskCount }} }}", "taskCount", 2, 4),
        (f"{{ {PERSON} {{ it: weight }} }}", "weight", 11, 1111),
        (f"{{ {PERSON} {{ it: commentCount }} }}", "commentCount", 2, 3),
        (f"{{ {MATTER} {{ it: begunCount }} }}", "begunCount", 2, 3),
        (f"{{ {MATTER} {{ it: begunWeight }} }}", "begunWeight", 11, 111),
        (f"{{ {MATTER} {{ it: linkedCount }} }}", "linkedCount", 1, 2),
        (f"{{ {MATTER} {{ it: commentCount }} }}", "commentCount", 2, 3),
        (f"{{ {TASK} {{ it: citedCount }} }}", "citedCount", 1, 2),
        (f"{{ {TASK} {{ it: blocksCount }} }}", "blocksCount", 0, 1),
        (f"{{ {COMMENT} {{ it: replyCount }} }}", "replyCount", 0, 1),
    ],
)
def test_no_count_and_no_sum_has_hidden_rows(ask: Asker, query: str, field: str, north: int, everybody: int) -> None:
    for viewer, expected in ((NORTH, north), (EVERYBODY, everybody)):
        [found] = ask.result(query, viewer=viewer).data.values()
        assert found == {"it": expected}
    for strategy in ("compiled", "rounds"):
        assert notes(explain(ask.plan(query, strategy)), f"it: {field}") == {"checked"}


IMPLIED = [
    (f"{{ {MATTER} {{ tasks {{ id }} }} }}", "tasks"),
    (f"{{ {MATTER} {{ taskPage {{ nodes {{ id }} }} }} }}", "taskPage"),
    (f"{{ {MATTER} {{ taskCount }} }}", "taskCount"),
    (f"{{ {MATTER} {{ bugs {{ id }} }} }}", "bugs"),
    (f"{{ {TASK} {{ comments {{ id }} }} }}", "comments"),
    (f"{{ {TASK} {{ commentPage {{ nodes {{ id }} }} }} }}", "commentPage"),
    (f"{{ {TASK} {{ commentCount }} }}", "commentCount"),
    (f"{{ {TASK} {{ matter {{ id }} }} }}", "matter"),
    (f"{{ {COMMENT} {{ task {{ id }} }} }}", "task"),
    # Over whichever task it is reached: a mark of a visible one is visible.
    (f"{{ {TASK} {{ marks {{ id }} }} }}", "marks"),
]


def viewers(text: str) -> int:
    """How many policies are checked in a statement: each reads the viewer's tenant twice."""
    assert text.count("viewer_tenant") % 2 == 0
    return text.count("viewer_tenant") // 2


@pytest.mark.parametrize(("query", "field"), IMPLIED)
@pytest.mark.parametrize("strategy", ["compiled", "rounds"])
def test_what_the_plan_calls_implied_has_no_check_in_its_statement(
    ask: Asker, query: str, field: str, strategy: Strategy, count_sql: Any
) -> None:
    """And only that: every other field of rows has its own."""
    plan = ask.plan(query, strategy)
    with count_sql(ask.database.engine) as counted:
        assert ask.run(plan).errors is None
    tree = explain(plan).split("\n\n")[0]
    # In rounds a row is read by its key, for whoever asks, and therefore checked.
    is_by_key = strategy == "rounds" and field in ("matter", "task")
    assert notes(tree, field) == {"checked" if is_by_key else "implied"}
    assert sum(map(viewers, counted.statements)) == (2 if is_by_key else 1)
    ask(query)


@pytest.mark.parametrize(("query", "field"), [each for each in PATHS if each[1]])
def test_what_the_plan_calls_checked_has_a_check(ask: Asker, query: str, field: str, count_sql: Any) -> None:
    with count_sql(ask.database.engine) as counted:
        ask.run(ask.plan(query))
    assert sum(map(viewers, counted.statements)) >= 1


# What cannot be read off a path: relationships and policies in all their relations


class NodeRow(Base):
    __tablename__ = "nodes"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    tenant: Mapped[str | None]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("nodes.id"))
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_abstract": True}  # noqa: RUF012


class FolderRow(NodeRow):
    files: Mapped[list["FileRow"]] = relationship(
        primaryjoin=lambda: remote(foreign(FileRow.parent_id)) == FolderRow.id, viewonly=True
    )
    above: Mapped[list["FileRow"]] = relationship(
        primaryjoin=lambda: foreign(FolderRow.parent_id) == remote(FileRow.id), viewonly=True, uselist=True
    )
    __mapper_args__ = {"polymorphic_identity": "folder"}  # noqa: RUF012


class FileRow(NodeRow):
    folder: Mapped[FolderRow | None] = relationship(
        primaryjoin=lambda: foreign(FileRow.parent_id) == remote(FolderRow.id), viewonly=True
    )
    __mapper_args__ = {"polymorphic_identity": "file"}  # noqa: RUF012


class StemRow(Base):
    """Found by two columns."""

    __tablename__ = "stems"
    a: Mapped[int] = mapped_column(primary_key=True)
    b: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str]
    kind: Mapped[str]
    leaves: Mapped[list["LeafRow"]] = relationship(
        primaryjoin=lambda: and_(StemRow.a == foreign(LeafRow.a), StemRow.b == foreign(LeafRow.b)), viewonly=True
    )
    either: Mapped[list["LeafRow"]] = relationship(
        primaryjoin=lambda: or_(StemRow.a == foreign(LeafRow.a), StemRow.b == foreign(LeafRow.b)), viewonly=True
    )
    half: Mapped[list["LeafRow"]] = relationship(primaryjoin=lambda: StemRow.a == foreign(LeafRow.a), viewonly=True)
    crossed: Mapped[list["LeafRow"]] = relationship(
        primaryjoin=lambda: and_(StemRow.a == foreign(LeafRow.b), StemRow.b == foreign(LeafRow.a)), viewonly=True
    )
    not_all: Mapped[list["LeafRow"]] = relationship(
        primaryjoin=lambda: and_(StemRow.a == foreign(LeafRow.a), StemRow.b == foreign(LeafRow.b), LeafRow.a > 1),
        viewonly=True,
    )
    unequal: Mapped[list["LeafRow"]] = relationship(
        primaryjoin=lambda: and_(StemRow.a >= foreign(LeafRow.a), StemRow.b == foreign(LeafRow.b)), viewonly=True
    )
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "stem"}  # noqa: RUF012


class ThornRow(StemRow):
    __mapper_args__ = {"polymorphic_identity": "thorn"}  # noqa: RUF012


class LeafRow(Base):
    __tablename__ = "leaves"
    id: Mapped[int] = mapped_column(primary_key=True)
    a: Mapped[int]
    b: Mapped[int]
    stem: Mapped[StemRow | None] = relationship(
        primaryjoin=lambda: and_(foreign(LeafRow.a) == StemRow.a, foreign(LeafRow.b) == StemRow.b), viewonly=True
    )
    thorn: Mapped[ThornRow | None] = relationship(
        primaryjoin=lambda: and_(foreign(LeafRow.a) == ThornRow.a, foreign(LeafRow.b) == ThornRow.b), viewonly=True
    )
    big_stem: Mapped[StemRow | None] = relationship(
        primaryjoin=lambda: and_(
            foreign(LeafRow.a) == StemRow.a, foreign(LeafRow.b) == StemRow.b, StemRow.tenant != "small"
        ),
        viewonly=True,
    )


def of_stem(stem: Any, reader: Any) -> Any:
    return stem.tenant == reader.tenant


@pytest.mark.parametrize(
    ("through", "parent", "relationship_", "target", "expected"),
    [
        ("stem", StemRow, "leaves", LeafRow, True),
        ("stem", StemRow, "either", LeafRow, False),
        ("stem", StemRow, "half", LeafRow, False),
        ("stem", StemRow, "crossed", LeafRow, False),
        ("stem", StemRow, "not_all", LeafRow, False),
        ("stem", StemRow, "unequal", LeafRow, False),
        ("stem", LeafRow, "stem", StemRow, True),
        ("stem", LeafRow, "thorn", ThornRow, False),
        ("stem", LeafRow, "big_stem", StemRow, False),
        # A thorn is a stem, but a stem need not be a thorn.
        ("stem", ThornRow, "leaves", LeafRow, True),
        ("thorn", StemRow, "leaves", LeafRow, False),
        ("thorn", ThornRow, "leaves", LeafRow, True),
        # A leaf of a small stem is not seen, though the stem is.
        ("big_stem", StemRow, "leaves", LeafRow, False),
        ("big_stem", LeafRow, "stem", StemRow, False),
    ],
)
def test_a_policy_is_implied_over_the_same_columns_alone(
    through: str, parent: type, relationship_: str, target: type, expected: bool
) -> None:
    policies = Policies({StemRow: of_stem, LeafRow: bff.through(through)})
    relationship = inspect(parent).relationships[relationship_]
    assert is_implied(policies, relationship, parent=parent, target=target) is expected


def test_what_is_public_or_has_a_policy_of_its_own_is_not_implied() -> None:
    relationships = inspect(StemRow).relationships
    for policy in (bff.public, lambda leaf, reader: leaf.a == 1):
        policies = Policies({StemRow: of_stem, LeafRow: policy})
        assert not is_implied(policies, relationships["leaves"], parent=StemRow, target=LeafRow)


def test_the_sides_of_a_relationship_count() -> None:
    """Both relationships say that the same two columns are equal: the one of children, the other of a parent."""
    policies = Policies(
        {FolderRow: lambda folder, reader: folder.tenant == reader.tenant, FileRow: bff.through("folder")}
    )
    relationships = FolderRow.__mapper__.relationships
    assert is_implied(policies, relationships["files"], parent=FolderRow, target=FileRow)
    assert not is_implied(policies, relationships["above"], parent=FolderRow, target=FileRow)
    assert is_implied(policies, FileRow.__mapper__.relationships["folder"], parent=FileRow, target=FolderRow)
    assert "viewer_tenant" in str(policies.condition(FileRow, FileRow, ViewerParameters()))
