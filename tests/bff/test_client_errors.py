"""What of an error a client sees, what only the log does, and how a response is put together of both."""

from __future__ import annotations

import re
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLError, Source, parse
from structlog.testing import capture_logs

from bff import errors
from bff.client_errors import format_error, format_errors, format_result
from bff.errors import (
    BadUserInput,
    BffError,
    DeadlineExceeded,
    DeclarationError,
    DocumentError,
    DocumentLimit,
    NullViolation,
    ValidationFailed,
)

MASKED = re.compile(r"internal error; it is in the server's log as ([0-9a-f]{12})")


def located(original: Exception, *path: str | int, extensions: dict[str, Any] | None = None) -> GraphQLError:
    """As a field that raised it has it."""
    return GraphQLError(str(original), path=list(path) or None, original_error=original, extensions=extensions)


def raised(message: str) -> Exception:
    """A defect with a traceback: all of them from one line."""
    try:
        raise RuntimeError(message)
    except RuntimeError as error:
        return error


def one(error: GraphQLError) -> dict[str, Any]:
    [formatted] = format_errors([error], "Who")
    return formatted


def classes(root: type[BffError]) -> list[type[BffError]]:
    return [root, *(each for below in root.__subclasses__() for each in classes(below))]


TOLD = [
    each
    for each in classes(BffError)
    if each.__module__ == errors.__name__ and not issubclass(each, (DeclarationError, DocumentError))
]


# ---- what is not masked


@pytest.mark.parametrize("kind", TOLD)
def test_an_error_of_the_tree_keeps_its_message_and_its_code(kind: type[BffError]) -> None:
    error = kind.__new__(kind)
    Exception.__init__(error, "the reason")
    with capture_logs() as logs:
        formatted = one(GraphQLError("the reason", path=["a", 0], original_error=error))
    assert formatted == {"message": "the reason", "path": ["a", 0], "extensions": {"code": kind.code}}
    assert logs == []


def test_an_error_of_the_tree_may_say_more() -> None:
    class Late(DeadlineExceeded):
        @property
        def extensions(self) -> dict[str, Any]:
            return {**super().extensions, "seconds": 5}

    assert one(located(Late("too late")))["extensions"] == {"code": "DEADLINE_EXCEEDED", "seconds": 5}


def test_a_null_where_none_may_be_has_its_code_though_it_has_no_extensions() -> None:
    assert NullViolation("no").extensions == {}
    assert one(located(NullViolation("no"), "a"))["extensions"] == {"code": "NULL_VIOLATION"}


def test_an_error_that_a_resolver_meant_for_the_client_is_told_as_it_is() -> None:
    own = GraphQLError("as the resolver says", extensions={"code": "OWN_CODE", "more": [1]})
    with capture_logs() as logs:
        assert one(located(own, "a", extensions=own.extensions)) == {
            "message": "as the resolver says",
            "path": ["a"],
            "extensions": {"code": "OWN_CODE", "more": [1]},
        }
        assert one(GraphQLError("Argument 'a' has invalid value 1."))["extensions"] == {"code": "BAD_USER_INPUT"}
    assert logs == []


def test_what_was_raised_first_counts_however_often_it_was_wrapped() -> None:
    formatted = one(located(located(BadUserInput("choose another"), "a"), "a", "b"))
    assert formatted["extensions"] == {"code": "BAD_USER_INPUT"}
    assert MASKED.fullmatch(one(located(located(raised("hunter2"), "a"), "a"))["message"])


def test_locations_are_told() -> None:
    source = Source("{ a }")
    node = parse(source).definitions[0]
    assert one(GraphQLError("no", node, original_error=BadUserInput("no")))["locations"] == [{"line": 1, "column": 1}]


# ---- what is masked


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("the password is hunter2"),
        KeyError("hunter2"),
        DeclarationError("the password is hunter2"),
        DocumentError("graphql/hunter2.graphql:1:1: no"),
    ],
)
def test_a_defect_is_an_id_for_the_client_and_whole_in_the_log(error: Exception) -> None:
    with capture_logs() as logs:
        formatted = one(located(error, "items", 0, "a", extensions={"password": "hunter2"}))
    said = MASKED.fullmatch(formatted["message"])
    assert said is not None
    assert formatted["extensions"] == {"code": "INTERNAL", "id": said[1]}
    assert formatted["path"] == ["items", 0, "a"]
    assert "hunter2" not in repr(formatted)
    [logged] = logs
    assert (logged["event"], logged["log_level"]) == ("graphql.defect", "error")
    assert (logged["id"], logged["operation"], logged["path"]) == (said[1], "Who", ["items", 0, "a"])
    assert (logged["error"], logged["exc_info"]) == (repr(error), error)


