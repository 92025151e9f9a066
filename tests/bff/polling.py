"""Until something is so, and no longer than a test may take."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(is_so: Callable[[], object], *, seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < until, f"after {seconds:g} s it is still {found!r}"
        time.sleep(0.005)
