"""Row policy: a row of another organization does not exist, whichever path leads to it.

The paths are read from the schema, so that a new type or field is covered, or fails here until it is. For every path
there is a row at its other end that must not be seen: in one database rows of others refer to the viewer's (`inbound`:
what others do changes nothing), in a second one the viewer's rows refer to those of others (`outbound`: the reference
leads nowhere). The same queries over the same database without policies are the control: they show those rows, so the
tests can fail. What the viewer may see is said here once more, in SQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)
from sqlalchemy import Engine, create_engine, select, text, tuple_, update
from sqlalchemy.orm import RelationshipDirection

import bff
from app import create_app
from app.auth import Viewer
from app.database import EXTENSION
from app.layer import make_layer
from app.models import Base
from app.schema import schema
from app.schema.mutations import Mutation
from app.schema.query import Query
from bff.entities.global_id import global_id
from bff.entities.policy import Policies
from bff.entities.specs import Aggregate, Relation
from bff.schema.catalog import Catalog, spec_of

pytestmark = pytest.mark.slow

ClientOf = Callable[[Flask, int], FlaskClient]
Key = tuple[int, ...]

VIEWER = Viewer(1, 1, "owner")
MISSING = 10**6

# The keys of what user 1 of organization 1 may see.
VISIBLE = {
    "Organization": "select id from organizations where id = 1",
    "User": "select id from users where organization_id = 1",
    "Client": "select id from clients where organization_id = 1",
    "Contact": "select t.id from contacts t join clients c on c.id = client_id where organization_id = 1",
    "Matter": "select id from matters where organization_id = 1",
    "MatterMember": (
        "select matter_id, user_id from matter_members join matters m on m.id = matter_id where organization_id = 1"
    ),
    "Task": "select t.id from tasks t join matters m on m.id = matter_id where organization_id = 1",
    "TaskTag": (
        "select task_id, tag_id from task_tags join tasks t on t.id = task_id"
        " join matters m on m.id = matter_id where organization_id = 1"
    ),
    "Tag": "select id from tags where organization_id = 1",
    "Comment": (
        "select c.id from comments c join tasks t on t.id = task_id"
        " join matters m on m.id = matter_id where organization_id = 1"
    ),
    "Document": "select d.id from documents d join matters m on m.id = matter_id where organization_id = 1",
    "DocumentVersion": (
        "select v.id from document_versions v join documents d on d.id = document_id"
        " join matters m on m.id = matter_id where organization_id = 1"
    ),
    "TimeEntry": "select t.id from time_entries t join matters m on m.id = matter_id where organization_id = 1",
    "Invoice": "select i.id from invoices i join matters m on m.id = matter_id where organization_id = 1",
    "Event": "select e.id from events e join matters m on m.id = matter_id where organization_id = 1",
    "Notification": "select id from notifications where user_id = 1",
}

# The relations that make a row somebody's. What they lead to is of the same organization by definition; every other
# relation could lead elsewhere.
OWNERSHIP = {
    *("User.organization", "Client.organization", "Matter.organization", "Tag.organization"),
    *("Contact.client", "MatterMember.matter", "Task.matter", "TaskTag.task", "Comment.task", "Document.matter"),
    *("DocumentVersion.document", "TimeEntry.matter", "Invoice.matter", "Event.matter", "Notification.user"),
}

GRAPH = schema._schema
CATALOG = Catalog.of(GRAPH)
ENTITIES = {entity.name: entity for entity in CATALOG}
LARGEST_PLANTING = 100


# ---- the databases


def links() -> dict[str, Any]:
    """Every to-one relation between rows that may be of different organizations, by its name."""
    return {
        f"{mapper.class_.__name__}.{relation.key}": relation
        for mapper in sorted(Base.registry.mappers, key=lambda mapper: mapper.class_.__name__)
        for relation in mapper.relationships
        if relation.direction is RelationshipDirection.MANYTOONE
        if f"{mapper.class_.__name__}.{relation.key}" not in OWNERSHIP
    }


@dataclass(frozen=True, eq=False)
class World:
    """A database, read with policies (`real`) and without (`control`)."""

    engine: Engine
    real: bff.Bff
    control: bff.Bff

    def all_keys(self, type_name: str) -> list[Key]:
        entity = ENTITIES[type_name]
        columns = [getattr(entity.model, name) for name in entity.key]
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(select(*columns).order_by(*columns))]

    def visible_keys(self, type_name: str) -> list[Key]:
        with self.engine.connect() as connection:
            return sorted(tuple(row) for row in connection.execute(text(VISIBLE[type_name])))

    def hidden_keys(self, type_name: str) -> list[Key]:
        visible = set(self.visible_keys(type_name))
        return [key for key in self.all_keys(type_name) if key not in visible]

    @cached_property
    def visible(self) -> set[str]:
        """The global ids of everything that the viewer may see."""
        return {global_id(ENTITIES[name], key) for name in VISIBLE for key in self.visible_keys(name)}

    def home(self, type_name: str) -> Key:
        """The viewer's own row of a type, which the foreign ones refer to, or which refers to them."""
        return self.visible_keys(type_name)[0]

    def home_id(self, type_name: str) -> str:
        return global_id(ENTITIES[type_name], self.home(type_name))

    def hidden_id(self, type_name: str) -> str:
        return global_id(ENTITIES[type_name], self.hidden_keys(type_name)[0])

    def point(self, name: str, children: list[Key], parent: Key) -> None:
        """Make the relation `name` of `children` lead to `parent`."""
        relation = links()[name]
        table = relation.parent.local_table
        [foreign_key] = relation.local_columns
        others = [column for column in table.primary_key if column is not foreign_key]
        if foreign_key.primary_key:
            # One child a value of the rest of the key: two would become the same row.
            places = [list(table.primary_key).index(column) for column in others]
            children = list({tuple(key[place] for place in places): key for key in children}.values())
        condition = tuple_(*table.primary_key).in_(children[:LARGEST_PLANTING])
        with self.engine.begin() as connection:
            connection.execute(update(table).where(condition).values({foreign_key: parent[0]}))


