"""Which indexes relations miss: by the shape of the relationship, and by the shape of the index."""

from collections.abc import Callable
from typing import Any

import pytest
import strawberry
from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    and_,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import foreign, registry, relationship, remote

import bff
from bff.schema.indexes import missing_indexes


def mapped(table: Any, **properties: Any) -> type:
    """A new class mapped on `table`."""
    base, options = properties.pop("inherits", None), {}
    if base is not None:
        options["inherits"] = base
    for option in ("polymorphic_on", "polymorphic_identity", "primary_key"):
        if option in properties:
            options[option] = properties.pop(option)
    class_ = type(f"{getattr(table, 'name', 'Some').title()}Row", (base or object,), {})
    registry().map_imperatively(class_, table, properties=properties, **options)
    return class_


def shown(model: type, name: str, **fields: Any) -> Any:
    """An entity type of `model`. A field is an annotation, or a pair of that and a declaration."""
    pairs = {name: field if isinstance(field, tuple) else (field, None) for name, field in fields.items()}
    body = {"__annotations__": {name: annotation for name, (annotation, _) in pairs.items()}}
    body |= {name: made for name, (_, made) in pairs.items() if made is not None}
    return bff.entity(model, policy=bff.public, name=name)(type(name, (), body))


def complaints(*types: Any) -> list[str]:
    @strawberry.type
    class Query:
        hello: str

    return [str(each) for each in missing_indexes(bff.Schema(Query, types=types)._schema)]


def ids(name: str, metadata: MetaData, *rest: Any, **options: Any) -> Table:
    return Table(name, metadata, Column("id", Integer, primary_key=True), *rest, **options)


ON_MATTER = (
    "no index of tasks begins with matter_id, by which its rows are looked up: create index on tasks (matter_id)"
)

Shape = Callable[[Table], Any]


def tasks_of_matters(make: Shape, **options: Any) -> list[str]:
    """The complaints about Matter.tasks, where `make` puts indexes on the table of the tasks."""
    metadata = MetaData()
    matters = ids("matters", metadata)
    tasks = ids(
        "tasks", metadata, Column("matter_id", ForeignKey("matters.id")), Column("kind", String), Column("at", Integer)
    )
    make(tasks)
    task = mapped(tasks)
    for name, value in options.items():
        options[name] = value(matters, tasks)
    Task = shown(task, "Task", id=strawberry.ID)  # noqa: N806
    return complaints(shown(mapped(matters, tasks=relationship(task, **options)), "Matter", tasks=list[Task]))


@pytest.mark.parametrize(
    "make",
    [
        lambda t: Index("i", t.c.matter_id),
        lambda t: Index("i", t.c.matter_id, t.c.at),
        lambda t: Index("i", t.c.matter_id, t.c.at, postgresql_include=["kind"]),
        lambda t: Index("i", t.c.matter_id.desc().nulls_last(), t.c.at),
        lambda t: Index("i", t.c.matter_id, func.lower(t.c.kind)),
        lambda t: Index("i", t.c.matter_id, text("at desc")),
        lambda t: Index("i", t.c.matter_id, unique=True),
        lambda t: Index("i", t.c.matter_id, postgresql_using="hash"),
        lambda t: Index("i", t.c.matter_id, postgresql_using="btree"),
        lambda t: UniqueConstraint(t.c.matter_id),
        lambda t: UniqueConstraint(t.c.matter_id, t.c.at),
    ],
)
def test_an_index_that_begins_with_the_column(make: Shape) -> None:
    assert tasks_of_matters(make) == []


@pytest.mark.parametrize(
    "make",
    [
        lambda t: None,
        lambda t: Index("i", t.c.at, t.c.matter_id),
        lambda t: Index("i", func.abs(t.c.matter_id)),
        lambda t: Index("i", -t.c.matter_id),
        lambda t: Index("i", text("matter_id + 0")),
        lambda t: Index("i", func.lower(t.c.kind), t.c.matter_id),
        lambda t: Index("i", func.lower(t.c.kind), t.c.matter_id, unique=True),
        lambda t: Index("i", t.c.matter_id, postgresql_where=t.c.kind == "urgent"),
        lambda t: Index("i", t.c.matter_id, unique=True, postgresql_where=text("at > 0")),
        lambda t: Index("i", t.c.matter_id, postgresql_using="brin"),
        lambda t: UniqueConstraint(t.c.at, t.c.matter_id),
    ],
)
def test_none_does(make: Shape) -> None:
    assert tasks_of_matters(make) == [f"Matter.tasks: {ON_MATTER}"]


