"""Rows as the `self` of resolvers."""

import re
from typing import Any

import pytest

import bff
from bff.engine.row_proxy import ColumnProxy, RowProxy
from bff.plan.loads import RowsByKey
from bff.schema.catalog import Catalog
from tests.bff.asking import Asker
from tests.bff.plan import authors


def test_a_column_that_is_not_needed_is_an_error_in_rounds(ask: Asker) -> None:
    messages = []
    for strategy in ("compiled", "rounds"):
        result = ask.run(ask.plan('{ item(id: "1") { peeks } }', strategy))
        messages.append([error.message for error in result.errors])
    assert messages[0] == messages[1]
    assert "note" in messages[0][0]


def loaded() -> tuple[Any, Any]:
    """A load of authors that has their names, and their entity."""
    catalog = Catalog.of(authors.SCHEMA._schema)
    author = catalog.named("Author")
    assert author is not None
    load = RowsByKey(author, catalog.policies)
    load.slot("name")
    return load, author


def test_a_row_has_the_columns_that_were_loaded() -> None:
    load, author = loaded()
    proxy = RowProxy(load, author, (1, "ann"))
    assert (proxy.id, proxy.name) == (1, "ann")
    assert repr(proxy) == "<RowProxy of Author (1, 'ann')>"


def test_a_row_of_an_interface_has_those_of_its_own_type() -> None:
    catalog = Catalog.of(authors.SCHEMA._schema)
    work, film, song = (catalog.named(name) for name in ("Work", "Film", "Song"))
    assert work is not None
    assert film is not None
    assert song is not None
    load = RowsByKey(work, catalog.policies)
    load.slot("minutes", film)
    row = (1, "film", 90)
    assert RowProxy(load, film, row).minutes == 90
    with pytest.raises(bff.DeclarationError, match="Song reads 'minutes'"):
        RowProxy(load, song, row).minutes  # noqa: B018  (reading is what raises)


@pytest.mark.parametrize("name", ["motto", "name_", "_row_", "__len__"])
def test_what_was_not_declared_says_how_to_declare_it(name: str) -> None:
    load, author = loaded()
    says = f"a resolver of Author reads '{name}', which it did not declare; declare the field with @bff.field(needs='{name}')"
    for proxy in (RowProxy(load, author, (1, "ann")), ColumnProxy("Author", {"name": "ann"})):
        with pytest.raises(bff.DeclarationError, match=re.escape(says)):
            getattr(proxy, name)


def test_columns_alone_are_the_same() -> None:
    proxy = ColumnProxy("Author", {"name": "ann"})
    assert proxy.name == "ann"
    assert repr(proxy) == "<ColumnProxy of Author {'name': 'ann'}>"
