"""The tables that the migrations make, and what the seeder puts into them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from click.testing import CliRunner
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.orm import Session

from app.database import alembic_config, migrate
from app.models import Base, Comment, Organization, Role, Tag, Task, User
from app.seed import copy_text, seed, sign_ins
from app.seed.__main__ import main
from app.seed.volume import Volume
from app.seed.world import World
from bff.cli import main as bff_command

TINY = 0.001
DAY = date(2025, 1, 15)
DIGEST_OF_DAY = "e3cc47e4a8b2410081e93564ad73cab74a090030edfcae495bb6d3e98fabd3a2"

COUNTS_AT_SCALE_1 = {
    "organizations": 10,
    "users": 500,
    "clients": 300,
    "contacts": 1_200,
    "matters": 2_000,
    "matter_members": 16_000,
    "tags": 200,
    "tasks": 40_000,
    "task_tags": 80_000,
    "comments": 120_000,
    "documents": 24_000,
    "document_versions": 72_000,
    "time_entries": 60_000,
    "invoices": 6_000,
    "events": 10_000,
    "notifications": 20_000,
}

# Every link between rows of two tables, as (rows, the organizations that its two ends say).
LINKS = {
    "a client's owner": "select c.organization_id, u.organization_id from clients c join users u on u.id = c.owner_id",
    "a matter's client": (
        "select m.organization_id, c.organization_id from matters m join clients c on c.id = m.client_id"
    ),
    "a matter's lead": "select m.organization_id, u.organization_id from matters m join users u on u.id = m.lead_id",
    "a matter's members": (
        "select m.organization_id, u.organization_id from matter_members x"
        " join matters m on m.id = x.matter_id join users u on u.id = x.user_id"
    ),
    "a task's assignee": (
        "select m.organization_id, u.organization_id from tasks x"
        " join matters m on m.id = x.matter_id join users u on u.id = x.assignee_id"
    ),
    "a task's tags": (
        "select m.organization_id, g.organization_id from task_tags x join tasks t on t.id = x.task_id"
        " join matters m on m.id = t.matter_id join tags g on g.id = x.tag_id"
    ),
    "a comment's author": (
        "select m.organization_id, u.organization_id from comments x join tasks t on t.id = x.task_id"
        " join matters m on m.id = t.matter_id join users u on u.id = x.author_id"
    ),
    "a document's uploader": (
        "select m.organization_id, u.organization_id from documents x"
        " join matters m on m.id = x.matter_id join users u on u.id = x.uploader_id"
    ),
    "a version's author": (
        "select m.organization_id, u.organization_id from document_versions x"
        " join documents d on d.id = x.document_id"
        " join matters m on m.id = d.matter_id join users u on u.id = x.author_id"
    ),
    "a time entry's user": (
        "select m.organization_id, u.organization_id from time_entries x"
        " join matters m on m.id = x.matter_id join users u on u.id = x.user_id"
    ),
    "a notification's matter": (
        "select m.organization_id, u.organization_id from notifications x"
        " join matters m on m.id = x.matter_id join users u on u.id = x.user_id"
    ),
    "an invoice's client": "select m.client_id, x.client_id from invoices x join matters m on m.id = x.matter_id",
    "a matter's lead among its members": (
        "select m.lead_id, x.user_id from matters m join matter_members x on x.matter_id = m.id and x.role = 'lead'"
    ),
}

USERS_OF_A_MATTER = """
    select id as matter_id, lead_id as user_id from matters
    union select m.id, c.owner_id from matters m join clients c on c.id = m.client_id
    union select matter_id, user_id from matter_members
    union select matter_id, assignee_id from tasks
    union select t.matter_id, c.author_id from comments c join tasks t on t.id = c.task_id
    union select matter_id, uploader_id from documents
    union select d.matter_id, v.author_id from document_versions v join documents d on d.id = v.document_id
    union select matter_id, user_id from time_entries
