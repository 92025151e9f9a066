"""Finished JSON within data: byte by byte in the answer, a value again for code."""

from __future__ import annotations

import json

import pytest

from bff.json_text import Json, encode, plain

FINISHED = '{"id":"1",  "text":"\\u00e9 ö", "large":123456789012345678901234567890}'


def test_finished_json_is_in_the_answer_as_it_is() -> None:
    assert encode({"data": {"a": Json(FINISHED), "b": [1, Json("null")]}}).decode() == (
        f'{{"data":{{"a":{FINISHED},"b":[1,null]}}}}'
    )


def test_so_it_is_beside_what_only_the_standard_library_encodes() -> None:
    large = 2**70
    text = encode({"a": Json(FINISHED), "large": large, "b": Json('"x"')}).decode()
    assert text == f'{{"a":{FINISHED},"large":{large},"b":"x"}}'


def test_code_gets_its_value() -> None:
    assert plain({"a": [Json('{"b":1.5}'), 2], "c": None}) == {"a": [{"b": 1.5}, 2], "c": None}
    assert plain(None) is None


@pytest.mark.parametrize("value", [object(), {1, 2}, float("nan")])
def test_what_json_has_no_form_for_is_refused(value: object) -> None:
    # NaN is null to orjson alone; beside a large integer it is refused.
    with pytest.raises((TypeError, ValueError)):
        encode({"value": value, "large": 2**70})


def test_data_without_finished_json_is_encoded_as_ever() -> None:
    data = {"text": "ö", "list": [None, True, 1, 1.5]}
    assert json.loads(encode(data)) == data