def urgent(matters: Table, tasks: Table) -> Any:
    return and_(matters.c.id == tasks.c.matter_id, tasks.c.kind == "urgent", tasks.c.at > 0)


@pytest.mark.parametrize(
    ("make", "is_served"),
    [
        (lambda t: Index("i", t.c.matter_id), True),
        (lambda t: Index("i", t.c.kind, t.c.matter_id), True),
        (lambda t: Index("i", t.c.kind, t.c.at, t.c.matter_id), False),
        (lambda t: Index("i", t.c.kind), False),
        (lambda t: UniqueConstraint(t.c.kind), True),
    ],
)
def test_columns_equated_with_constants_may_stand_before(make: Shape, is_served: bool) -> None:
    assert tasks_of_matters(make, primaryjoin=urgent) == ([] if is_served else [f"Matter.tasks: {ON_MATTER}"])


@pytest.mark.parametrize(
    "join",
    [
        lambda m, t: m.c.id > foreign(t.c.matter_id),
        lambda m, t: or_(m.c.id == t.c.matter_id, t.c.at == 0),
        lambda m, t: m.c.id == func.abs(foreign(remote(t.c.matter_id))),
    ],
)
def test_what_equates_no_columns_is_left_out(join: Any) -> None:
    assert tasks_of_matters(lambda t: None, primaryjoin=join, viewonly=lambda m, t: True) == []


@pytest.mark.parametrize(
    ("make", "is_served"),
    [
        (lambda t: None, False),
        (lambda t: Index("i", t.c.tenant, t.c.matter_id), True),
        (lambda t: Index("i", t.c.matter_id, t.c.tenant, t.c.id), True),
        (lambda t: Index("i", t.c.tenant), False),
        (lambda t: Index("i", t.c.tenant, t.c.id, t.c.matter_id), False),
        (lambda t: UniqueConstraint(t.c.matter_id), True),
        (lambda t: UniqueConstraint(t.c.matter_id, t.c.id), False),
        (lambda t: PrimaryKeyConstraint(t.c.tenant, t.c.matter_id, t.c.id), True),
        (lambda t: PrimaryKeyConstraint(t.c.id, t.c.tenant, t.c.matter_id), False),
    ],
)
def test_composite_keys(make: Shape, is_served: bool) -> None:
    metadata = MetaData()
    matters = Table("matters", metadata, *(Column(name, Integer, primary_key=True) for name in ("tenant", "id")))
    tasks = Table(
        "tasks",
        metadata,
        Column("id", Integer),
        Column("tenant", Integer),
        Column("matter_id", Integer),
        ForeignKeyConstraint(["tenant", "matter_id"], ["matters.tenant", "matters.id"]),
    )
    make(tasks)
    if not tasks.primary_key.columns:
        PrimaryKeyConstraint(tasks.c.id)
    task = mapped(tasks)
    matter = mapped(matters, tasks=relationship(task, backref="matter"))
    Matter = shown(matter, "Matter", id=int, taskCount=(int, bff.count("tasks")))  # noqa: N806
    expected = (
        "Matter.taskCount: no index of tasks begins with tenant, matter_id, by which its rows are looked up: "
        "create index on tasks (tenant, matter_id)"
    )
    assert complaints(Matter, shown(task, "Task", matter=Matter)) == ([] if is_served else [expected])