"""


@contextmanager
def connected(url: str) -> Iterator[Engine]:
    engine = create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture
def empty(make_database: Callable[[], str]) -> Iterator[Engine]:
    """A database with all tables and no rows."""
    url = make_database()
    migrate(url)
    with connected(url) as engine:
        yield engine


def definitions(engine: Engine) -> dict[str, set[tuple[object, ...]]]:
    """What PostgreSQL itself says about the tables, but for Alembic's own."""
    statements = {
        "columns": (
            "select table_name, column_name, data_type, is_nullable, column_default, identity_generation"
            " from information_schema.columns where table_schema = 'public' and table_name <> 'alembic_version'"
        ),
        "constraints": (
            "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
            " where connamespace = 'public'::regnamespace and conrelid::regclass::text <> 'alembic_version'"
        ),
        "indexes": (
            "select indexname, indexdef from pg_indexes where schemaname = 'public' and tablename <> 'alembic_version'"
        ),
    }
    with engine.connect() as connection:
        return {name: {tuple(row) for row in connection.execute(text(it))} for name, it in statements.items()}


def written(volume: Volume, today: date) -> str:
    """A digest of every byte that seeding writes."""
    digest = hashlib.sha256()
    for table, rows in World(volume, today).tables():
        digest.update(table.name.encode())
        digest.update(copy_text(rows).encode())
    return digest.hexdigest()


# Migrations


@pytest.mark.slow
def test_migrations_build_what_the_models_say(empty: Engine, make_database: Callable[[], str]) -> None:
    with empty.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    # Alembic does not compare everything, CHECK constraints for one.
    with connected(make_database()) as straight:
        Base.metadata.create_all(straight)
        migrated, created = definitions(empty), definitions(straight)
    for kind, found in created.items():
        assert migrated[kind] ^ found == set(), kind


def test_migrations_go_back_and_forth(empty: Engine) -> None:
    before = definitions(empty)
    with empty.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
    assert all(found == set() for found in definitions(empty).values())
    migrate(empty.url)
    migrate(empty.url)
    assert definitions(empty) == before


def test_every_foreign_key_leads_an_index(engine: Engine) -> None:
    without = text(
        "select conrelid::regclass::text, conname from pg_constraint f where contype = 'f' and not exists"
        " (select from pg_index i where i.indrelid = f.conrelid and i.indkey[0] = f.conkey[1])"
    )
    with engine.connect() as connection:
        assert connection.execute(without).all() == []


def test_value_sets_are_checked_by_the_database(engine: Engine) -> None:
    wrong = {
        "users": "role",
        "matters": "status",
        "matter_members": "role",
        "tasks": "status",
        "invoices": "status",
    }
    for table, column in wrong.items():
        with engine.connect() as connection, pytest.raises(Exception, match=f"ck_{table}_{column}"):
            connection.execute(text(f"update {table} set {column} = 'unheard of'"))


# Volumes


def test_scale_one_has_the_volume_of_the_contract() -> None:
    counts = {model.__tablename__: count for model, count in Volume.of_scale(1).counts.items()}
    assert counts == COUNTS_AT_SCALE_1
    threefold = {model.__tablename__: count for model, count in Volume.of_scale(3).counts.items()}
    assert threefold == {name: 3 * count for name, count in COUNTS_AT_SCALE_1.items()}


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf")])
def test_a_scale_that_is_no_volume_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match="scale is a positive number"):
        Volume.of_scale(scale)


def test_the_database_holds_the_volume_exactly(engine: Engine) -> None:
    with engine.connect() as connection:
        matters = connection.scalar(select(func.count()).select_from(text("matters")))
        assert matters is not None
        volume = Volume.of_scale(matters / 2_000)
        found = {model: connection.scalar(select(func.count()).select_from(model)) for model in volume.counts}
    assert found == volume.counts
    assert volume.organizations >= 2


@pytest.mark.parametrize(
    ("parent", "child", "each"),
    [
        ("clients", "contacts", 4),
        ("matters", "matter_members", 8),
        ("matters", "tasks", 20),
        ("matters", "documents", 12),
        ("matters", "time_entries", 30),
        ("matters", "invoices", 3),
        ("matters", "events", 5),
        ("tasks", "comments", 3),
        ("tasks", "task_tags", 2),
        ("documents", "document_versions", 3),
        ("organizations", "users", 50),
        ("organizations", "tags", 20),
    ],
)
def test_every_parent_has_as_many_children(engine: Engine, parent: str, child: str, each: int) -> None:
    reference = f"{parent.removesuffix('s')}_id"
    counts = text(
        f"select distinct count(c.{reference}) from {parent} p left join {child} c on c.{reference} = p.id group by p.id"
    )
    with engine.connect() as connection:
        assert connection.execute(counts).scalars().all() == [each]


