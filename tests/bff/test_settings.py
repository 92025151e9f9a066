"""Settings: where they come from, and that README and code know the same ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from bff.settings import Settings

README = Path(__file__).parents[2] / "README.md"


def test_every_setting_has_a_default_and_says_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().development is False
    undocumented = [name for name, field in Settings.model_fields.items() if not field.description]
    assert undocumented == []


def test_the_environment_sets_and_a_keyword_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BFF_MAX_TOKENS", "77")
    monkeypatch.setenv("BFF_TRUSTED_ONLY", "true")
    assert Settings().max_tokens == 77
    assert Settings().trusted_only is True
    assert Settings(max_tokens=5).max_tokens == 5
    assert Settings().limits.tokens == 77


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().deadline = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    "wrong",
    [{"deadline": 0}, {"max_tokens": -1}, {"path": "graphql"}, {"path": "/graphql/"}, {"tickets": 0}, {"nmae": 1}],
)
def test_a_wrong_value_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Settings(**wrong)  # type: ignore[arg-type]


def test_secrets_are_not_shown() -> None:
    assert "hidden" not in repr(Settings(secret="hidden"))  # type: ignore[arg-type]


def table(heading: str) -> set[str]:
    """The names in the first column of the table under a heading of README."""
    section = re.split(r"^#+ ", README.read_text(), flags=re.MULTILINE)
    text = next(part for part in section if part.startswith(heading))
    return set(re.findall(r"^\| `([A-Z_]+)`", text, flags=re.MULTILINE))


def test_readme_names_every_setting_and_no_other() -> None:
    assert table("Settings") == {f"BFF_{name.upper()}" for name in Settings.model_fields}
