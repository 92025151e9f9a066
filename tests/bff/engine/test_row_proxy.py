"""Rows as the `self` of resolvers."""

from tests.bff.asking import Asker


def test_a_column_that_is_not_needed_is_an_error_in_rounds(ask: Asker) -> None:
    messages = []
    for strategy in ("compiled", "rounds"):
        result = ask.run(ask.plan('{ item(id: "1") { peeks } }', strategy))
        messages.append([error.message for error in result.errors])
    assert messages[0] == messages[1]
    assert "note" in messages[0][0]