# What the rows say


@pytest.mark.parametrize("link", LINKS)
def test_linked_rows_belong_to_one_organization(engine: Engine, link: str) -> None:
    with engine.connect() as connection:
        ends = connection.execute(text(LINKS[link])).all()
    assert ends
    assert [pair for pair in ends if pair[0] != pair[1]] == []


def test_a_matter_page_names_thirty_users(engine: Engine) -> None:
    users = text(f"select matter_id, count(distinct user_id) from ({USERS_OF_A_MATTER}) x group by matter_id")
    with engine.connect() as connection:
        counts: dict[int, int] = dict(connection.execute(users).all())
    assert len(counts) == 40
    assert min(counts.values()) >= 30


def test_dates_lie_around_the_day_of_seeding(engine: Engine) -> None:
    # Around midnight the template may be of yesterday.
    now = datetime.now(UTC)
    with engine.connect() as connection:
        last_comment = connection.scalar(select(func.max(Comment.created_at)))
        assert last_comment is not None
        assert now - timedelta(days=4) < last_comment < now
        coming = "select count(distinct matter_id) from events where starts_at > :now"
        active = "select count(*) from matters where status <> 'closed'"
        assert connection.scalar(text(coming), {"now": now + timedelta(hours=1)}) >= 0.9 * connection.scalar(
            text(active)
        )
        late = "select count(*) from tasks where status = 'done' and updated_at > :now"
        assert connection.scalar(text(late), {"now": now}) == 0
        unread = "select count(*) from users u where exists (select from notifications where user_id = u.id and read_at is null)"
        assert connection.scalar(text(unread)) == connection.scalar(select(func.count()).select_from(User))


def test_the_first_matter_of_an_organization_is_open(engine: Engine) -> None:
    first = "select distinct on (organization_id) status from matters order by organization_id, id"
    with engine.connect() as connection:
        assert connection.execute(text(first)).scalars().all() == ["open", "open"]


def test_texts_are_varied_and_survive_copy(engine: Engine) -> None:
    with Session(engine) as session:
        bodies = session.scalars(select(Comment.body)).all()
        assert len(set(bodies)) > 0.7 * len(bodies)
        assert any("\n\n" in body for body in bodies)
        assert not any("{" in body or "\\" in body for body in bodies)
        names = session.scalars(select(User.name)).all()
        assert any(not name.isascii() for name in names)
        assert all(email.isascii() for email in session.scalars(select(User.email)))


def test_copy_text_escapes() -> None:
    row = (1, None, True, "tab\there\\ and\nthere\r", datetime(2025, 1, 2, 3, 4, tzinfo=UTC), date(2025, 1, 2))
    assert copy_text([row, (2,)]) == (
        "1\t\\N\tTrue\ttab\\there\\\\ and\\nthere\\r\t2025-01-02 03:04:00+00:00\t2025-01-02\n2\n"
    )


# Determinism


def test_the_same_day_gives_the_same_bytes_everywhere() -> None:
    """The digest was made once: another machine, version or hash seed must come to the same."""
    assert written(Volume.of_scale(TINY), DAY) == DIGEST_OF_DAY


