"""The machine that the bench runs on, in the words of its system."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import psutil

from loadtest.bench.results import Machine

PACKAGES = (
    "flask",
    "gunicorn",
    "gevent",
    "psycopg2-binary",
    "sqlalchemy",
    "strawberry-graphql",
    "graphql-core",
    "orjson",
)


def describe(programs: Mapping[str, str]) -> Machine:
    """This machine; `programs` are versions that only the bench knows."""
    return Machine(
        processor=_processor(),
        cores=psutil.cpu_count() or 0,
        memory_gb=round(psutil.virtual_memory().total / 2**30, 1),
        system=f"{platform.system()} {platform.release()}",
        versions={"Python": platform.python_version(), **programs, **{name: version(name) for name in PACKAGES}},
        load_before=round(os.getloadavg()[0], 2),
    )


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.+)$", listed.read_text(), re.MULTILINE) if listed.exists() else None
    return found[1] if found else platform.processor() or platform.machine()
