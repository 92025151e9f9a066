"""Who a socket is of, asked of the host again: once after it connects, and whenever a row changes that decides it.

While the answer to a change is not known, the outlet holds back what it is sent. Who is signed in no more is sent away; who has
other rights than before loses their subscriptions and may subscribe again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..errors import BffError, Forbidden, Unauthenticated
from ..telemetry import report_defect
from .engineio import EngineServer
from .outlet import Hub, Outlet
from .viewer import Viewers

_ASK_FOR = 4.0
"""Seconds in which it must be found out who a viewer is now; nothing is sent to them meanwhile."""

_ASK_EVERY = 0.5

RIGHTS_CHANGED = "the viewer's rights changed"


class Recheck:
    """Asks the host again, for all sockets of a namespace; one question at a time for each."""

    def __init__(
        self,
        host: Viewers,
        hub: Hub,
        *,
        server: Any,
        beside: Callable[[Callable[[Outlet], None], Outlet], None],
        send_away: Callable[[Outlet, type[BffError], str], None],
    ) -> None:
        """`server` is python-socketio's, on an `EngineServer`. `beside` calls a function in a greenlet (or thread) of its own.
        `send_away` ends all that a socket subscribed to, and disconnects it."""
        self._host, self._hub = host, hub
        self._server = server
        self._engine: EngineServer = server.eio
        self._beside, self._send_away = beside, send_away

    def follow(self, outlet: Outlet) -> None:
        """Ask whenever a row that decides who the viewer is changes, and once now.

        Now, because nobody tells of what changed after the host's caches were filled and before anybody followed it.
        """
        facts = self._host.facts_of(outlet.viewer)
        if facts:
            self._hub.follow(outlet, facts, partial(self._suspect, outlet))
            self._ask(outlet, holds=False)

    def _suspect(self, outlet: Outlet) -> None:
        """Who the socket is of may have changed: send nothing more until that is known."""
        self._ask(outlet, holds=True)

    def _ask(self, outlet: Outlet, *, holds: bool) -> None:
        with self._engine.lock:
            outlet.is_suspect = True
            outlet.suspicions += holds
            suspicion = outlet.suspicions
            begins, outlet.is_asking = not outlet.is_asking, True
        if holds:
            # Whoever asks may be done with an earlier one just now, and must not release for this one.
            outlet.hold(suspicion)
        if begins:
            self._beside(self._find_out, outlet)

    def _find_out(self, outlet: Outlet) -> None:
        """Ask until no suspicion is left, then let go what was held back."""
        until = self._engine.clock.now() + _ASK_FOR
        cleared = 0
        while not outlet.is_over:
            with self._engine.lock:
                cleared = outlet.suspicions
                if not outlet.is_suspect:
                    outlet.is_asking = False
                    break
                outlet.is_suspect = False
            try:
                viewer = self._host.viewer_now(self._server.environ[outlet.connection.sid], outlet.token)
            except Exception as error:  # noqa: BLE001 - whatever keeps the host from an answer may pass
                if self._engine.clock.now() > until:
                    report_defect(error, part="sockets.recheck")
                    self._send_away(outlet, BffError, "it cannot be found out who is asking")
                    return
                outlet.is_suspect = True
                self._engine.sleep(_ASK_EVERY)
                continue
            if viewer is None:
                self._send_away(outlet, Unauthenticated, "nobody is signed in any more")
                return
            if viewer != outlet.viewer:
                outlet.silence(True)
                self._hub.end(outlet, Forbidden, RIGHTS_CHANGED)
                outlet.viewer = viewer
                outlet.silence(False)
                self.follow(outlet)
        outlet.release(cleared)
