"""Processes that end with whoever started them, and the account that they run as."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

STOP_TIMEOUT = 30.0

# Runs a command as its child and stops it when standard input ends: the starter holds the other end of that pipe, so
# it ends when the starter closes it and just as well when the starter is killed. It exits with the command's status.
SUPERVISOR = """
exec 3<&0
stop=$1; shift
"$@" 3<&- </dev/null &
child=$!
{ read -r _; kill -s "$stop" "$child"; } <&3 &
watcher=$!
exec 3<&- </dev/null
wait "$child"; status=$?
kill "$watcher" 2>/dev/null
exit "$status"
"""


@dataclass(frozen=True)
class Account:
    """An account of the system that root runs something as."""

    name: str
    uid: int
    gid: int

    def can_reach(self, directory: Path) -> bool:
        """Whether this account can enter `directory`: asked of the system, so that access lists count too."""
        return self._succeeds('cd "$1"', directory)

    def can_run(self, program: Path) -> bool:
        return self._succeeds('"$1" --version', program)

    def own(self, path: Path) -> None:
        os.chown(path, self.uid, self.gid)

    def _succeeds(self, script: str, path: Path) -> bool:
        result = subprocess.run(
            ["/bin/sh", "-c", script, "sh", path],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            **credentials(self),
        )
        return result.returncode == 0


def credentials(account: Account | None) -> dict[str, Any]:
    """What `subprocess` is told so that a process runs as `account`; None is the caller."""
    return {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}


class Child:
    """A process that ends when it is told to, and when whoever started it dies.

    It runs in a session of its own: Ctrl-C in the terminal reaches the starter alone, which stops its children in the
    order it wants. `lock` is a locked file that stays locked until the last of its processes is gone.
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
                **credentials(account),
            )
        finally:
            for descriptor in inherited:
                os.close(descriptor)

    def __repr__(self) -> str:
        state = "running" if self.returncode is None else f"ended with {self.returncode}"
        return f"<Child {self.pid} {state}>"

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
