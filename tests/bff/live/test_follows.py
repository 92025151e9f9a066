from __future__ import annotations

from bff.changes.change import Change
from bff.live.follows import Follows
from bff.readsets.readset import Fact
from tests.bff.live.outlets import KeptOutlet


def user(id: str) -> Fact:
    return ("users", ("id",), (id,))


def change_of_user(id: str, *, number: int = 1) -> Change:
    return Change(number, number, "users", "update", {"id": id}, {"id": id}, frozenset({"name"}))


def test_those_are_called_whose_rows_changed() -> None:
    follows, called = Follows(), list[str]()
    follows.add(KeptOutlet(), [user("1")], lambda: called.append("of 1"))
    follows.add(KeptOutlet(), [user("1"), user("2")], lambda: called.append("of 1 and 2"))
    follows.changed([change_of_user("2")])
    assert called == ["of 1 and 2"]
    follows.changed([change_of_user("3")])
    assert called == ["of 1 and 2"]


def test_changes_that_come_together_are_told_once() -> None:
    follows, called = Follows(), list[str]()
    follows.add(KeptOutlet(), [user("1"), user("2")], lambda: called.append("it"))
    follows.changed([change_of_user("1"), change_of_user("2", number=2)])
    assert called == ["it"]


def test_a_loss_may_have_changed_any_row() -> None:
    follows, called = Follows(), list[str]()
    outlet = KeptOutlet()
    follows.add(outlet, [user("1")], lambda: called.append("first"))
    follows.add(outlet, [user("2")], lambda: called.append("second"))
    follows.lost()
    assert called == ["first", "second"]


def test_an_outlet_that_is_dropped_is_told_nothing_and_leaves_nothing() -> None:
    follows, called = Follows(), list[str]()
    kept, dropped = KeptOutlet(), KeptOutlet()
    follows.add(kept, [user("1")], lambda: called.append("kept"))
    follows.add(dropped, [user("1")], lambda: called.append("dropped"))
    follows.add(dropped, [user("2")], lambda: called.append("dropped"))
    assert repr(follows) == "<Follows 3 of 2 outlets>"
    follows.drop(dropped)
    follows.drop(dropped)
    follows.changed([change_of_user("1"), change_of_user("2", number=2)])
    follows.lost()
    assert called == ["kept", "kept"]
    assert repr(follows) == "<Follows 1 of 1 outlets>"
