"""The comparison with graphql-core that other tests rest on."""

from __future__ import annotations

from graphql import ExecutionResult, GraphQLError

from tests.bff.engine.schemas import Boom, Coded
from tests.bff.reference import described


def test_the_helper_tells_answers_apart() -> None:
    """By the order of keys, by types of Python, and by all that errors carry."""
    one = ExecutionResult({"a": 1, "b": True}, None)
    for other in (
        ExecutionResult({"b": True, "a": 1}, None),
        ExecutionResult({"a": 1, "b": 1}, None),
        ExecutionResult({"a": 1.0, "b": True}, None),
        ExecutionResult({"a": 1, "b": True}, []),
        ExecutionResult({"a": 1, "b": True}, [GraphQLError("x")]),
    ):
        assert described(one) != described(other)
    first, second = GraphQLError("x", path=["a"]), GraphQLError("x", path=["b"])
    assert described(ExecutionResult(None, [first, second])) != described(ExecutionResult(None, [second, first]))
    assert described(ExecutionResult(None, [GraphQLError("x", original_error=Boom())])) != described(
        ExecutionResult(None, [GraphQLError("x", original_error=Coded())])
    )
