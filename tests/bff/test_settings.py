"""Settings: where they come from, and that README and code know the same ones."""

from __future__ import annotations

import os
import re
from operator import attrgetter
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from bff import (
    DatabaseSettings,
    DocumentSettings,
    HttpSettings,
    Limits,
    LiveSettings,
    Settings,
    SocketLimits,
)

README = Path(__file__).parents[2] / "README.md"


GROUPS = (Settings, DocumentSettings, Limits, HttpSettings, DatabaseSettings, LiveSettings, SocketLimits)

GIVEN = {
    "BFF_PATH": ("path", "/api", "/api"),
    "BFF_DEVELOPMENT": ("development", "true", True),
    "BFF_STRATEGY": ("strategy", "rounds", "rounds"),
    "BFF_DEADLINE": ("deadline", "2.5", 2.5),
    "BFF_SECRET": ("secret", "s", SecretStr("s")),
    "BFF_APP": ("app", "host:app", "host:app"),
    "BFF_GRAPHIQL_ASSETS": ("graphiql_assets", "assets", Path("assets")),
    "BFF_TRUSTED_ONLY": ("documents.trusted_only", "1", True),
    "BFF_TEXT_CACHE": ("documents.text_cache", "0", 0),
    "BFF_MAX_LENGTH": ("limits.length", "11", 11),
    "BFF_MAX_TOKENS": ("limits.tokens", "12", 12),
    "BFF_MAX_FIELDS": ("limits.fields", "13", 13),
    "BFF_MAX_DEPTH": ("limits.depth", "14", 14),
    "BFF_MAX_OPERATIONS": ("limits.operations", "15", 15),
    "BFF_MAX_BODY": ("http.max_body", "16", 16),
    "BFF_BODY_TIMEOUT": ("http.body_timeout", "1.7", 1.7),
    "BFF_TICKETS": ("database.tickets", "18", 18),
    "BFF_MAX_WAITING": ("database.max_waiting", "0", 0),
    "BFF_MAX_WAIT": ("database.max_wait", "1.9", 1.9),
    "BFF_PREPARE": ("database.prepare", "false", False),
    "BFF_REDIS_URL": ("live.redis_url", "redis://a", SecretStr("redis://a")),
    "BFF_LIVE_PREFIX": ("live.prefix", "shop", "shop"),
    "BFF_LIVE_STREAM_LENGTH": ("live.stream_length", "20", 20),
    "BFF_LIVE_DATABASE_URL": ("live.database_url", "postgresql://a", SecretStr("postgresql://a")),
    "BFF_RELAY": ("live.relay", "no", False),
    "BFF_LIVE_NAMESPACE": ("live.namespace", "/live", "/live"),
    "BFF_LIVE_WINDOW": ("live.window", "0", 0),
    "BFF_LIVE_LINGER": ("live.linger", "2.1", 2.1),
    "BFF_LIVE_DRAIN": ("live.drain", "2.2", 2.2),
    "BFF_LIVE_MAX_SUBSCRIPTIONS": ("live.sockets.max_subscriptions", "23", 23),
    "BFF_LIVE_MAX_SOCKETS": ("live.sockets.max_sockets", "24", 24),
    "BFF_LIVE_RATE": ("live.sockets.rate", "2.5", 2.5),
    "BFF_LIVE_BURST": ("live.sockets.burst", "26", 26),
    "BFF_LIVE_MAX_UNSENT": ("live.sockets.max_unsent", "27", 27),
    "BFF_LIVE_MAX_AGE": ("live.sockets.max_age", "2.8", 2.8),
}
"""Each variable: the setting that it is, a text for it, and its value."""


def variables() -> set[str]:
    """The variables that the settings name."""
    named = (field.validation_alias for group in GROUPS for field in group.model_fields.values())
    return {str(variable) for variable in named if variable is not None}


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = variables()
    for name in list(os.environ):
        if name.upper() in wanted:
            monkeypatch.delenv(name)


def test_every_setting_says_what_it_is() -> None:
    undocumented = [
        f"{group.__name__}.{name}"
        for group in GROUPS
        for name, field in group.model_fields.items()
        if not field.description
    ]
    assert undocumented == []


def test_every_setting_is_a_group_or_names_its_variable() -> None:
    nameless = {
        field.annotation for group in GROUPS for field in group.model_fields.values() if field.validation_alias is None
    }
    assert nameless == {*GROUPS} - {Settings}


