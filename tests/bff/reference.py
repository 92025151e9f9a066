"""graphql-core's own answer to an operation, and the proof that the engine gives the same.

Data is compared with its key order and its Python types, errors with everything they carry, in their order.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema, execute_sync, parse, validate

from bff.execute import execute
from bff.places import NullViolation


def answer(
    schema: GraphQLSchema,
    source: str | DocumentNode,
    *,
    root: Any = None,
    context: Any = None,
    variables: dict[str, Any] | None = None,
    operation: str | None = None,
    valid: bool | None = True,
) -> ExecutionResult:
    """The engine's answer, which is asserted to be graphql-core's.

    `root` is given to both as it is, or called once for each when it is a function without arguments. `valid` is
    what graphql-core's validation is asserted to say of the document; None asserts nothing.
    """
    document = parse(source) if isinstance(source, str) else source
    if valid is not None:
        complaints = validate(schema, document)
        assert (not complaints) is valid, complaints
    roots = [root(), root()] if _is_factory(root) else [root, root]
    expected = execute_sync(schema, document, roots[0], context, variables, operation)
    actual = execute(schema, document, roots[1], context, variables, operation)
    assert_same(actual, expected)
    return actual


def assert_same(actual: ExecutionResult, expected: ExecutionResult) -> None:
    """Both answers are the same, to the letter."""
    assert described(actual) == described(expected)


def described(result: ExecutionResult) -> dict[str, Any]:
    """An answer as values that compare by all that a client or a log could see of it.

    `repr` of the data tells 1 from True, and one order of keys from another. JSON has one kind of number: 1.0 is 1.
    """
    errors = result.errors
    return {
        "data": repr(_as_json(result.data)),
        "errors": None if errors is None else [_described_error(error) for error in errors],
        "extensions": result.extensions,
    }


def _as_json(value: Any) -> Any:
    match value:
        case dict():
            return {key: _as_json(each) for key, each in value.items()}
        case list():
            return [_as_json(each) for each in value]
        case float() if value.is_integer():
            return int(value)
    return value


def _described_error(error: GraphQLError) -> dict[str, Any]:
    return {
        "message": error.message,
        "path": error.path,
        "locations": error.locations,
        "extensions": error.extensions,
        "nodes": None if error.nodes is None else [(node.kind, node.loc) for node in error.nodes],
        "positions": error.positions,
        "source": error.source and error.source.body,
        "original": _described_original(error.original_error),
    }


def _described_original(error: Exception | None) -> Any:
    if isinstance(error, GraphQLError):
        return _described_error(error)
    # The engine's own name for graphql-core's TypeError about a missing value.
    kind = TypeError if isinstance(error, NullViolation) else type(error)
    return kind, str(error)


def _is_factory(root: Any) -> bool:
    return isinstance(root, FunctionType)
