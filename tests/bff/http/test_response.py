"""What an answer is as bytes: finished JSON within it, and values that its first encoder does not take."""

from __future__ import annotations

import pytest

from bff.http.response import Answer
from bff.json_text import Json

# As PostgreSQL writes it, and as no parser of Python would write it again.
FINISHED = b'{"id":"1","price":1.10,"far":1e400,"huge":' + b"9" * 5000 + b',"text":"\xc3\xa9 \\u0041"}'


def test_finished_json_is_in_the_answer_byte_by_byte() -> None:
    answer = Answer(200, {"data": {"a": Json(FINISHED.decode()), "b": 1}})
    assert answer.encode() == b'{"data":{"a":' + FINISHED + b',"b":1}}'


def test_finished_json_beside_what_the_first_encoder_refuses() -> None:
    finished = [Json(FINISHED.decode()), Json('"é"'), Json("[]")]
    answer = Answer(200, {"data": {"first": finished[0], "big": 2**70, "rest": [finished[1], {"deep": finished[2]}]}})
    assert (
        answer.encode()
        == b'{"data":{"first":' + FINISHED + b',"big":1180591620717411303424,"rest":["\xc3\xa9",{"deep":[]}]}}'
    )


def test_the_place_of_finished_json_cannot_be_guessed() -> None:
    # What holds the places while the slow encoder runs must not be something that a payload says too.
    payload = {"big": 2**70, "text": ["0", "", "\\0", "x0"], "fragment": Json('"\\\\1 \\\\g<0>"')}
    assert Answer(200, payload).encode() == (
        b'{"big":1180591620717411303424,"text":["0","","\\\\0","x0"],"fragment":"\\\\1 \\\\g<0>"}'
    )


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"])
def test_a_value_that_json_does_not_have_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match=f"JSON has no {type(value).__name__}"):
        Answer(200, {"data": {"big": 2**70, "value": value}}).encode()


def test_not_a_number_is_refused_beside_a_large_one() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        Answer(200, {"data": [2**70, float("nan")]}).encode()