@pytest.mark.parametrize("variable", GIVEN)
def test_a_variable_sets_what_it_names(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    setting, text, value = GIVEN[variable]
    assert attrgetter(setting)(Settings()) != value
    monkeypatch.setenv(variable, text)
    assert attrgetter(setting)(Settings()) == value


@pytest.mark.parametrize("variable", GIVEN)
def test_the_case_of_a_variable_does_not_matter(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    setting, text, value = GIVEN[variable]
    for name in (variable.lower(), variable.title()):
        with monkeypatch.context() as patched:
            patched.setenv(name, text)
            assert attrgetter(setting)(Settings()) == value


@pytest.mark.parametrize("names", [("BFF_PATH", "bff_path"), ("bff_path", "BFF_PATH")])
def test_the_exact_variable_wins_over_another_case(names: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in names:
        monkeypatch.setenv(name, "/exact" if name.isupper() else "/other")
    assert Settings().path == "/exact"


def test_a_wrong_value_in_another_case_is_refused_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("bff_trusted_only", "perhaps")
    with pytest.raises(ValidationError, match=r"(?m)^BFF_TRUSTED_ONLY$"):
        Settings()


def test_every_variable_is_tried() -> None:
    assert GIVEN.keys() == variables()


def test_code_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, (_, text, _) in GIVEN.items():
        monkeypatch.setenv(variable, text)
    settings = Settings(
        deadline=1, limits=Limits(tokens=5), live=LiveSettings(prefix="mine", sockets=SocketLimits(rate=3))
    )
    assert (settings.deadline, settings.limits.tokens, settings.live.prefix, settings.live.sockets.rate) == (
        1,
        5,
        "mine",
        3,
    )
    # What code leaves out, of a group that it gives too, is the environment's.
    assert (settings.path, settings.limits.depth, settings.live.linger, settings.live.sockets.burst) == (
        "/api",
        14,
        2.1,
        26,
    )


def test_no_other_variable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("BFF_LIMITS", "BFF_LIVE", "BFF_LIVE_SOCKETS", "BFF_DATABASE", "LIVE", "SECRET"):
        monkeypatch.setenv(variable, "{}")
    assert os.environ["PATH"]
    assert Settings() == Settings(path="/graphql")


@pytest.mark.parametrize("group", GROUPS)
def test_settings_are_frozen(group: type[BaseModel]) -> None:
    values = group()
    with pytest.raises(ValidationError, match="frozen"):
        setattr(values, next(iter(group.model_fields)), 3)


OUT_OF_RANGE = {
    "BFF_DEADLINE": "0",
    "BFF_MAX_TOKENS": "-1",
    "BFF_PATH": "graphql",
    "BFF_TICKETS": "0",
    "BFF_RELAY": "perhaps",
    "BFF_LIVE_MAX_AGE": "long",
    "BFF_STRATEGY": "best",
}


@pytest.mark.parametrize("variable", OUT_OF_RANGE)
def test_a_wrong_value_is_refused_by_its_variable(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, OUT_OF_RANGE[variable])
    with pytest.raises(ValidationError, match=rf"(?m)^{variable}$"):
        Settings()


@pytest.mark.parametrize(
    ("group", "wrong"),
    [
        (Settings, {"deadline": 0}),
        (Settings, {"path": "/graphql/"}),
        (Limits, {"tokens": -1}),
        (DatabaseSettings, {"tickets": 0}),
        (LiveSettings, {"namespace": "graphql"}),
    ],
)
def test_a_wrong_value_in_code_is_refused_by_its_name(group: type[BaseModel], wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=rf"(?m)^{next(iter(wrong))}$"):
        group(**wrong)


def test_an_unknown_name_is_refused_and_the_valid_ones_are_told() -> None:
    with pytest.raises(TypeError, match=r"no setting 'nmae' in Settings; there are path, development, .*, live$"):
        Settings(nmae=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"no setting 'max_wiat' in DatabaseSettings; there are tickets, .*, prepare$"):
        DatabaseSettings(max_wiat=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"'token' in Limits; there are length, tokens, fields, depth, operations$"):
        Settings(limits={"token": 1})  # type: ignore[arg-type]


def test_secrets_are_not_shown() -> None:
    settings = Settings(secret="hidden", live=LiveSettings(redis_url="redis://:hidden@a", database_url="hidden"))  # type: ignore[arg-type]
    assert "hidden" not in repr(settings)


def table(heading: str) -> set[str]:
    """The names in the first column of the table under a heading of README."""
    section = re.split(r"^#+ ", README.read_text(), flags=re.MULTILINE)
    text = next(part for part in section if part.startswith(heading))
    return set(re.findall(r"^\| `([A-Z_]+)`", text, flags=re.MULTILINE))


def test_readme_names_every_setting_and_no_other() -> None:
    assert table("Settings") == variables()


def test_readme_names_each_setting_beside_its_variable() -> None:
    rows = re.findall(r"^\| `(BFF_[A-Z_]+)` \| `([a-z_.]+)` \|", README.read_text(), flags=re.MULTILINE)
    assert dict(rows) == {variable: setting for variable, (setting, _, _) in GIVEN.items()}