def test_a_defect_of_many_rows_is_logged_once_and_has_one_id() -> None:
    with capture_logs() as logs:
        formatted = format_errors([located(raised(f"row {row}"), "items", row) for row in range(50)], None)
    assert len({each["extensions"]["id"] for each in formatted}) == 1
    assert [each["path"] for each in formatted] == [["items", row] for row in range(50)]
    [logged] = logs
    assert logged["error"] == "RuntimeError('row 0')"


def test_defects_of_other_kinds_and_other_lines_are_logged_each() -> None:
    def elsewhere() -> Exception:
        try:
            raise RuntimeError("another line")
        except RuntimeError as error:
            return error

    defects = [raised("one"), elsewhere(), KeyError("one"), ValueError("one"), raised("again")]
    with capture_logs() as logs:
        formatted = format_errors([located(each) for each in defects], None)
    ids = [each["extensions"]["id"] for each in formatted]
    assert ids[4] == ids[0]
    assert [each["id"] for each in logs] == ids[:4]
    assert len(set(ids)) == 4


def test_another_response_logs_the_same_defect_under_another_id() -> None:
    with capture_logs() as logs:
        ids = {one(located(raised("one")))["extensions"]["id"] for _ in range(2)}
    assert ids == {each["id"] for each in logs}
    assert len(ids) == 2


# ---- a request that failed as a whole


def test_a_refused_document_is_told_error_by_error_with_the_code_of_the_refusal() -> None:
    refused = ValidationFailed([GraphQLError("one"), GraphQLError("two")])
    assert format_error(refused, None) == [
        {"message": "one", "extensions": {"code": "VALIDATION_FAILED"}},
        {"message": "two", "extensions": {"code": "VALIDATION_FAILED"}},
    ]
    source = Source("{ aaaaaaaa }")
    [limited] = format_error(DocumentLimit([GraphQLError("too long", source=source, positions=[2])]), None)
    assert limited["locations"] == [{"line": 1, "column": 3}]


def test_any_other_failure_is_one_error() -> None:
    assert format_error(BadUserInput("choose another"), None) == [
        {"message": "choose another", "extensions": {"code": "BAD_USER_INPUT"}}
    ]
    with capture_logs() as logs:
        [masked] = format_error(RuntimeError("hunter2"), "Who")
    assert MASKED.fullmatch(masked["message"])
    assert [each["operation"] for each in logs] == ["Who"]


# ---- responses


def test_a_response_without_errors_has_none() -> None:
    assert format_result(ExecutionResult(data={"a": 1}, errors=None), None) == {"data": {"a": 1}}
    assert format_result(ExecutionResult(data={"a": 1}, errors=[]), None) == {"data": {"a": 1}}


def test_where_nothing_ran_there_is_no_data_and_where_something_did_there_is() -> None:
    before = ExecutionResult(data=None, errors=[GraphQLError("no")])
    nulled = ExecutionResult(data=None, errors=[located(BadUserInput("no"), "a")])
    part = ExecutionResult(data={"a": None}, errors=[located(BadUserInput("no"), "a")])
    assert list(format_result(before, None)) == ["errors"]
    assert (list(format_result(nulled, None)), format_result(nulled, None)["data"]) == (["errors", "data"], None)
    assert format_result(part, None)["data"] == {"a": None}


@pytest.mark.parametrize("path", [None, ["a"]])
@pytest.mark.parametrize("is_failed", [False, True])
def test_extensions_of_the_result_are_in_the_response(is_failed: bool, path: list[str | int] | None) -> None:
    errors = [GraphQLError("no", path=path)] if is_failed else None
    response = format_result(ExecutionResult(data=None, errors=errors, extensions={"cost": 5}), None)
    assert response["extensions"] == {"cost": 5}
    assert "extensions" not in format_result(ExecutionResult(data=None, errors=errors, extensions={}), None)
