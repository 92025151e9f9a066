"""What fields and placeholders ask of loads, in one execution."""

from bff.json_text import Json, plain
from tests.bff.asking import Asker
from tests.bff.engine.shops import calls, written


def test_regions_in_rows_share_their_calls_with_all_else(ask: Asker) -> None:
    """The path is asked for, so that items are rows; their shops are regions, with placeholders."""
    query = "{ items { path length shop { length } } shops { length } }"
    plan = ask.plan(query)
    data = ask.run(plan).data
    assert isinstance(data["items"][0]["shop"], Json)
    assert isinstance(data["shops"], Json)
    called = [keys for _, keys in calls]
    assert sorted(key for keys in called for key in keys) == ["cup", "hat", "north", "pen", "south"]
    assert len(called) <= 2
    assert ask(query) == plain(data)


def test_what_is_asked_differently_is_another_call(ask: Asker) -> None:
    query = "query($n: Int!) { items(first: 1) { a: rankValue b: rankValue(times: 2) c: rankValue(times: $n) d: rankValue(times: 1) } }"
    assert written(ask, query, variables={"n": 2}) == {"items": [{"a": 2, "b": 4, "c": 4, "d": 2}]}
    assert len(calls) == 2
    assert ask(query, variables={"n": 3})["items"][0]["c"] == 6