@contextmanager
def opened(url: str) -> Iterator[World]:
    engine = create_engine(url)
    without_policies = bff.Schema(query=Query, mutation=Mutation)
    Catalog.of(without_policies._schema).policies = Policies({entity.model: bff.public for entity in CATALOG})
    try:
        yield World(engine, make_layer(engine), bff.Bff(schema=without_policies, engine=engine))
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def clean(database_url: str) -> Iterator[World]:
    """As it was seeded: what refers to each other is of one organization."""
    with opened(database_url) as world:
        yield world


@pytest.fixture(scope="module")
def inbound(make_database: Callable[..., str], seeded_template: str) -> Iterator[World]:
    """Rows that the viewer may not see refer to the viewer's, through every relation."""
    with opened(make_database(template=seeded_template)) as world:
        for name, relation in links().items():
            child, parent = relation.parent.class_.__name__, relation.mapper.class_.__name__
            world.point(name, world.hidden_keys(child), world.home(parent))
        yield world


@pytest.fixture(scope="module")
def outbound(make_database: Callable[..., str], seeded_template: str) -> Iterator[World]:
    """The viewer's rows refer to rows that the viewer may not see, one through every relation."""
    with opened(make_database(template=seeded_template)) as world:
        for name, relation in links().items():
            child, parent = relation.parent.class_.__name__, relation.mapper.class_.__name__
            world.point(name, [world.home(child)], world.hidden_keys(parent)[0])
        yield world


# ---- queries, made from the schema


def leaves(type_: GraphQLObjectType) -> list[str]:
    return [name for name, field in type_.fields.items() if is_leaf_type(get_named_type(field.type))]


def selection(type_: GraphQLOutputType, depth: int) -> str:
    """Everything of a type, and of what it leads to in `depth` further steps."""
    named = get_named_type(type_)
    if is_leaf_type(named):
        return ""
    if isinstance(named, GraphQLUnionType):
        # Fields of one name have many types there; what matters is which objects are found.
        return "{ ... on Node { nodeId } }"
    assert isinstance(named, GraphQLObjectType)
    if named.name not in ENTITIES:
        # A connection: its rows by both ways, and their number.
        node = selection(named.fields["nodes"].type, depth)
        return f"{{ totalCount nodes {node} edges {{ node {{ nodeId }} }} }}"
    fields = leaves(named)
    if depth:
        fields += [
            f"{name} {selection(field.type, depth - 1)}" for name, field in named.fields.items() if name not in fields
        ]
    return "{ " + " ".join(fields) + " }"