@pytest.mark.parametrize(
    ("columns", "make", "missing"),
    [
        ({"primary_key": True}, lambda t: None, [("Tag.tasks", "tag_id")]),
        ({"primary_key": True}, lambda t: Index("i", t.c.tag_id), []),
        ({"primary_key": True}, lambda t: Index("i", t.c.tag_id, postgresql_where=t.c.tag_id > 5), [("Tag.tasks", "tag_id")]),
        ({}, lambda t: None, [("Task.tags, Task.tagCount", "task_id"), ("Tag.tasks", "tag_id")]),
        ({}, lambda t: UniqueConstraint(t.c.tag_id, t.c.task_id), [("Task.tags, Task.tagCount", "task_id")]),
        ({"index": True}, lambda t: None, []),
    ],
)  # fmt: skip
def test_secondary_tables_in_both_directions(columns: Any, make: Shape, missing: list[tuple[str, str]]) -> None:
    metadata = MetaData()
    tasks, tags = ids("tasks", metadata), ids("tags", metadata)
    pairs = Table(
        "task_tags",
        metadata,
        Column("task_id", ForeignKey("tasks.id"), **columns),
        Column("tag_id", ForeignKey("tags.id"), **columns),
    )
    make(pairs)
    tag = mapped(tags)
    task = mapped(tasks, tags=relationship(tag, secondary=pairs, backref="tasks"))
    Tag, Task = shown(tag, "Tag", id=int), shown(task, "Task", id=int)  # noqa: N806
    found = complaints(shown(task, "Task", tags=list[Tag], tagCount=(int, bff.count("tags"))))
    found += complaints(shown(tag, "Tag", tasks=list[Task]))
    assert found == [
        f"{fields}: no index of task_tags begins with {column}, by which its rows are looked up: "
        f"create index on task_tags ({column})"
        for fields, column in missing
    ]


def test_rows_behind_a_secondary_table_by_what_is_no_key() -> None:
    metadata = MetaData()
    tasks, tags = ids("tasks", metadata), ids("tags", metadata, Column("name", String))
    pairs = Table(
        "task_tags",
        metadata,
        Column("task_id", ForeignKey("tasks.id"), primary_key=True),
        Column("name", String, primary_key=True),
    )
    tag = mapped(tags)
    joins = {"secondaryjoin": foreign(pairs.c.name) == tags.c.name}
    Task = shown(  # noqa: N806
        mapped(tasks, tags=relationship(tag, secondary=pairs, **joins)), "Task", tags=list[shown(tag, "Tag", id=int)]
    )
    complaint = (
        "Task.tags: no index of tags begins with name, by which its rows are looked up: create index on tags (name)"
    )
    assert complaints(Task) == [complaint]
    UniqueConstraint(tags.c.name)
    assert complaints(Task) == []


def test_a_secondary_table_between_rows_of_one_table() -> None:
    metadata = MetaData()
    people = ids("people", metadata)
    pairs = Table(
        "friends",
        metadata,
        Column("person_id", ForeignKey("people.id"), primary_key=True),
        Column("friend_id", ForeignKey("people.id"), primary_key=True),
    )
    here, there = people.c.id == pairs.c.person_id, people.c.id == pairs.c.friend_id
    person = mapped(people)
    person.__mapper__.add_properties(  # type: ignore[attr-defined]
        {
            "friends": relationship(person, secondary=pairs, primaryjoin=here, secondaryjoin=there),
            "friend_of": relationship(person, secondary=pairs, primaryjoin=there, secondaryjoin=here, viewonly=True),
        }
    )
    Person = shown(person, "Person", friends=(int, bff.count("friends")), liked=(int, bff.count("friend_of")))  # noqa: N806
    assert complaints(Person) == [
        "Person.liked: no index of friends begins with friend_id, by which its rows are looked up: "
        "create index on friends (friend_id)"
    ]


