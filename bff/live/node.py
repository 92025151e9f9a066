"""The live side of one process: relay, follower, hub and presence over one Redis, started and stopped together."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable

from sqlalchemy import Engine

from ..changes.follower import Follower
from ..changes.relay import Relay
from ..changes.stream import RedisStream
from ..database.direct import direct_engine
from ..readsets.policy_keys import Lineage
from ..settings import LiveSettings
from .hub import Executor, Hub
from .presence import RedisPresence


class LiveNode:
    """Made before a server forks, started after: `start` may be called by whoever is first, as often as they like."""

    def __init__(
        self,
        executor: Executor,
        database: Engine,
        settings: LiveSettings,
        *,
        patience: float,
        lineages: Iterable[Lineage],
        redis_url: str,
        secret: bytes,
    ) -> None:
        """`lineages` are those of the engine's policies, `secret` signs positions and is the same on all nodes that read each
        other's."""
        prefix, length = settings.prefix, settings.stream_length
        stream = RedisStream(redis_url, prefix=prefix, length=length)
        self.presence = RedisPresence(redis_url, prefix=prefix)
        self.hub = Hub(
            executor,
            # Whoever reads what was missed must not keep the follower from what is new.
            RedisStream(redis_url, prefix=prefix, length=length),
            self.presence,
            secret=secret,
            settings=settings,
            patience=patience,
        )
        self.follower = Follower(stream, self.hub.changed, self.hub.lost)
        direct = direct_engine(database, settings.database_url)
        self.relay = Relay(direct, stream, lineages) if settings.relay else None
        self._lock = threading.Lock()
        self._process: int | None = None

    def __repr__(self) -> str:
        return f"<LiveNode {self.hub!r}, {self.follower!r}, {self.relay!r}>"

    def start(self) -> None:
        """Start the threads of this process, unless they are."""
        with self._lock:
            if self._process == os.getpid():
                return
            self._process = os.getpid()
        self.hub.start()
        self.follower.start()
        if self.relay is not None:
            self.relay.start()

    def stop(self) -> None:
        """End the threads; the relay leaves its turn to another node."""
        with self._lock:
            if self._process != os.getpid():
                return
            self._process = None
        if self.relay is not None:
            self.relay.stop()
        self.follower.stop()
        self.hub.stop()
        # After the hub, which has told it who has left.
        self.presence.close()