def argument_values(name: str, field: GraphQLField, world: World) -> str:
    """The arguments that a root field needs, for the viewer's own row; all others are left out."""
    needed = [argument for argument, definition in field.args.items() if is_required_argument(definition)]
    values: dict[str, Any] = {}
    if name == "search":
        values = {"query": "an", "first": 100}
        assert set(needed) <= values.keys()
    elif str(field.type).startswith("["):
        # Without policies there are more than a plain list may hold.
        values = {"first": 1000}
        assert not needed
    elif needed:
        type_name = get_named_type(field.type).name
        values = lookup_arguments(type_name, world.home(type_name))
        assert set(needed) == values.keys(), f"Query.{name}: this test does not know what {needed} are"
    return written(values)


def lookup_arguments(type_name: str, key: Key) -> dict[str, Any]:
    names = [schema.config.name_converter.apply_naming_config(name) for name in ENTITIES[type_name].key]
    return {name: str(part) for name, part in zip(names, key, strict=True)}


def written(values: dict[str, Any]) -> str:
    return "(" + ", ".join(f"{name}: {json.dumps(value)}" for name, value in values.items()) + ")" if values else ""


def ask(layer: bff.Bff, query: str, viewer: Viewer | None = VIEWER) -> dict[str, Any]:
    result = layer.execute(query, viewer=viewer)
    return {"data": result.data, "errors": [error.formatted for error in result.errors or []]}


def node_ids(value: Any) -> set[str]:
    """The global ids of all objects in an answer."""
    if isinstance(value, list):
        return {each for item in value for each in node_ids(item)}
    if isinstance(value, dict):
        own = {value["nodeId"]} if "nodeId" in value else set()
        return own | {each for item in value.values() for each in node_ids(item)}
    return set()


def is_nameless(errors: list[dict[str, Any]]) -> bool:
    """Whether errors say nothing but that something is not there."""
    return all(error["message"].startswith("Cannot return null for non-nullable field ") for error in errors)


assert GRAPH.query_type
ROOTS = {name: field for name, field in GRAPH.query_type.fields.items() if name != "node"}
MANY = [name for name, field in ROOTS.items() if str(field.type).startswith("[") or "Connection" in str(field.type)]
LOOKUPS = [name for name, field in ROOTS.items() if any(map(is_required_argument, field.args.values()))]
LOOKUPS.remove("search")


def edges_of(type_name: str) -> dict[str, GraphQLField]:
    """The relations and aggregates of a type, and whatever else leads to an object."""
    type_ = GRAPH.type_map[type_name]
    assert isinstance(type_, GraphQLObjectType)
    return {
        name: field
        for name, field in type_.fields.items()
        if isinstance(spec_of(field), (Relation, Aggregate)) or not is_leaf_type(get_named_type(field.type))
    }


def edges_query(type_name: str, world: World) -> str:
    """Each edge of the viewer's own row alone: one that leads nowhere must not hide another."""
    home = world.home_id(type_name)
    return "\n".join(
        ["{"]
        + [
            f'{name}: node(id: "{home}") {{ nodeId ... on {type_name} {{ edge: {name} {selection(field.type, 0)} }} }}'
            for name, field in edges_of(type_name).items()
        ]
        + ["}"]
    )


def stays_at_home(type_name: str, name: str) -> bool:
    """Whether the relation behind an edge is ownership, which leads to rows of the same organization only."""
    spec = spec_of(edges_of(type_name)[name])
    assert isinstance(spec, (Relation, Aggregate)), f"{type_name}.{name}: this test knows relations and aggregates"
    relation = ENTITIES[type_name].relationship(spec.attribute)
    assert relation is not None
    other = f"{relation.mapper.class_.__name__}.{relation.back_populates}"
    return f"{relation.parent.class_.__name__}.{relation.key}" in OWNERSHIP or other in OWNERSHIP


# ---- GraphQL


def test_every_table_has_a_type_and_a_statement_of_what_is_visible() -> None:
    assert {entity.model for entity in CATALOG} == {mapper.class_ for mapper in Base.registry.mappers}
    assert VISIBLE.keys() == ENTITIES.keys()
    assert {name.partition(".")[0] for name in OWNERSHIP} == ENTITIES.keys() - {"Organization"}


