"""Processes that end when they are told to and when their starter dies, with a lock that ends with them."""

from __future__ import annotations

import fcntl
import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bff.testing import process
from bff.testing.process import Account, Child, credentials
from tests.bff.polling import wait_until

pytestmark = pytest.mark.usefixtures("ends_every_process")

SLEEPS = [sys.executable, "-c", "import signal; signal.pause()"]

# Ends of its own, with a status, at the first signal that it takes.
TELLS = """
import signal, sys
signal.signal(signal.SIGINT, lambda *_: sys.exit(7))
print("ready", flush=True)
signal.pause()
"""

STARTER = """
import signal, sys
from bff.testing.process import Child
child = Child([sys.executable, "-c", "import signal; signal.pause()"], stop_signal=signal.SIGTERM)
print(child.pid, flush=True)
signal.pause()
"""


def below(pid: int) -> list[psutil.Process]:
    """A process and all that it started, which are alive."""
    try:
        found = psutil.Process(pid)
        return [found, *found.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def test_it_has_the_status_of_its_command() -> None:
    with Child(["/bin/sh", "-c", "exit 3"], stop_signal=signal.SIGTERM) as child:
        assert child.wait() == 3
        assert child.returncode == 3
        assert repr(child) == f"<Child {child.pid} ended with 3>"


def test_it_is_stopped_by_the_signal_that_was_named(tmp_path: Path) -> None:
    output = tmp_path / "output"
    with output.open("wb") as written:
        with Child([sys.executable, "-c", TELLS], stop_signal=signal.SIGINT, output=written) as child:
            wait_until(output.read_bytes)
            assert child.returncode is None
            assert repr(child) == f"<Child {child.pid} running>"
        assert child.returncode == 7
    assert output.read_text() == "ready\n"


def test_it_runs_where_and_with_what_it_is_told(tmp_path: Path) -> None:
    output = tmp_path / "output"
    command = ["/bin/sh", "-c", 'echo "$PWD $GREETING $1"', "sh", "it's one argument"]
    with (
        output.open("wb") as written,
        Child(command, stop_signal=signal.SIGTERM, cwd=tmp_path, env={"GREETING": "hello"}, output=written) as child,
    ):
        child.wait()
    assert output.read_text() == f"{tmp_path} hello it's one argument\n"


def test_it_does_not_get_the_terminals_signals() -> None:
    with Child(SLEEPS, stop_signal=signal.SIGTERM) as child:
        assert os.getsid(child.pid) == child.pid != os.getsid(0)


@pytest.mark.slow
def test_what_takes_no_signal_is_killed_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "STOP_TIMEOUT", 0.1)
    output = tmp_path / "output"
    deaf = "trap '' TERM; sleep 60 & echo ready; while :; do wait; done"
    with output.open("wb") as written:
        child = Child(["/bin/sh", "-c", deaf], stop_signal=signal.SIGTERM, output=written)
        wait_until(output.read_bytes)
        running = below(child.pid)
        assert len(running) > 2
        child.stop()
    assert child.returncode == -signal.SIGKILL
    psutil.wait_procs(running, timeout=10)
    assert not any(each.is_running() for each in running)


@pytest.mark.slow
def test_it_ends_when_its_starter_is_killed() -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True)
    try:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        # The supervisor, its watch over the starter, and the command.
        wait_until(lambda: len(below(pid)) == 3)
        running = below(pid)
    finally:
        starter.kill()
        starter.wait()
        starter.stdout.close()  # type: ignore[union-attr]
    _, alive = psutil.wait_procs(running, timeout=10)
    assert alive == []


@pytest.fixture
def lock_file(tmp_path: Path) -> Path:
    path = tmp_path / "lock"
    path.touch()
    return path


def is_locked(path: Path) -> bool:
    with path.open("w") as other:
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def test_a_lock_stays_until_the_last_of_its_processes_is_gone(lock_file: Path) -> None:
    with lock_file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        child = Child(SLEEPS, stop_signal=signal.SIGTERM, lock=lock)
    assert is_locked(lock_file), "its opener is done with it"
    child.stop()
    wait_until(lambda: not is_locked(lock_file))


# ---- accounts


def own_account() -> Account:
    entry = pwd.getpwuid(os.geteuid())
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def test_without_an_account_it_is_the_callers() -> None:
    assert credentials(None) == {}
    assert credentials(Account("clerk", 1001, 1002)) == {"user": 1001, "group": 1002, "extra_groups": []}


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs something as somebody else")


@as_root
def test_an_account_is_asked_of_the_system(tmp_path: Path) -> None:
    entry = pwd.getpwnam("nobody")
    nobody, root = Account("nobody", entry.pw_uid, entry.pw_gid), own_account()
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    program = closed / "program"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    assert (root.can_reach(closed), nobody.can_reach(closed)) == (True, False)
    assert (root.can_run(program), nobody.can_run(program)) == (True, False)
    assert nobody.can_reach(Path("/"))
    assert not nobody.can_reach(tmp_path / "nowhere")
    nobody.own(closed)
    assert (closed.stat().st_uid, closed.stat().st_gid) == (entry.pw_uid, entry.pw_gid)


@as_root
def test_it_runs_as_its_account(tmp_path: Path) -> None:
    entry = pwd.getpwnam("nobody")
    output = tmp_path / "output"
    with (
        output.open("wb") as written,
        Child(
            ["/bin/sh", "-c", "id -u; id -G"],
            stop_signal=signal.SIGTERM,
            account=Account("nobody", entry.pw_uid, entry.pw_gid),
            output=written,
        ) as child,
    ):
        child.wait()
    assert output.read_text() == f"{entry.pw_uid}\n{entry.pw_gid}\n"
