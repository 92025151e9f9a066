"""What a checkout holds and what is built from it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]

TOP_LEVEL = {
    *("app", "bff", "deploy", "graphql", "loadtest", "tests"),
    *("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "SECURITY.md"),
    *("pyproject.toml", "schema.graphql"),
    *("requirements.lock", "requirements-bench.lock"),
}
REGISTRY = re.compile(r"https?://[^\s\"']*(pypi|pythonhosted|npmjs|yarnpkg|registry\.|debian\.org)")
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(work|root|home/\w+|Users/\w+|tmp/v)/[a-z.]")


@pytest.fixture(scope="module")
def files(require_program: Callable[..., str]) -> list[Path]:
    """Every file of the repository, relative to it, uncommitted ones too; not what .gitignore names."""
    command = [require_program("git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for path in map(Path, output.split("\0")) if path.name and (ROOT / path).is_file()]


def test_the_top_level_holds_what_it_should_and_nothing_else(files: list[Path]) -> None:
    assert {path.parts[0] for path in files if not path.parts[0].startswith(".")} == TOP_LEVEL


def test_graphql_holds_documents_only(files: list[Path]) -> None:
    documents = [path for path in files if path.parts[0] == "graphql"]
    assert documents
    assert [path for path in documents if path.suffix != ".graphql"] == []


def test_contributing_names_what_there_is() -> None:
    """Paths, `make` targets, and in a list item that names modules the names that stand in them."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    paths = set(re.findall(r"`([\w./-]+(?:/|\.[a-z]+))`", text))
    assert "bff/entities/specs.py" in paths
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []

    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", text)) - targets == set()

    words = re.findall(r"^\| (\w+) \| `([\w/]+\.py)` \|", text, re.MULTILINE)
    assert len(words) > 20
    assert [
        word for word, path in words if not re.search(rf"^(class )?{word}\b", (ROOT / path).read_text(), re.M)
    ] == []

    for item in re.findall(r"^\d+\. .*(?:\n   .*)*", text, re.MULTILINE):
        modules = re.findall(r"`([\w/]+\.py)`", item)
        source = "".join((ROOT / module).read_text() for module in modules)
        names = re.findall(r"`(\w+)`", item) if modules else []
        assert [name for name in names if not re.search(rf"\b{name}\b", source)] == [], item


def test_the_layout_that_is_written_down_is_the_one_there_is() -> None:
    """README and CONTRIBUTING list what is directly below `bff/`, all of it."""
    there = {
        f"bff/{path.name}" + "/" * path.is_dir()
        for path in (ROOT / "bff").iterdir()
        if (path.suffix == ".py" and path.name != "__init__.py") or (path / "__init__.py").is_file()
    }
    for name, line in (("README.md", r"^\| .*"), ("CONTRIBUTING.md", r"^- .*")):
        lines = "\n".join(re.findall(line, (ROOT / name).read_text(), re.MULTILINE))
        assert set(re.findall(r"`(bff/\w+(?:/|\.py))`", lines)) == there, name


def test_each_module_has_a_test_of_its_name() -> None:
    modules = {path.relative_to(ROOT / "bff") for path in (ROOT / "bff").rglob("*.py") if path.name != "__init__.py"}
    tested = {path for path in modules if (ROOT / "tests" / "bff" / path.parent / f"test_{path.name}").exists()}
    # Nothing but values.
    assert modules - tested == {Path("live/subject.py")}


@pytest.mark.parametrize("pattern", [REGISTRY, MACHINE_PATH], ids=["registry", "path"])
def test_no_file_names_a_registry_or_a_place_of_one_machine(files: list[Path], pattern: re.Pattern[str]) -> None:
    found = [
        f"{path}:{number}: {line.strip()[:120]}"
        for path in files
        for number, line in enumerate((ROOT / path).read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_the_lock_pins_every_dependency_with_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    extras = chain.from_iterable(project["project"]["optional-dependencies"].values())
    _check_lock("requirements.lock", [*project["project"]["dependencies"], *extras, *groups["dev"]])
    _check_lock("requirements-bench.lock", groups["bench"])


def _check_lock(name: str, wanted: list[str]) -> None:
    locked: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", (ROOT / name).read_text()):
        pin = Requirement(entry.partition("\\")[0].strip())
        assert "--hash=sha256:" in entry, pin
        (version,) = pin.specifier
        assert version.operator == "==", pin
        # What differs by version of Python is pinned more than once.
        locked[canonicalize_name(pin.name)] = version.version
    for requirement in map(Requirement, wanted):
        assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)]), requirement


@pytest.mark.slow
def test_the_wheel_holds_the_layer_alone(files: list[Path], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("flask_bff-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {Path(name) for name in archive.namelist()}
    assert {name for name in names if not name.parts[0].endswith(".dist-info")} == {
        path for path in files if path.parts[0] == "bff"
    }
    assert any(name.match("*.dist-info/licenses/LICENSE") for name in names)
