"""Middleware around fields that are loaded for many objects at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLResolveInfo, MiddlewareManager, parse

import bff
from bff.engine.execution import execute
from bff.engine.row_proxy import RowProxy
from bff.errors import TryAgain
from tests.bff.asking import Asker
from tests.bff.engine.schemas import messages
from tests.bff.engine.shops import SCHEMA, calls

Given = Callable[[Any], Any]
"""What a middleware makes of the value that `next` gives."""


class Around:
    """Middleware that notes what it is called with, and gives another value for the fields that are named."""

    def __init__(self, **given: Given) -> None:
        self._given = given
        self.seen: list[tuple[str, Any, Any]] = []

    def resolve(self, next_: Callable[..., Any], root: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        value = next_(root, info, **arguments)
        self.seen.append((".".join(map(str, info.path.as_list())), root, value))
        return self._given[info.field_name](value) if info.field_name in self._given else value


def answer(ask: Asker, text: str, *around: Any, **options: Any) -> ExecutionResult:
    calls.clear()
    with ask.database.open(None, bff.Deadline.after(20)) as scope:
        return execute(
            SCHEMA._schema, parse(text), context_value=scope, middleware=MiddlewareManager(*around), **options
        )


TEXT = "{ shops { name length items { name rankValue shout } itemPage(first: 1) { totalCount nodes { id } edges { cursor } } } }"


@pytest.mark.parametrize("strategy", ["compiled", "rounds", "auto"])
def test_middleware_that_changes_nothing_changes_nothing(ask: Asker, strategy: Any) -> None:
    expected = ask.result(TEXT)
    actual = answer(ask, TEXT, Around(), strategy=strategy)
    assert actual.data == expected.data
    assert messages(actual) == messages(expected) != []


def test_it_is_called_for_each_field_of_each_object(ask: Asker) -> None:
    around = Around()
    answer(ask, "{ shops { name items { name } } }", around)
    assert sorted(path for path, _, _ in around.seen) == sorted([
        "shops", "shops.0.name", "shops.1.name", "shops.0.items", "shops.1.items", "shops.0.items.0.name",
        "shops.0.items.1.name", "shops.1.items.0.name",
    ])  # fmt: skip


def test_rows_are_objects_to_it(ask: Asker) -> None:
    around = Around()
    answer(ask, '{ shop(id: "1") { name items { name shop { name } } } }', around)
    seen = {path: (root, value) for path, root, value in around.seen}
    root, shop = seen["shop"]
    assert (root, shop.name) == (None, "north")
    assert isinstance(shop, RowProxy)
    assert seen["shop.name"][0].name == seen["shop.name"][1] == "north"
    assert [each.name for each in seen["shop.items"][1]] == ["pen", "cup"]
    assert seen["shop.items.0.shop"][1].name == "north"
    with pytest.raises(bff.DeclarationError, match="Shop reads 'items'"):
        shop.items  # noqa: B018  (reading is what raises)


def test_a_batch_is_loaded_once_whatever_it_does(ask: Asker) -> None:
    """It can keep a value from being shown, not from being loaded."""
    result = answer(ask, "{ shops { length } }", Around(length=lambda value: value * 10))
    assert result.data == {"shops": [{"length": 50}, {"length": 50}]}
    assert calls == [("length", ["north", "south"])]


def test_what_went_wrong_is_raised_by_next(ask: Asker) -> None:
    caught: list[str] = []

    def mild(next_: Callable[..., Any], root: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        try:
            return next_(root, info, **arguments)
        except Exception as error:  # noqa: BLE001  (whatever a batch function raises)
            caught.append(str(error))
            return -1

    result = answer(ask, "{ items { rankValue failing } }", mild)
    assert result.errors is None
    assert result.data is not None
    assert result.data["items"][2] == {"rankValue": -1, "failing": -1}
    assert sorted(caught) == ["all True"] * 3 + ["no rank"]


def refuse(_value: Any) -> Any:
    raise PermissionError("not for you")


def later(_value: Any) -> Any:
    raise TryAgain("not now")


def test_what_it_raises_is_the_error_of_that_field(ask: Asker) -> None:
    result = answer(ask, "{ items { name code } shops { name } }", Around(code=refuse))
    assert [(error.message, error.path) for error in result.errors or []] == [
        ("not for you", ["items", i, "code"]) for i in range(3)
    ]
    assert result.data is not None
    assert result.data["items"][0] == {"name": "pen", "code": None}
    assert result.data["shops"] == [{"name": "north"}, {"name": "south"}]


def test_what_is_to_be_tried_again_ends_the_operation(ask: Asker) -> None:
    with pytest.raises(TryAgain, match="not now"):
        answer(ask, "{ items { name code } }", Around(code=later))


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (lambda items: items[::-1], ["cup", "pen"]),
        (lambda items: items[:1], ["pen"]),
        (tuple, ["pen", "cup"]),
        (lambda items: [], []),
        (lambda items: [items[0], items[0]], ["pen", "pen"]),
    ],
    ids=["reversed", "fewer", "tuple", "none", "twice"],
)
def test_lists_may_come_back_shorter_or_in_another_order(ask: Asker, given: Given, names: list[str]) -> None:
    result = answer(ask, '{ shop(id: "1") { items { name } } }', Around(items=given))
    assert result.errors is None
    assert result.data == {"shop": {"items": [{"name": name} for name in names]}}


def test_one_row_may_come_back_as_none(ask: Asker) -> None:
    assert answer(ask, '{ shop(id: "1") { name } }', Around(shop=lambda _: None)).data == {"shop": None}
    required = answer(ask, '{ item(id: "1") { shop { name } } }', Around(shop=lambda _: None))
    assert required.data == {"item": None}
    assert messages(required) == ["Cannot return null for non-nullable field Item.shop."]


@pytest.mark.parametrize(
    ("given", "kind"), [(lambda _: [object()], "list"), (lambda items: [*items, {"name": "x"}], "list"), (lambda _: "x", "str")]
)  # fmt: skip
def test_other_objects_than_were_loaded_are_an_error(ask: Asker, given: Given, kind: str) -> None:
    result = answer(ask, '{ shop(id: "1") { items { name } } }', Around(items=given))
    assert messages(result) == [f"middleware gave {kind} for Shop.items, which is not what was loaded for it"]


def test_arguments_are_those_of_the_field(ask: Asker) -> None:
    told: list[Any] = []

    def tell(next_: Callable[..., Any], root: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        told.append((info.field_name, arguments))
        # Whatever it hands on, what was loaded stays what it is.
        return next_(root, info) if info.field_name == "rankValue" else next_(root, info, **arguments)

    result = answer(ask, '{ item(id: "1") { rankValue(times: 3) } }', tell)
    assert result.data == {"item": {"rankValue": 6}}
    assert told == [("item", {"id": "1"}), ("rankValue", {"times": 3, "tags": None})]


def test_the_last_is_around_the_others(ask: Asker) -> None:
    """As graphql-core has it, for what is loaded and for what resolvers give."""
    first, last = (Around(name=lambda value, mark=mark: value + mark, constant=lambda value, add=add: value + add)
                   for mark, add in (("1", 1), ("2", 10)))  # fmt: skip
    result = answer(ask, '{ item(id: "1") { name constant } }', first, last)
    assert result.data == {"item": {"name": "pen12", "constant": 18}}
    assert [value for path, _, value in last.seen if path == "item.name"] == ["pen1"]
