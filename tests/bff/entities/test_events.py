"""Events and presence as declared: what is refused when the schema is built, what the schema shows, what documents may ask."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import strawberry
from graphql import parse, print_schema
from sqlalchemy.orm import Mapped, mapped_column

import bff
from bff.documents.limits import validate_document
from bff.errors import ValidationFailed
from tests.bff.entities.ships import (
    SCHEMA,
    Base,
    BerthRow,
    Coin,
    CoinRow,
    CookRow,
    Crew,
    Query,
    Sailor,
    SailorRow,
    Ship,
    ShipRow,
    SurgeonRow,
    arguments_of,
    key,
    schema_of,
)


@pytest.mark.parametrize(
    ("field", "annotation", "says"),
    [
        (lambda: bff.event(), str, "annotate it with an entity type or bff.Changed of one"),
        (lambda: bff.event(), list[Ship], "annotate it with an entity type or bff.Changed of one"),
        (lambda: bff.event(), bff.Connection[Ship], "annotate it with an entity type or bff.Changed of one"),
        (lambda: bff.event(), bff.Changed[str], "annotate it with an entity type or bff.Changed of one"),
        (lambda: bff.event(on=[]), Ship, "on=[] is not of the kinds of change, each once: insert, update, delete"),
        (lambda: bff.event(on=["insert", "insert"]), Ship, "on=['insert', 'insert'] is not of the kinds of change, each once"),
        (lambda: bff.event(on="upsert"), Ship, "on=['upsert'] is not of the kinds of change"),
        (lambda: bff.event(on=["truncate"]), bff.Changed[Ship], "on=['truncate'] is not of the kinds of change"),
        (lambda: bff.event(on=["delete"]), Ship, "of a deleted row there is no object; annotate it bff.Changed[Ship]"),
        (lambda: bff.event(match={"boat.fleet": "x"}), Sailor, "match='boat.fleet': SailorRow maps no to-one relationship 'boat'; it maps ship"),
        (lambda: bff.event(match={"sailors.rank": "x"}), Ship, "match='sailors.rank': ShipRow maps no to-one relationship 'sailors'; it maps none"),
        (lambda: bff.event(match={"name.rank": "x"}), Sailor, "match='name.rank': SailorRow maps no to-one relationship 'name'"),
        (lambda: bff.event(match={"ship.port": "x"}), Sailor, "match='ship.port': 'port' is no column of ShipRow; it maps draught, flag, fleet, id"),
        (lambda: bff.event(match={"ship": "x"}), Sailor, "match='ship': 'ship' is no column of SailorRow; it maps id, kind, name, rank, ship_id"),
        (lambda: bff.event(match={"": "x"}), Sailor, "match='': '' is no column of SailorRow"),
        (lambda: bff.event(match={"ship.": "x"}), Sailor, "match='ship.': '' is no column of ShipRow"),
        (lambda: bff.event(match={"ship.double": "x"}), Sailor, "match='ship.double': 'double' is no column of ShipRow"),
        (lambda: bff.event(match={"computed": "x"}), Sailor, "match='computed': 'computed' is no column of SailorRow"),
        (lambda: bff.event(match={"ship.nickname": "x"}), Sailor, "match='ship.nickname' ends in a column of CITEXT(), whose values may be equal and not look it"),
        (lambda: bff.event(match={"ship.mood": "x"}), Sailor, "match='ship.mood' ends in a column of Enum('good', 'bad', name='mood'), whose values"),
        (lambda: bff.event(match={"ship.draught": "x"}), Sailor, "match='ship.draught' ends in a column of Numeric()"),
        (lambda: bff.event(on=["insert"], match={"name": "x"}), Sailor, "match='name' is no column that changes of SailorRow carry: id, ship_id"),
        (lambda: bff.event(on=["insert"], match={"ship_id": "x", "ship.fleet": "x"}), Sailor, "match='ship.fleet': the argument 'x' is matched already; give each path its own"),
        (lambda: bff.event(on=["insert"], match={"ship_id": "the_ship", "ship.fleet": "theShip"}), Sailor, "the arguments theShip, the_ship have one name in GraphQL"),
        (lambda: bff.event(on=["insert"], match={"ship_id": 5}), Sailor, "match='ship_id' takes the name of an argument, or a function of the viewer"),
        (lambda: bff.event(match={"ship.fleet": "x"}), bff.Changed[Sailor], "match='ship.fleet' leads to another row, which may be gone when a row is deleted"),
        (lambda: bff.event(), bff.Changed[Coin], "the key CoinRow.code is of Reversed(), whose values may be equal and not look it"),
        (lambda: bff.event(), Crew, "CrewRow is not mapped to a table, whose changes could be told"),
        (lambda: bff.event(colour="red"), Ship, "unknown options ['colour']"),
        (lambda: bff.presence(of=ShipRow, argument="ship_id", key=key), Sailor, "bff.presence() gives who is there; annotate it with a list of an entity type"),
        (lambda: bff.presence(of=ShipRow, argument="ship_id", key=key), list[str], "bff.presence() gives who is there; annotate it with a list"),
        (lambda: bff.presence(of=ShipRow, argument="ship_id", key=key), bff.Connection[Sailor], "bff.presence() gives who is there; annotate it with a list"),
        (lambda: bff.presence(of=Ship, argument="ship_id", key=key), list[Sailor], "Ship'> is not a class mapped by SQLAlchemy"),
        (lambda: bff.presence(of=BerthRow, argument="x", key=key), list[Sailor], "of=BerthRow has a key of 2 columns, and an argument is one value"),
        (lambda: bff.presence(of=ShipRow, argument="x", key=7), list[Sailor], "key= takes a function from a viewer to its key among the objects"),
        (lambda: bff.presence(of=CoinRow, argument="x", key=key), list[Sailor], "the key CoinRow.code is of Reversed()"),
        (lambda: bff.presence(of=ShipRow, argument="x", key=key), list[Coin], "the key CoinRow.code is of Reversed()"),
        (lambda: strawberry.field(), int, "the field has no resolver; declare it with bff.lookup(), bff.collection() or bff.event()"),
        (lambda: bff.relation("sailors"), list[Sailor], "relation fields stand on entity types only"),
    ],
)  # fmt: skip
def test_a_field_declared_wrongly(field: Callable[[], Any], annotation: Any, says: str) -> None:
    with pytest.raises(bff.DeclarationError, match=re.escape(says)) as refused:
        schema_of(field(), annotation)
    assert "colour" in says or str(refused.value).startswith("Subscription.probe: ")


def test_an_argument_needs_a_name() -> None:
    with pytest.raises(bff.DeclarationError, match=r"'a b' cannot be the name of an argument"):
        bff.event(match={"ship_id": "a b"})
    with pytest.raises(bff.DeclarationError, match=r"'größe' cannot be the name of an argument"):
        bff.presence(of=ShipRow, argument="größe", key=key)


def test_what_stands_on_subscription_stands_nowhere_else() -> None:
    @strawberry.type
    class Wrong:
        ship: Ship | None = bff.lookup()
        probe: Ship = bff.event()

    with pytest.raises(bff.DeclarationError, match=re.escape("Wrong.probe: bff.event() stands on Subscription only")):
        bff.Schema(Wrong)

    @bff.entity(SailorRow, policy=bff.through("ship"), name="Sailor")
    class Other:
        probe: list[Ship] = bff.presence(of=ShipRow, argument="x", key=key)

    with pytest.raises(
        bff.DeclarationError, match=re.escape("Sailor.probe: bff.presence() stands on Subscription only")
    ):
        bff.Schema(Query, types=[Other])


async def ticking() -> AsyncIterator[int]:
    yield 1


async def soon() -> int:
    return 1


def counting() -> Iterator[int]:
    yield 1


def once(self: Any) -> int:
    return 1


@pytest.mark.parametrize(
    ("field", "annotation", "says"),
    [
        (lambda: strawberry.subscription(ticking), int, "@strawberry.subscription is a stream of its own, which nothing here runs; make it an ordinary resolver"),
        (lambda: strawberry.field(soon), int, "async resolvers do not run here"),
        (lambda: strawberry.field(ticking), int, "async resolvers do not run here"),
        (lambda: strawberry.field(counting), list[int], "generators do not run here; return the answer as of now"),
    ],
)  # fmt: skip
def test_resolvers_that_do_not_run(field: Callable[[], Any], annotation: Any, says: str) -> None:
    with pytest.raises(bff.DeclarationError, match=re.escape(f"Subscription.probe: {says}")):
        schema_of(field(), annotation)


def test_resolvers_that_answer_at_once_do() -> None:
    assert "probe: Int!" in print_schema(schema_of(strawberry.field(once), int)._schema)


def test_deletes_need_a_policy_that_deleted_rows_still_answer() -> None:
    says = (
        "Subscription.probe: who saw a deleted row of ShipRow cannot be told: changes of its table carry id, and its "
        "policy needs more; declare on=[...] without 'delete', or base the policy on these columns"
    )

    @bff.entity(ShipRow, policy=lambda ship, viewer: ship.fleet == viewer.fleet, name="Ship")
    class OfFleet:
        id: strawberry.ID

    @strawberry.type
    class Root:
        ship: OfFleet | None = bff.lookup()

    def schema(on: list[str] | None) -> bff.Schema:
        body = {"__annotations__": {"probe": bff.Changed[OfFleet]}, "probe": bff.event(on=on)}
        return bff.Schema(Root, subscription=strawberry.type(type("Subscription", (), body)))

    with pytest.raises(bff.DeclarationError, match=re.escape(says)):
        schema(None)
    schema(["insert", "update"])


@pytest.mark.parametrize("model", [CookRow, SurgeonRow])
def test_deletes_of_a_subclass_that_nothing_tells_apart(model: type) -> None:
    """A deleted cook is a deleted sailor; a deleted surgeon's ship stood in another table."""

    @bff.entity(
        SailorRow, policy=lambda sailor, viewer: sailor.ship_id == viewer.ship_id, interface=True, name="Sailor"
    )
    class AnySailor:
        id: strawberry.ID

    @bff.entity(SailorRow, name="PlainSailor")
    class PlainSailor(AnySailor):
        pass

    @bff.entity(CookRow, name="Cook")
    class Cook(AnySailor):
        pass

    @bff.entity(SurgeonRow, name="Surgeon")
    class Surgeon(AnySailor):
        pass

    probed = Cook if model is CookRow else Surgeon

    def schema(on: list[str] | None) -> bff.Schema:
        body = {"__annotations__": {"probe": bff.Changed[probed]}, "probe": bff.event(on=on)}  # type: ignore[valid-type]
        subscription = strawberry.type(type("Subscription", (), body))
        return bff.Schema(Query, subscription=subscription, types=[PlainSailor, Cook, Surgeon])

    with pytest.raises(bff.DeclarationError, match=f"who saw a deleted row of {model.__name__} cannot be told"):
        schema(None)
    schema(["insert", "update"])


