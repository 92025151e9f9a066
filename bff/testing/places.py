"""Where an embedded server has its data and programs, so that the account it runs as can reach both.

PostgreSQL refuses to run as root, so root runs it as an account that exists already. Where that account cannot enter
the directory that was asked for, or run the installed programs, they move to a directory made for them under the
system's temporary one, with a symbolic link in the stead of the data. Permissions of what this module did not make
stay as they are, and no account is ever created.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .process import Account

PREFIX = "bff-"


class PlaceError(RuntimeError):
    """There is no place where the server could run; the message says why and what to do."""


def unprivileged_account(data: Path) -> Account | None:
    """Whom a server with its data in `data` runs as, since it cannot be root; None is the caller, who is not.

    As root that is the owner of data which is already there (a user's, from an earlier start), else `nobody`.
    """
    if os.geteuid() != 0:
        return None
    owner = data.stat().st_uid if data.exists() else 0
    try:
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    except KeyError:
        raise PlaceError(
            "PostgreSQL does not run as root, and this system has no account `nobody`: "
            "start as a user, or set DATABASE_URL to a server of your own"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def reachable_directory(directory: Path, account: Account | None) -> Path:
    """Make `directory`, or one that stands in for it where `account` can enter. Gives where it really is.

    It belongs to the caller, who alone writes there: what the account owns is made inside it.
    """
    if account is not None:
        moved_before = directory.is_symlink() and directory.readlink().parent.name.startswith(PREFIX)
        if not directory.is_symlink():
            make_directory(directory.parent, mode=0o755)
        if moved_before or not account.can_reach(directory.resolve().parent):
            stand_in = _stand_in(directory, account) / directory.name
            _replace_by_link(directory, stand_in)
            directory = stand_in
    make_directory(directory, mode=0o700 if account is None else 0o711)
    return directory


def runnable_package(package: Path, programs: list[str], account: Account | None) -> Path:
    """Where `account` can run the programs of an installed package: as installed, or from a copy of it."""
    if account is None or all(account.can_run(package / program) for program in programs):
        return package
    return _copy(package, _stand_in(package, account))


@contextmanager
def temporary_directory() -> Iterator[Path]:
    """A directory for servers that live as long as the block, where they can reach it though root asks."""
    account = unprivileged_account(Path("/"))
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=_shelf(account, is_lasting=False)) as name:
        path = Path(name)
        path.chmod(0o711)
        yield path


def make_directory(path: Path, *, mode: int = 0o700) -> None:
    """Make `path` with `mode`, or check that one which is there can be written."""
    try:
        if not path.is_dir():
            path.mkdir(parents=True)
            path.chmod(mode)
        elif not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError
    except PermissionError:
        raise PlaceError(
            f"cannot write {path}: it belongs to another account, such as root of an earlier start"
        ) from None


def _shelf(account: Account | None, *, is_lasting: bool) -> Path:
    """The temporary directory that `account` can reach; what is to outlast a reboot goes to /var/tmp."""
    candidates = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    if is_lasting:
        candidates.reverse()
    for candidate in candidates:
        if candidate.is_dir() and (account is None or account.can_reach(candidate)):
            return candidate
    raise PlaceError(f"no temporary directory can be reached by {account}; looked at {candidates}")


def _stand_in(path: Path, account: Account) -> Path:
    """A directory that stands in for `path` where `account` can reach it: the same one each time.

    Its name can be guessed: one that is not ours, or that others can write, is refused.
    """
    name = PREFIX + hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    directory = _shelf(account, is_lasting=True) / name
    directory.mkdir(mode=0o711, exist_ok=True)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise PlaceError(f"{directory} exists and is not this account's own directory: remove it")
    directory.chmod(0o711)
    return directory


def _replace_by_link(path: Path, target: Path) -> None:
    if path.is_symlink():
        if path.readlink() == target:
            return
        path.unlink()
    elif path.exists():
        shutil.move(path, target)
    path.symlink_to(target)


def _copy(package: Path, stand_in: Path) -> Path:
    """A copy of the package that every account can read, one a version; whole or not there.

    The libraries that its programs share are in a folder beside the package, found by its place relative to theirs.
    """
    copies = stand_in / importlib.metadata.version(package.name)
    if not copies.exists():
        with tempfile.TemporaryDirectory(dir=stand_in) as name:
            unfinished = Path(name) / "copies"
            for folder in package.parent.glob(f"{package.name}*"):
                if folder.is_dir() and folder.suffix != ".dist-info":
                    ignore = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__")
                    shutil.copytree(folder, unfinished / folder.name, symlinks=True, ignore=ignore)
            for path in [unfinished, *unfinished.rglob("*")]:
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            unfinished.rename(copies)
    return copies / package.name