@pytest.mark.parametrize("type_name", ENTITIES)
def test_relations_and_aggregates_show_nothing_of_others(
    type_name: str, clean: World, inbound: World, outbound: World
) -> None:
    query = edges_query(type_name, inbound)
    seen, inwards = ask(inbound.real, query), ask(inbound.control, query)
    assert seen == ask(clean.real, query)
    assert node_ids(seen) <= inbound.visible
    query = edges_query(type_name, outbound)
    led, outwards = ask(outbound.real, query), ask(outbound.control, query)
    assert node_ids(led) <= outbound.visible
    assert is_nameless(led["errors"])
    for name in edges_of(type_name):
        assert seen["data"][name]["nodeId"] == inbound.home_id(type_name)
        if not stays_at_home(type_name, name):
            shown = node_ids(inwards["data"][name]) - inbound.visible
            shown |= node_ids(outwards["data"][name]) - outbound.visible
            counted = inwards["data"][name]["edge"] if isinstance(seen["data"][name]["edge"], int) else None
            assert shown or counted != seen["data"][name]["edge"], f"nothing is planted behind {type_name}.{name}"


@pytest.mark.parametrize("name", ROOTS)
def test_root_fields_show_nothing_of_others(name: str, clean: World, inbound: World, outbound: World) -> None:
    def query(world: World) -> str:
        return f"{{ {name}{argument_values(name, ROOTS[name], world)} {selection(ROOTS[name].type, 0)} }}"

    seen = ask(inbound.real, query(inbound))
    assert seen == ask(clean.real, query(clean))
    assert seen["errors"] == []
    assert node_ids(seen)
    assert node_ids(seen) <= inbound.visible
    led = ask(outbound.real, query(outbound))
    assert node_ids(led) <= outbound.visible
    assert led["errors"] == []
    if name in MANY:
        assert node_ids(ask(inbound.control, query(inbound))) - inbound.visible


@pytest.mark.parametrize("type_name", ENTITIES)
def test_two_steps_from_an_object_everything_is_the_viewers(type_name: str, clean: World, inbound: World) -> None:
    below = selection(GRAPH.type_map[type_name], 2)  # type: ignore[arg-type]
    query = f'{{ node(id: "{inbound.home_id(type_name)}") {{ ... on {type_name} {below} }} }}'
    seen = ask(inbound.real, query)
    assert seen == ask(clean.real, query)
    assert inbound.home_id(type_name) in node_ids(seen)
    assert node_ids(seen) <= inbound.visible


@pytest.mark.parametrize("type_name", ENTITIES)
def test_another_organizations_global_id_is_answered_as_a_missing_one(type_name: str, clean: World) -> None:
    def answer(layer: bff.Bff, global_id: str) -> dict[str, Any]:
        return ask(layer, f'{{ node(id: "{global_id}") {{ __typename nodeId }} }}')

    hidden = clean.hidden_id(type_name)
    missing = global_id(ENTITIES[type_name], (MISSING,) * len(ENTITIES[type_name].key))
    assert answer(clean.real, hidden) == answer(clean.real, missing) == {"data": {"node": None}, "errors": []}
    assert node_ids(answer(clean.control, hidden)) == {hidden}


@pytest.mark.parametrize("name", LOOKUPS)
def test_another_organizations_key_is_answered_as_a_missing_one(name: str, clean: World) -> None:
    type_name = get_named_type(ROOTS[name].type).name

    def answer(layer: bff.Bff, key: Key) -> dict[str, Any]:
        return ask(layer, f"{{ {name}{written(lookup_arguments(type_name, key))} {{ nodeId }} }}")

    hidden = clean.hidden_keys(type_name)[0]
    missing = answer(clean.real, (MISSING,) * len(hidden))
    assert answer(clean.real, hidden) == missing == {"data": {name: None}, "errors": []}
    assert node_ids(answer(clean.control, hidden)) == {clean.hidden_id(type_name)}