def test_deletes_matched_by_a_column_of_another_table() -> None:
    @bff.entity(SurgeonRow, policy=bff.public, name="Surgeon")
    class Surgeon:
        id: strawberry.ID

    with pytest.raises(
        bff.DeclarationError,
        match=re.escape(
            "match='ship_id' is a column of sailors, no longer known when a row of surgeons is deleted; "
            "declare on=[...] without 'delete'"
        ),
    ):
        schema_of(bff.event(match={"ship_id": "ship_id"}), bff.Changed[Surgeon])
    assert arguments_of(schema_of(bff.event(on=["insert"], match={"ship_id": "ship_id"}), bff.Changed[Surgeon])) == {
        "shipId": "ID!"
    }


def test_a_place_needs_a_policy() -> None:
    class PortRow(Base):
        __tablename__ = "ports"
        id: Mapped[int] = mapped_column(primary_key=True)

    with pytest.raises(
        bff.DeclarationError, match=r"Subscription.probe: PortRow has no policy; declare an entity type"
    ):
        schema_of(bff.presence(of=PortRow, argument="port_id", key=key), list[Sailor])


# -- what the schema shows


def test_the_schema_of_changes_and_presence() -> None:
    printed = print_schema(schema_of(bff.event(description="What becomes of ships."), bff.Changed[Ship])._schema)
    assert "directive @live on QUERY" in printed
    assert '  """What becomes of ships."""\n  probe: ShipChanged!' in printed
    assert "type ShipChanged {\n  kind: ChangeKind!\n" in printed
    assert "  node: Ship\n" in printed
    assert "enum ChangeKind {\n  INSERTED\n  UPDATED\n  DELETED\n}" in printed
    printed = print_schema(schema_of(bff.presence(of=ShipRow, argument="ship_id", key=key), list[Sailor])._schema)
    assert "probe(shipId: ID!): [Sailor!]!" in printed
    assert "ChangeKind" not in printed