@pytest.mark.parametrize("is_unique", [False, True])
def test_one_row_from_either_side(is_unique: bool) -> None:
    """To-one relationships: towards what is no key, and back."""
    metadata = MetaData()
    users = ids("users", metadata, Column("name", String, unique=is_unique))
    profiles = ids("profiles", metadata, Column("user_name", ForeignKey("users.name"), unique=is_unique))
    user, profile = mapped(users), mapped(profiles)
    profile.__mapper__.add_property("user", relationship(user))  # type: ignore[attr-defined]
    user.__mapper__.add_property("profile", relationship(profile, uselist=False, viewonly=True))  # type: ignore[attr-defined]
    Profile = shown(profile, "Profile", user=shown(user, "Person", id=int))  # noqa: N806
    User = shown(user, "User", profile=shown(profile, "Bare", id=int))  # noqa: N806
    assert complaints(Profile) + complaints(User) == ([] if is_unique else [
        "Profile.user: no index of users begins with name, by which its rows are looked up: create index on users (name)",
        "User.profile: no index of profiles begins with user_name, by which its rows are looked up: "
        "create index on profiles (user_name)",
    ])  # fmt: skip


def test_a_table_that_refers_to_itself() -> None:
    metadata = MetaData()
    parts = ids("parts", metadata, Column("whole_id", ForeignKey("parts.id")))
    part = mapped(parts)
    whole = relationship(part, remote_side=[parts.c.id], backref="parts")
    part.__mapper__.add_property("whole", whole)  # type: ignore[attr-defined]
    Bare = shown(part, "Bare", id=int)  # noqa: N806
    assert complaints(shown(part, "Part", whole=Bare)) == []
    [complaint] = complaints(shown(part, "Part", parts=list[Bare]))
    assert complaint.endswith("create index on parts (whole_id)")


def test_inheritance() -> None:
    """The columns may be of a base table, and a field of an interface stands on its types."""
    metadata = MetaData()
    owners = ids("owners", metadata)
    animals = ids("animals", metadata, Column("kind", String), Column("owner_id", ForeignKey("owners.id")))
    cats = Table("cats", metadata, Column("id", ForeignKey("animals.id"), primary_key=True), Column("mouse", Integer))
    mice = ids("mice", metadata, Column("cat_id", ForeignKey("animals.id")))
    mouse = mapped(mice)
    animal = mapped(animals, polymorphic_on=animals.c.kind, mice=relationship(mouse))
    cat = mapped(cats, inherits=animal, polymorphic_identity="cat")
    Mouse = shown(mouse, "Mouse", id=int)  # noqa: N806
    Animal = bff.entity(animal, policy=bff.public, interface=True, name="Animal")(  # noqa: N806
        type("Animal", (), {"__annotations__": {"mice": list[Mouse]}})
    )
    Cat = bff.entity(cat, name="Cat")(type("Cat", (Animal,), {"__annotations__": {"mouse": int | None}}))  # noqa: N806
    owner = mapped(owners, cats=relationship(cat))
    Owner = shown(owner, "Owner", cats=list[Cat])  # noqa: N806
    assert sorted(complaints(Owner, Animal, Cat)) == [
        "Animal.mice, Cat.mice: no index of mice begins with cat_id, by which its rows are looked up: "
        "create index on mice (cat_id)",
        "Owner.cats: no index of animals begins with owner_id, by which its rows are looked up: "
        "create index on animals (owner_id)",
    ]


def test_names_are_quoted_where_sql_needs_it() -> None:
    metadata = MetaData(schema="Law")
    matters = ids("matters", metadata)
    tasks = ids("order", metadata, Column("matterId", ForeignKey("Law.matters.id")))
    task = mapped(tasks)
    Matter = shown(mapped(matters, tasks=relationship(task)), "Matter", tasks=list[shown(task, "Task", id=int)])  # noqa: N806
    [complaint] = complaints(Matter)
    assert complaint.endswith('create index on "Law"."order" ("matterId")')


def test_what_is_no_table_is_left_out() -> None:
    metadata = MetaData()
    matters = ids("matters", metadata)
    tasks = ids("tasks", metadata, Column("matter_id", ForeignKey("matters.id")))
    recent = select(tasks).where(tasks.c.id > 5).subquery("recent")
    task = mapped(recent, primary_key=[recent.c.id])
    tasks_ = relationship(task, primaryjoin=matters.c.id == foreign(recent.c.matter_id), viewonly=True)
    Matter = shown(mapped(matters, tasks=tasks_), "Matter", tasks=list[shown(task, "Task", id=int)])  # noqa: N806
    assert complaints(Matter) == []
