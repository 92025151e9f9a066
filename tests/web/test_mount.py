"""The applications in README, "Mount it on your application" and the same live, run as they stand there."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from tests.bff.polling import wait_until
from tests.bff.sockets.wire import Wire

README = Path(__file__).parents[2] / "README.md"
SHELF = [
    ("Ann Ames", "north", "1", "Almanac", 250),
    ("Ann Ames", "north", "22", "Bees", 1000),
    ("Ann Ames", "south", "333", "Crypts", 500),
    ("Bo Bly", "south", "4444", "Dunes", 750),
]


def shown(name: str) -> str:
    """A module that README shows."""
    block = re.search(rf"<!-- {name} -->\n```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    assert not re.search(r"\b(from|import) (app\b(?!,)|bff\.(?!testing\b))", block[1]), (
        "the README shows public names only"
    )
    return block[1]


@pytest.fixture(scope="module")
def bookshop(make_database: Callable[[], str]) -> Iterator[ModuleType]:
    """The module that README shows, over a database of its own with some books in it."""
    module = ModuleType("bookshop")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOOKSHOP_DATABASE_URL", make_database().replace("postgresql://", "postgresql+psycopg2://"))
        patch.setitem(sys.modules, "bookshop", module)
        exec(compile(shown("mount"), str(README), "exec"), module.__dict__)  # noqa: S102 - this repository's own text
        module.Base.metadata.create_all(module.engine)
        with Session(module.engine) as session:
            authors = {name: module.AuthorRow(name=name) for name, *_ in SHELF}
            for name, shop, isbn, title, pence in SHELF:
                authors[name].books.append(module.BookRow(isbn=isbn, shop=shop, title=title, pence=pence))
            session.add_all(authors.values())
            session.commit()
        yield module
        module.engine.dispose()


def ask(bookshop: ModuleType, query: str, shop: str | None = "north") -> Any:
    client = bookshop.app.test_client()
    if shop is not None:
        client.set_cookie("shop", shop)
    response = client.post("/graphql", json={"query": query})
    assert response.status_code == 200, response.text
    return response.get_json()


def test_one_query_reads_columns_relations_aggregates_batches_and_resolvers(
    bookshop: ModuleType, count_sql: Callable[..., AbstractContextManager[Any]]
) -> None:
    with count_sql(bookshop.engine) as statements:
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


def test_filters_and_orders(bookshop: ModuleType) -> None:
    """The query that README shows."""
    query = re.search(r"<!-- filters -->\n```graphql\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert query is not None
    assert [book["title"] for book in ask(bookshop, query[1])["data"]["books"]] == ["Bees", "Almanac"]


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


@pytest.mark.slow
def test_the_same_is_live(bookshop: ModuleType, tmp_path: Path, redis_url: str) -> None:
    """The modules beside each other, the triggers, the server, as README has them."""
    for name in ("mount", "live"):
        (tmp_path / f"{'bookshop' if name == 'mount' else name}.py").write_text(shown(name), encoding="utf-8")
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(README.parent),
        "BOOKSHOP_DATABASE_URL": bookshop.engine.url.render_as_string(hide_password=False),
        "BFF_REDIS_URL": redis_url,
        "BFF_SECRET": "of 32 characters or more, the same",
        "PORT": str(port),
    }
    install = [sys.executable, "-c", "from bff.cli import main; main()", "--app", "bookshop:app", "live", "install"]
    subprocess.run(install, cwd=tmp_path, env=environment, check=True, timeout=60)
    server = subprocess.Popen([sys.executable, "live.py"], cwd=tmp_path, env=environment)
    try:
        with connected(("127.0.0.1", port)) as wire:
            wire.connect()
            wire.subscribe("1", "query @live { books { title price } }")
            first = wire.next_named("next")["payload"]["data"]["books"]
            assert first == [{"title": "Almanac", "price": "£2.50"}, {"title": "Bees", "price": "£10.00"}]
            with Session(bookshop.engine) as session:
                session.execute(update(bookshop.BookRow).where(bookshop.BookRow.isbn == "333").values(pence=1))
                session.execute(update(bookshop.BookRow).where(bookshop.BookRow.isbn == "22").values(pence=950))
                session.commit()
            second = wire.next_named("next")["payload"]["data"]["books"]
            assert second == [first[0], {"title": "Bees", "price": "£9.50"}]
    finally:
        server.terminate()
        server.wait(timeout=20)


def connected(address: tuple[str, int]) -> Wire:
    """A connection of the northern shop's clerk, as soon as somebody listens."""
    found: list[Wire] = []

    def listens() -> bool:
        try:
            found.append(Wire(address, Cookie="shop=north"))
        except ConnectionRefusedError:
            return False
        return True

    wait_until(listens)
    return found[0]