# -- documents


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("subscription { noon ship(id: 1) { id } }", "Anonymous Subscription must select only one top level field."),
        ("subscription S { noon ship(id: 1) { id } }", "Subscription 'S' must select only one top level field."),
        ("subscription S { a: noon b: noon }", "Subscription 'S' must select only one top level field."),
        ("subscription S { ...A ...B } fragment A on Subscription { noon } fragment B on Subscription { ship(id: 1) { id } }", "Subscription 'S' must select only one top level field."),
        ("subscription S { __typename }", "Subscription 'S' must not select an introspection top level field."),
        ("subscription S { noon __typename }", "Subscription 'S' must select only one top level field."),
        ("subscription S($y: Boolean!) { noon @include(if: $y) }", "Subscription 'S' must not use `@skip` or `@include` directives in the top level selection."),
        ("subscription S { noon @skip(if: false) }", "Subscription 'S' must not use `@skip` or `@include` directives in the top level selection."),
        ("subscription S($y: Boolean!) { ... @include(if: $y) { noon } }", "Subscription 'S' must not use `@skip` or `@include` directives in the top level selection."),
        ("subscription S($y: Boolean!) { ...A @skip(if: $y) } fragment A on Subscription { noon }", "Subscription 'S' must not use `@skip` or `@include` directives in the top level selection."),
        ("subscription S($y: Boolean!) { ...A } fragment A on Subscription { noon @skip(if: $y) }", "Subscription 'S' must not use `@skip` or `@include` directives in the top level selection."),
        ("subscription S @live { noon }", "Directive '@live' may not be used on subscription."),
        ("mutation M @live { x }", "Directive '@live' may not be used on mutation."),
        ("{ ship(id: 1) @live { id } }", "Directive '@live' may not be used on field."),
        ("query @live @live { ship(id: 1) { id } }", "The directive '@live' can only be used once at this location."),
        ("query @live(if: true) { ship(id: 1) { id } }", "Unknown argument 'if' on directive '@live'."),
        ("query Q { ...F } fragment F on Query @live { ship(id: 1) { id } }", "Directive '@live' may not be used on fragment definition."),
        ("subscription { shipChanged { id } }", "Argument 'Subscription.shipChanged(id:)' of type 'ID!' is required, but it was not provided."),
        ("subscription($id: ID) { shipChanged(id: $id) { id } }", "Variable '$id' of type 'ID' used in position expecting type 'ID!'."),
        ("subscription { sailorAdded(fleet: 99999999999) { id } }", "Int cannot represent non 32-bit signed integer value: 99999999999"),
        ("subscription { shipChanged(id: 1) { kind { id } } }", "Field 'kind' must not have a selection since type 'ChangeKind!' has no subfields."),
        ("subscription { shipChanged(id: 1) { node } }", "Field 'node' of type 'Ship' must have a selection of subfields. Did you mean 'node { ... }'?"),
    ],
)  # fmt: skip
def test_a_document_that_is_refused(document: str, says: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        validate_document(SCHEMA, parse(document))
    assert says in [each.message for each in refused.value.errors]


@pytest.mark.parametrize(
    "document",
    [
        "query @live { ship(id: 1) { id } }",
        "query A @live { ship(id: 1) { id } } subscription B { noon } subscription C { ship(id: 1) { id } }",
        "subscription { noon noon }",
        "subscription { ...A ...A } fragment A on Subscription { noon }",
        "subscription($y: Boolean!) { ship(id: 1) { id @include(if: $y) } }",
    ],
)
def test_a_document_that_is_not(document: str) -> None:
    validate_document(SCHEMA, parse(document))
