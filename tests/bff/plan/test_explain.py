"""Plans as text."""

from graphql import parse

from bff.plan.explain import explain
from bff.plan.plan import compile_plan
from tests.bff.entities.ships import SCHEMA


def plan_text(document: str) -> str:
    plan = compile_plan(SCHEMA, parse(document))
    return explain(plan).partition("\n\n")[0]


def test_a_plan_says_what_it_follows_and_how_it_is_routed() -> None:
    assert plan_text("query Q @live { ship(id: 1) { id } }").startswith(
        "query Q, live: runs again when what it reads changes\n"
    )
    assert plan_text("subscription S { ship(id: 1) { id } }").startswith(
        "subscription S, live: runs again when what it reads changes\n"
    )
    assert plan_text("query Q { ship(id: 1) { id } }").startswith("query Q\n")
    assert plan_text("subscription S { sailorAdded(fleet: 1) { name } }") == (
        "subscription S\n"
        "└─ sailorAdded: Sailor!                                  #1 each insert of sailors, ship.fleet = fleet; checked\n"
        "   └─ name"
    )
    assert plan_text("subscription S { shipChanged(id: 1) { kind node { id } } }") == (
        "subscription S\n"
        "└─ shipChanged: ShipChanged!                             #1 #2 each insert, update, delete of ships, id = id; checked\n"
        "   ├─ kind\n"
        "   └─ node: Ship                                         its row\n"
        "      └─ id"
    )
    assert plan_text("subscription S { mates(shipId: 1) { name } }") == (
        "subscription S\n"
        "└─ mates: [Sailor!]!                                     #1 #2 who is at ShipRow.id = ship_id; checked\n"
        "   └─ name"
    )
