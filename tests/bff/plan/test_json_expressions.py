"""JSON as SQL writes it: compact, and the global ids of all kinds of keys."""

from tests.bff.plan.authors import One, Run


def test_json_is_compact(run: Run) -> None:
    data = run('{ author(id: "1") { name motto students { id } bookPage(first: 1) { totalCount nodes { price } } } }')
    assert data.result.data["author"].text == (
        '{"name":"ann","motto":"go","students":[{"id":"2"},{"id":"3"}],'
        '"bookPage":{"totalCount":3,"nodes":[{"price":10}]}}'
    )


def test_composite_keys(one: One) -> None:
    data = one(
        '{ chapter(bookId: "1", number: 2) { nodeId number book { title } notes { id } noteCount }'
        ' none: chapter(bookId: "2", number: 2) { number } notes { chapter { number nodeId } } }'
    )
    assert data["chapter"] == {
        "nodeId": "Chapter:1,2", "number": 2, "book": {"title": "one"}, "notes": [{"id": "2"}], "noteCount": 1,
    }  # fmt: skip
    assert data["none"] is None
    found = [each["chapter"] and each["chapter"]["nodeId"] for each in data["notes"]]
    assert found == ["Chapter:1,1", "Chapter:1,2", None, None, "Chapter:1,1"]