@pytest.mark.parametrize("name", [name for name in MANY if "filter" in ROOTS[name].args])
def test_a_filter_finds_nothing_of_others(name: str, clean: World) -> None:
    field = ROOTS[name]
    named = get_named_type(field.type)
    assert isinstance(named, GraphQLObjectType)
    row = named if named.name in ENTITIES else get_named_type(named.fields["nodes"].type)
    keys = json.dumps([str(key[0]) for key in clean.all_keys(row.name)])
    hidden = json.dumps([str(key[0]) for key in clean.hidden_keys(row.name)])
    first = "first: 1000" if named is row else "first: 50"
    chosen = "{ nodeId }" if named is row else "{ totalCount nodes { nodeId } }"
    assert node_ids(ask(clean.real, f"{{ {name}({first}, filter: {{id: {{in: {keys}}}}}) {chosen} }}"))
    query = f"{{ {name}({first}, filter: {{id: {{in: {hidden}}}}}) {chosen} }}"
    assert ask(clean.real, query)["data"][name] == ([] if named is row else {"totalCount": 0, "nodes": []})
    assert node_ids(ask(clean.control, query))


def test_search_is_for_the_viewers_own_by_their_whole_names(clean: World) -> None:
    with clean.engine.connect() as connection:
        [theirs] = connection.scalars(text("select name from users where id = 2"))
        [own] = connection.scalars(text("select name from users where id = 3"))
    query = "{{ search(query: {}) {{ ... on Node {{ nodeId }} }} }}"
    assert "User:2" not in node_ids(ask(clean.real, query.format(json.dumps(theirs))))
    assert "User:2" in node_ids(ask(clean.control, query.format(json.dumps(theirs))))
    assert "User:3" in node_ids(ask(clean.real, query.format(json.dumps(own))))


def test_another_organizations_cursor_is_no_cursor(clean: World) -> None:
    [cursor] = ask(clean.real, "{ mattersConnection(first: 1) { edges { cursor } } }", Viewer(2, 2, "owner"))["data"][
        "mattersConnection"
    ]["edges"]
    [error] = ask(clean.real, f'{{ mattersConnection(after: "{cursor["cursor"]}") {{ nodes {{ id }} }} }}')["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


def test_nobody_sees_nothing(clean: World) -> None:
    for name, field in ROOTS.items():
        query = f"{{ {name}{argument_values(name, field, clean)} {selection(field.type, 0)} }}"
        answer = ask(clean.real, query, viewer=None)
        assert answer["errors"] == []
        empty: list[Any] = [None, [], {"totalCount": 0, "nodes": [], "edges": []}]
        assert answer["data"][name] in empty, name


def test_notifications_are_seen_by_nobody_else_of_the_same_organization(clean: World) -> None:
    query = "{ user(id: 1) { unreadCount notifications { nodeId } } notifications { nodeId } viewer { unreadCount } }"
    own, colleagues = ask(clean.real, query)["data"], ask(clean.real, query, Viewer(3, 1, "admin"))["data"]
    assert own["user"] == {"unreadCount": own["viewer"]["unreadCount"], "notifications": own["notifications"]}
    assert own["viewer"]["unreadCount"]
    assert own["notifications"]
    assert colleagues["user"] == {"unreadCount": 0, "notifications": []}
    assert not node_ids(own) & node_ids(colleagues)


# ---- REST: what others refer to shows nothing of them there either; `test_rest.py` asks for their rows by their ids


@contextmanager
def site_over(world: World) -> Iterator[Flask]:
    url = world.engine.url.render_as_string(hide_password=False)
    app = create_app({"BRIEFCASE_ENV": "development", "DATABASE_URL": url, "SECRET_KEY": "of the tests, 32 bytes long"})
    try:
        yield app
    finally:
        app.extensions[EXTENSION].dispose()


def test_over_rest_what_others_refer_to_stays_the_same(clean: World, inbound: World, client_of: ClientOf) -> None:
    types = {name.lower(): name for name in ENTITIES} | {"entry": "TimeEntry"}
    with site_over(clean) as before, site_over(inbound) as after:
        rules = [
            rule
            for rule in before.url_map.iter_rules()
            if rule.rule.startswith("/api/") and "GET" in (rule.methods or ())
        ]
        assert len(rules) > 30
        for rule in rules:
            path = rule.rule
            for argument in rule.arguments:
                key = inbound.home(types[argument.removesuffix("_id").replace("_", "")])
                path = path.replace(f"<key:{argument}>", str(key[0]))
            path += "?q=an" if path == "/api/search" else "?limit=200"
            answers = [client_of(app, VIEWER.user_id).get(path) for app in (before, after)]
            assert answers[0].status_code == 200, path
            assert answers[0].json == answers[1].json, path
