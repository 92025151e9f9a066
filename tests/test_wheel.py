"""What others get: the built wheel, its types, and what it says that it needs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections import defaultdict
from email.parser import HeaderParser
from importlib.metadata import packages_distributions
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layer's wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("flask_bff-*.whl")
    return built


@pytest.fixture(scope="module")
def requirements(wheel: Path) -> dict[str, set[str]]:
    """The distributions that the wheel requires, by the extra that does; by "" what it always requires."""
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = HeaderParser().parsestr(archive.read(name).decode())
    required: dict[str, set[str]] = defaultdict(set)
    for requirement in map(Requirement, metadata.get_all("Requires-Dist", [])):
        extra = re.search(r'extra == "([^"]+)"', str(requirement.marker or ""))
        required[extra[1] if extra else ""].add(canonicalize_name(requirement.name))
    return required


def imported() -> dict[str, set[str]]:
    """The distributions that `bff` imports, wherever in a module that is, by the name directly below `bff` that does."""
    distributions = packages_distributions()
    found: dict[str, set[str]] = defaultdict(set)
    for path in (ROOT / "bff").rglob("*.py"):
        part = path.relative_to(ROOT / "bff").parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_bytes())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for package in {name.partition(".")[0] for name in names} - sys.stdlib_module_names:
                # What no installed distribution has stands for itself, and is found missing.
                (distribution,) = set(distributions.get(package, [package]))
                found[part].add(canonicalize_name(distribution))
    return found


def test_the_wheel_requires_what_the_layer_imports_and_nothing_else(requirements: dict[str, set[str]]) -> None:
    """What only an extra requires may be imported by the package of the extra's name, as by `bff.testing`."""
    required = requirements[""]
    undeclared = {part: names - required - requirements.get(part, set()) for part, names in imported().items()}
    assert {part: names for part, names in undeclared.items() if names} == {}
    used = set().union(*(names for part, names in imported().items() if part not in requirements))
    assert required - used == set()


def test_an_extra_requires_nothing_that_the_layer_always_does(requirements: dict[str, set[str]]) -> None:
    assert {"deploy", "metrics", "migrations"} <= set(requirements)
    assert {
        extra: names & requirements[""] for extra, names in requirements.items() if extra and names & requirements[""]
    } == {}


def test_a_host_type_checks_against_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """README's host under mypy --strict, with the layer's types from the wheel alone, by its `py.typed`."""
    installed, host = tmp_path / "installed", tmp_path / "host"
    host.mkdir()
    shown = re.search(r"<!-- mount -->\n```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    (host / "bookshop.py").write_text(shown[1] + "\nreveal_type(layer)\nreveal_type(layer.execute)\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--no-compile", "--quiet"]
    subprocess.run([*pip, "--target", str(installed), str(wheel)], check=True, capture_output=True)
    assert (installed / "bff" / "py.typed").is_file()

    # PYTHONPATH precedes this checkout's editable install on mypy's search path, and like any place of installed packages
    # gives types only of packages that have py.typed.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MYPY", "PYTHON"))}
    checked = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--verbose"),
            *("--config-file", os.devnull, "--cache-dir", str(tmp_path / "cache"), "bookshop.py"),
        ],
        cwd=host,
        env={**environment, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout
    assert 'Revealed type is "bff.extension.Bff"' in checked.stdout
    assert re.search(r'Revealed type is "def \(.*ExecutionResult"', checked.stdout), checked.stdout
    read = {Path(path) for path in re.findall(r"^LOG:  Parsing (\S+\.pyi?) \(bff[.)]", checked.stderr, re.MULTILINE)}
    assert installed / "bff" / "extension.py" in read
    assert {path for path in read if not path.is_relative_to(installed)} == set()
