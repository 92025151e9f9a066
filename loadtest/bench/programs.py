"""The programs that make the load: wrk for pages of one call, pgbench for the limit, k6 for pages of many.

Each is told where, how many at once and for how long, and gives a `Sample`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from loadtest.bench.results import Sample
from loadtest.run import load

HERE = Path(__file__).resolve().parent
LIMIT = HERE / "limit.sql"

# No answer takes longer; what does is a failure.
PATIENCE = 60
# What a program takes to start, to end, and for its last answers.
GRACE = 90


class ProgramError(RuntimeError):
    """A program is missing, or did not measure anything; the message says what to do."""


@dataclass(frozen=True)
class Keys:
    """The ids of an organization's matters: `count` of them from `first` on, `step` apart."""

    organization: int
    first: int
    step: int
    count: int

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.first, self.first + self.step * self.count, self.step))


def find(name: str, *, package: str) -> Path:
    """The program on the PATH. Raises ProgramError, which names the package of Debian that has it."""
    path = shutil.which(name)
    if path is None:
        raise ProgramError(f"{name} is not installed; on Debian: apt-get install {package}")
    return Path(path)


def wrk(url: str, bodies: Sequence[str], *, token: str, connections: int, seconds: int) -> Sample:
    """POST a random one of `bodies` over so many connections, each waiting for its answer."""
    program = find("wrk", package="wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write("".join(f"{body}\n" for body in bodies))
        file.flush()
        command: list[str | Path] = [program, "-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={PATIENCE}s"]
        command += ["-s", HERE / "requests.lua", url, "--", file.name, token]
        return wrk_sample(_run(command, seconds))


def wrk_sample(output: str) -> Sample:
    """What requests.lua says in wrk's output. Raises ProgramError when it says nothing."""
    line = next((line for line in output.splitlines() if line.startswith('{"pages"')), None)
    if line is None:
        raise ProgramError(f"wrk has measured nothing:\n{output.strip()}")
    measured = json.loads(line)
    # An answer with an error's status is a request to wrk, not a page.
    return Sample(**{**measured, "pages": max(0, measured["pages"] - measured["failures"])})


def pgbench(program: Path, database_url: str, keys: Keys, *, connections: int, seconds: int) -> Sample:
    """Execute the hand-written page of random keys over so many connections, prepared once on each."""
    variables = {"first": keys.first, "step": keys.step, "count": keys.count, "organization": keys.organization}
    with tempfile.TemporaryDirectory() as directory:
        command: list[str | Path] = [program, "--protocol=prepared", "--no-vacuum", f"--file={LIMIT}", "--log"]
        command += [f"--log-prefix={directory}/log", f"--client={connections}", "--jobs=1", f"--time={seconds}"]
        command += [f"--define={name}={value}" for name, value in variables.items()]
        output = _run([*command, database_url], seconds)
        times = [int(line.split()[2]) for log in Path(directory).glob("log.*") for line in log.read_text().splitlines()]
    if "number of failed transactions: 0 " not in output:
        raise ProgramError(f"pgbench has failed:\n{output.strip()}")
    return pgbench_sample(times, seconds)


def pgbench_sample(microseconds: Sequence[int], seconds: float) -> Sample:
    """The sample of pgbench's log: its transactions' microseconds."""
    if len(microseconds) < 2:
        raise ProgramError("pgbench has measured nothing")
    cuts = quantiles(microseconds, n=100, method="inclusive")
    return Sample(len(microseconds), 0, seconds, p50_ms=cuts[49] / 1e3, p99_ms=cuts[98] / 1e3)


def k6(script: str, site: str, *, connections: int, seconds: int) -> Sample:
    """Load pages by a script of the load test in so many browsers; those under way when the time is over are finished."""
    measured = load(script, site, browsers=connections, seconds=seconds)
    return Sample(
        pages=measured.loads,
        failures=measured.failures,
        seconds=measured.seconds,
        p50_ms=measured.median_ms,
        p99_ms=measured.p99_ms,
        bytes=measured.bytes,
    )


def wrk_version() -> str:
    """wrk's version, which it says behind its name. Raises ProgramError when there is none."""
    # Asked for nothing but its version, it calls that a mistake.
    done = subprocess.run([find("wrk", package="wrk"), "-v"], capture_output=True, text=True, check=False)
    words = (done.stdout + done.stderr).split()
    return words[1] if len(words) > 1 else "unknown"


def _run(command: Sequence[str | Path], seconds: int) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + GRACE, check=False)
    except subprocess.TimeoutExpired:
        raise ProgramError(f"{command[0]} has not ended {GRACE} s after its time") from None
    if done.returncode != 0:
        raise ProgramError(f"{command[0]} failed with {done.returncode}:\n{done.stderr.strip()}")
    return done.stdout