@pytest.mark.slow
def test_the_hash_seed_changes_nothing() -> None:
    script = (
        "from hashlib import sha256; from datetime import date; from app.seed import copy_text;"
        "from app.seed.volume import Volume; from app.seed.world import World; digest = sha256();"
        f"[digest.update(t.name.encode() + copy_text(rows).encode()) for t, rows in"
        f" World(Volume.of_scale({TINY}), date.fromisoformat('{DAY}')).tables()]; print(digest.hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == DIGEST_OF_DAY


def test_another_day_moves_the_dates_and_leaves_the_rest() -> None:
    volume = Volume.of_scale(TINY)
    moved = World(volume, DAY + timedelta(days=7)).tables()
    for (table, rows), (_, later) in zip(World(volume, DAY).tables(), moved, strict=True):
        for row, other in zip(rows, later, strict=True):
            for column, value, its in zip(table.columns, row, other, strict=True):
                if isinstance(value, date):
                    assert its == value + timedelta(days=7), column
                # A reference and a number hold the year.
                elif column.name not in {"reference", "number"}:
                    assert its == value, column


# Seeding once, and whole


def test_ids_go_on_after_the_seeded_ones(engine: Engine) -> None:
    with Session(engine) as session:
        last = session.scalar(select(func.max(Tag.id)))
        assert last is not None
        tag = Tag(organization_id=1, name="after the seeding", color="#000000")
        session.add(tag)
        session.flush()
        assert tag.id > last


def test_seeding_leaves_statistics_and_nothing_to_vacuum(empty: Engine) -> None:
    assert seed(empty, scale=TINY, today=DAY) is True
    pages = text("select reltuples, relpages, relallvisible from pg_class where relname = 'tasks'")
    with empty.connect() as connection:
        rows, in_all, visible = connection.execute(pages).one()
    assert rows == 40
    assert visible == in_all > 0


def test_seeding_again_changes_nothing(empty: Engine) -> None:
    assert seed(empty, scale=TINY, today=DAY) is True
    with empty.begin() as connection:
        connection.execute(text("update organizations set name = 'ours' where id = 1"))
    assert seed(empty, scale=2 * TINY) is False
    with empty.connect() as connection:
        names = connection.execute(select(Organization.name).order_by(Organization.id)).scalars().all()
    assert names[0] == "ours"
    assert len(names) == 2


def test_an_interrupted_seeding_leaves_nothing_and_can_be_repeated(
    empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_world: World) -> Iterator[tuple[object, ...]]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(World, "_notifications", interrupted)
        with pytest.raises(KeyboardInterrupt):
            seed(empty, scale=TINY)
    with empty.connect() as connection:
        for model in Volume.of_scale(TINY).counts:
            assert connection.scalar(select(func.count()).select_from(model)) == 0
    assert seed(empty, scale=TINY) is True
    with empty.connect() as connection:
        assert connection.scalar(select(func.max(Task.id))) == 40


def test_of_two_seedings_at_once_one_seeds(empty: Engine) -> None:
    with ThreadPoolExecutor(2) as threads:
        seeded = list(threads.map(lambda _: seed(empty, scale=TINY), range(2)))
    assert sorted(seeded) == [False, True]
    with empty.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Organization)) == 2


# Whom to sign in as


def test_sign_ins_name_every_role_and_the_neighbour(engine: Engine) -> None:
    people = sign_ins(engine)
    assert [it.role for it in people] == [*Role, Role.OWNER]
    assert [it.user_id for it in people[::4]] == [1, 2]
    assert len({it.organization for it in people[:4]}) == 1
    assert people[4].organization != people[0].organization


def test_sign_ins_of_an_empty_database_are_none(empty: Engine) -> None:
    assert sign_ins(empty) == []


@pytest.mark.slow
def test_the_command_migrates_seeds_and_tells_whom_to_be(make_database: Callable[[], str]) -> None:
    url = make_database()
    arguments = ["--scale", str(TINY), "--database-url", url]
    first = CliRunner().invoke(main, arguments)
    assert first.exit_code == 0, first.output
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 0, again.output
    assert "holds data already" not in first.output
    assert "holds data already" in again.output
    with connected(url) as engine:
        for person in sign_ins(engine):
            assert f"{person.role:<7} {person.email}" in again.output


def test_the_command_without_a_database_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    ran = CliRunner().invoke(main, [])
    assert ran.exit_code == 1
    assert "DATABASE_URL is not set" in ran.output
    ran = CliRunner().invoke(main, ["--database-url", "mysql://localhost/x"])
    assert ran.exit_code == 1
    assert "not on 'mysql'" in ran.output


# Change capture


@pytest.mark.slow
def test_a_migrated_database_captures_what_the_models_say(empty: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", empty.url.render_as_string(hide_password=False))
    checked = CliRunner().invoke(bff_command, ["--app", "app.layer:make_layer", "live", "install", "--check"])
    assert checked.exit_code == 0, checked.output
    assert checked.stdout.endswith(f"changes of {len(Base.metadata.tables)} tables are captured\n")


def test_seeding_is_told_as_one_change_of_each_table(engine: Engine) -> None:
    with engine.connect() as connection:
        told = connection.execute(text("select table_name, kind from bff.outbox")).all()
    assert sorted(told) == sorted((name, "truncate") for name in Base.metadata.tables)
