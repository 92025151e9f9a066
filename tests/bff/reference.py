"""graphql-core's own answer to an operation, and the proof that the engine gives the same.

Data is compared with its key order and its Python types, errors with everything they carry, in their order.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema, execute_sync, parse, validate

from bff.engine.execution import execute
from bff.errors import NullViolation
from bff.schema.catalog import Catalog


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
    make_root = root if _is_factory(root) else lambda: root
    expected = execute_sync(schema, document, make_root(), context, variables, operation)
    compiled = execute(schema, document, make_root(), context, variables, operation, strategy="compiled")
    assert_same_json(compiled, expected)
    if not _reads_rows(schema):
        assert_same(compiled, expected)
        return compiled
    actual = execute(schema, document, make_root(), context, variables, operation, strategy="rounds")
    assert_same(actual, expected)
    return actual


def assert_same(actual: ExecutionResult, expected: ExecutionResult) -> None:
    """Both answers are the same, to the letter."""
    assert described(actual) == described(expected)


def assert_same_json(actual: ExecutionResult, expected: ExecutionResult) -> None:
    """Both answers are the same to a client: JSON has one kind of number, in which 1.0 is 1."""
    assert described(_as_json(actual)) == described(_as_json(expected))


def described(result: ExecutionResult) -> dict[str, Any]:
    """An answer as values that compare by all that a client or a log could see of it.

    `repr` of the data tells 1 from True and 1.0, and one order of keys from another.
    """
    errors = result.errors
    return {
        "data": repr(result.data),
        "errors": None if errors is None else [_described_error(error) for error in errors],
        "extensions": result.extensions,
    }


def _as_json(result: ExecutionResult) -> ExecutionResult:
    return ExecutionResult(_with_json_numbers(result.data), result.errors, result.extensions)


def _with_json_numbers(value: Any) -> Any:
    match value:
        case dict():
            return {key: _with_json_numbers(each) for key, each in value.items()}
        case list():
            return [_with_json_numbers(each) for each in value]
        case float() if value.is_integer():
            return int(value)
    return value


def _reads_rows(schema: GraphQLSchema) -> bool:
    """Whether there is anything that PostgreSQL could write."""
    return any(True for _ in Catalog.of(schema))


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
