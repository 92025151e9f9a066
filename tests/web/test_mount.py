"""The application in README's "Mount it on your application", run as it stands there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy.orm import Session

README = Path(__file__).parents[2] / "README.md"
SHELF = [
    ("Ann Ames", "north", "1", "Almanac", 250),
    ("Ann Ames", "north", "22", "Bees", 1000),
    ("Ann Ames", "south", "333", "Crypts", 500),
    ("Bo Bly", "south", "4444", "Dunes", 750),
]


@pytest.fixture(scope="module")
def bookshop(make_database: Callable[[], str]) -> Iterator[ModuleType]:
    """The module that README shows, over a database of its own with some books in it."""
    block = re.search(r"<!-- mount -->\n```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    assert not re.search(r"\b(from|import) (app|bff\.)", block[1]), "the README shows public names only"
    module = ModuleType("bookshop")
    url = make_database().replace("postgresql://", "postgresql+psycopg2://")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOOKSHOP_DATABASE_URL", url)
        patch.setitem(__import__("sys").modules, "bookshop", module)
        exec(compile(block[1], str(README), "exec"), module.__dict__)  # noqa: S102 - this repository's own text
        module.Base.metadata.create_all(module.layer.engine)
        with Session(module.layer.engine) as session:
            authors = {name: module.AuthorRow(name=name) for name, *_ in SHELF}
            for name, shop, isbn, title, pence in SHELF:
                authors[name].books.append(module.BookRow(isbn=isbn, shop=shop, title=title, pence=pence))
            session.add_all(authors.values())
            session.commit()
        yield module
        module.layer.engine.dispose()


def ask(bookshop: ModuleType, query: str, shop: str | None = "north") -> Any:
    headers = {} if shop is None else {"X-Shop": shop}
    response = bookshop.app.test_client().post("/graphql", json={"query": query}, headers=headers)
    assert response.status_code == 200, response.text
    return response.get_json()


def test_one_query_reads_columns_relations_aggregates_batches_and_resolvers(
    bookshop: ModuleType, count_sql: Callable[..., AbstractContextManager[Any]]
) -> None:
    with count_sql(bookshop.layer.engine) as statements:
        answer = ask(bookshop, "{ authors { name bookCount books { title price stars } } }")
    assert answer == {
        "data": {
            "authors": [
                {
                    "name": "Ann Ames",
                    "bookCount": 2,
                    "books": [
                        {"title": "Almanac", "price": "£2.50", "stars": 2},
                        {"title": "Bees", "price": "£10.00", "stars": 3},
                    ],
                },
                {"name": "Bo Bly", "bookCount": 0, "books": []},
            ]
        }
    }
    assert statements.count == 3


@pytest.mark.parametrize(
    ("shop", "titles"), [("north", ["Almanac", "Bees"]), ("south", ["Crypts", "Dunes"]), (None, [])]
)
def test_the_tenant_of_this_host_is_a_text(bookshop: ModuleType, shop: str | None, titles: list[str]) -> None:
    answer = ask(bookshop, "{ books { title } }", shop)
    assert [book["title"] for book in answer["data"]["books"]] == titles


def test_another_shops_book_is_a_missing_one(bookshop: ModuleType) -> None:
    query = '{ own: book(isbn: "22") { title } other: book(isbn: "333") { title } none: book(isbn: "0") { title } }'
    assert ask(bookshop, query)["data"] == {"own": {"title": "Bees"}, "other": None, "none": None}


def test_connections_and_global_ids(bookshop: ModuleType) -> None:
    first = ask(bookshop, '{ node(id: "Book:1") { nodeId ... on Book { author { nodeId catalogue(first: 1) {'
                          " totalCount pageInfo { hasNextPage endCursor } nodes { title } } } } } }")  # fmt: skip
    author = first["data"]["node"]["author"]
    page = author["catalogue"]
    assert (page["totalCount"], page["nodes"], page["pageInfo"]["hasNextPage"]) == (2, [{"title": "Almanac"}], True)
    second = ask(
        bookshop,
        f'{{ node(id: "{author["nodeId"]}") {{ ... on Author {{ '
        f'catalogue(first: 1, after: "{page["pageInfo"]["endCursor"]}") {{ nodes {{ title }} }} }} }} }}',
    )
    assert second["data"]["node"]["catalogue"]["nodes"] == [{"title": "Bees"}]
