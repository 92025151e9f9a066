"""The hub: knows all live operations of a node, runs those that a change touched, and tells their subscribers.

One a process. `subscribe` and its like are called by the sockets, `changed` and `lost` by the follower; none of them waits for
a database. Threads of its own (greenlets, where gevent has patched) run operations:

- A change makes every operation dirty whose read set it touches, unless the snapshot that its state was read in holds the
  change already. Dirty operations are run at once, but not again within the window; those of one plan and scope that are due
  at the same time are run together, in one snapshot.
- A change that arrives while an operation runs is kept, and compared with the new read set and snapshot when it has run: so
  it is never lost, and never costs a run for what the run has seen.
- Events are routed and read by a thread of their own, in the stream's order (`bff.live.events`).
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from ..documents import Operation
from ..errors import BadRequest, BffError, FieldError, RequestError, TryAgain
from ..execute import Asked
from ..plan import Plan
from ..readset import ReadSet
from ..scope import Scope
from ..telemetry import report_defect
from . import protocol
from .changes import Snapshot
from .channels import Mode, Outlet
from .events import Events
from .index import Index
from .positions import Sealer
from .presence import Presence
from .protocol import Code, Subscribe
from .sources import EventSource, LiveSource, PresenceSource, source_of
from .states import Joining, LiveOperation
from .stream import Entry, Position, Stream
