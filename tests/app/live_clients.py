"""Clients of Briefcase's hub in memory, and what each must have: computed anew, from the database and from an audit of it.

A client is a socket without a network: subscriptions of one viewer that come and go. `Check` knows what all of them must show
when everything has been told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import Engine, text

import bff
from app.auth import Viewer
from bff.changes.stream import Entry
from bff.client_errors import format_result
from bff.documents.registry import Operation
from bff.http.request import GraphQLRequest
from bff.json_text import encode
from bff.live.hub import Hub
from bff.live.sources import EventSource, LiveSource, PresenceSource, source_of
from bff.protocol.messages import Mode, Subscribe
from tests.bff.live.outlets import KeptOutlet, Viewed, told_as

Kind = Literal["live", "event", "presence"]


@dataclass(frozen=True)
class Invocation:
    """An operation with variables; `text` is given where it is not a registered one."""

    name: str
    variables: Mapping[str, Any]
    text: str | None = None

    @property
    def request(self) -> GraphQLRequest:
        if self.text is not None:
            return GraphQLRequest(query=self.text, variables=self.variables)
        return GraphQLRequest(document_id=self.name, variables=self.variables)

    def operation(self, layer: bff.Bff) -> Operation:
        return layer.server.find(self.request)

    def kind(self, layer: bff.Bff) -> Kind:
        match source_of(layer.server.plan_of(self.operation(layer))):
            case LiveSource():
                return "live"
            case EventSource():
                return "event"
            case PresenceSource():
                return "presence"
        raise AssertionError(f"{self.name} is not live")

    def answer(self, layer: bff.Bff, viewer: Viewer, root_value: Any = None) -> dict[str, Any]:
        """What an execution gives now, as a client reads it."""
        result = layer.execute(self.text or self.name, viewer=viewer, variables=self.variables, root_value=root_value)
        answer: dict[str, Any] = json.loads(encode(format_result(result, self.name)))
        return answer


@dataclass(eq=False)
class Subscription:
    """One subscription of a client, and what it knows by the messages that came."""

    id: str
    asked: Invocation
    kind: Kind
    mode: Mode
    viewed: Viewed
    seen: int
    is_resumed: bool = False
    is_in_company: bool = False
    """Whether the socket had another one to the same, with which it shares what was still to be told."""
    begins_after: int | None = None
    """Events: the offset from which on none may be missing, once it is known."""
    told: list[tuple[str, Any]] = field(default_factory=list)
    """Events that came since they were checked last, with their payloads."""

    def see(self, outlet: KeptOutlet) -> None:
        """Take what came, message by message: nothing is for it once it is over."""
        while self.seen < len(outlet.messages) and self.viewed.ended is None:
            event, message = outlet.messages[self.seen]
            self.seen += 1
            before = len(self.viewed.events)
            channel = self.viewed.channel
            self.viewed.see([(event, message)])
            if event == "subscribed" and message["id"] == self.id:
                if self.begins_after is None and self.kind == "event":
                    self.begins_after = offset_of(message["position"])
                assert message["recovered"] is (True if self.is_resumed else None), f"{self} lost its place"
            is_mine = event == "next" and message["channel"] == channel and message.get("id", self.id) == self.id
            if is_mine and "event" in message:
                assert len(self.viewed.events) > before, f"event {message['event']} came twice to {self}"
                self.told.append((message["event"], message["payload"]))
        assert self.viewed.gaps == 0, f"{self} has a gap"


def offset_of(position: str) -> int:
    return int(position.split(":")[1])


class Client:
    """The socket of one viewer."""

    def __init__(self, hub: Hub, layer: bff.Bff, viewer: Viewer) -> None:
        self.hub, self.layer, self.viewer = hub, layer, viewer
        self.outlet = KeptOutlet()
        self.subscriptions: dict[str, Subscription] = {}
        self._number = 0

    def __repr__(self) -> str:
        return f"<Client {self.viewer}, {len(self.subscriptions)} subscriptions>"

    def subscribe(self, asked: Invocation, mode: Mode, former: Subscription | None = None) -> Subscription:
        """Begin; or go on where a former subscription has come to, which keeps what it has."""
        self._number += 1
        viewed = Viewed(str(self._number))
        made = Subscription(viewed.id, asked, asked.kind(self.layer), mode, viewed, seen=len(self.outlet.messages))
        made.is_in_company = any(each.asked == asked for each in self.subscriptions.values())
        resume = None if former is None else former.viewed.position
        if former is not None and resume is not None:
            viewed.payload, made.is_resumed = former.viewed.payload, True
            viewed.events, viewed.payloads = list(former.viewed.events), list(former.viewed.payloads)
            made.begins_after, made.told = former.begins_after, former.told
            if made.begins_after is not None:
                # What it was not told then, as it was not to be seen, it may be told now.
                made.begins_after = min(made.begins_after, offset_of(resume))
            made.is_in_company |= former.is_in_company
        self.subscriptions[made.id] = made
        request = Subscribe(id=made.id, request=asked.request, mode=mode, resume=resume)
        self.hub.subscribe(self.outlet, request, asked.operation(self.layer), self.viewer)
        return made

    def leave(self, subscription: Subscription) -> None:
        """End a subscription, whose last message is the last that came before."""
        self.hub.unsubscribe(self.outlet, subscription.id)
        subscription.see(self.outlet)
        self.subscriptions.pop(subscription.id, None)

    def reconnect(self) -> list[Subscription]:
        """The socket is lost, and another one is there; gives the subscriptions that were on the old."""
        self.hub.drop(self.outlet)
        for each in self.subscriptions.values():
            each.see(self.outlet)
        former, self.subscriptions, self.outlet = list(self.subscriptions.values()), {}, KeptOutlet()
        return former

    def see(self) -> None:
        for each in self.subscriptions.values():
            each.see(self.outlet)

    def drain(self) -> None:
        """Take messages again."""
        self.outlet.is_full = False
        self.hub.drained(self.outlet)


AUDIT = """
create table audit (
  number bigserial primary key, xid text not null default pg_current_xact_id()::text, name text not null, kind text not null,
  id bigint not null, former bigint, present bigint
);
create function audit() returns trigger language plpgsql as $$
declare was jsonb := to_jsonb(old); is_now jsonb := to_jsonb(new);
begin
  if tg_op = 'UPDATE' and was = is_now then return null; end if;
  insert into audit (name, kind, id, former, present) values (
    tg_table_name, lower(tg_op), (coalesce(is_now, was) ->> 'id')::bigint,
    (was ->> tg_argv[0])::bigint, (is_now ->> tg_argv[0])::bigint
  );
  return null;
end $$;
""" + "".join(
    f"create trigger audit after insert or update or delete on {table} for each row execute function audit('{column}');"
    for table, column in (
        ("tasks", "matter_id"),
        ("comments", "task_id"),
        ("notifications", "user_id"),
        ("matters", "organization_id"),
        ("users", "organization_id"),
    )
)
"""Triggers of the plainest kind: which row, and where it belongs. They know nothing of the layer."""

_PLACES = {"tasks": "matter_id", "comments": "task_id", "notifications": "user_id"}


@dataclass(frozen=True)
class Audited:
    """A change as the audit has it."""

    xid: int
    name: str
    kind: str
    id: int
    former: int | None
    present: int | None


class Journal:
    """What was committed, batch by batch; and the stream's entries, which must say the same of the tables of events."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        with engine.begin() as connection:
            connection.exec_driver_sql(AUDIT)
        self.batch = 0
        self.entries: list[tuple[int, Entry]] = []
        """With their batches, in the stream's order."""
        self.by_event: dict[str, Entry] = {}
        self._audited: list[tuple[int, Audited]] = []
        self._truncated: dict[str, int] = {}
        self._number = 0

    def end_batch(self, entries: list[Entry]) -> None:
        """Everything is committed and in the stream: `entries` is what came with this batch. Asserts that none is missing."""
        self.batch += 1
        with self._engine.connect() as connection:
            rows = connection.execute(
                text(
                    "select number, xid, name, kind, id, former, present from audit where number > :n order by number"
                ),
                {"n": self._number},
            ).all()
        found = [Audited(int(row.xid), *row[2:]) for row in rows]
        self._number = max([self._number, *(row.number for row in rows)])
        self._audited += [(self.batch, each) for each in found]
        self.entries += [(self.batch, each) for each in entries]
        self.by_event.update((told_as(each.change), each) for each in entries)
        for each in entries:
            if each.change.kind == "truncate":
                self._truncated[each.change.table] = self.batch
        streamed = sorted(
            (_audited(each) for each in entries if each.change.table in _PLACES and each.change.kind != "truncate"),
            key=repr,
        )
        assert streamed == sorted((each for each in found if each.name in _PLACES), key=repr), "stream and audit differ"

    def since(self, batch: int, *names: str) -> list[Audited]:
        """What the audit has of tables since the beginning of a batch."""
        return [each for of, each in self._audited if of >= batch and each.name in names]

    def about(self, entry: Entry) -> list[tuple[int, Audited]]:
        """What the audit has of an entry's row, and of its task's, with the batches."""
        values = entry.change.new or entry.change.old
        rows = {(entry.change.table, values["id"]), ("tasks", values.get("task_id"))}
        return [(batch, each) for batch, each in self._audited if (each.name, str(each.id)) in rows]

    def has_moved(self) -> bool:
        """Whether a row changed its tenant in the last storm: which is two batches, until the last come back."""
        return any(each.former != each.present for each in self.since(self.batch - 1, "matters", "users"))

    def is_emptied(self, table: str, batch: int) -> bool:
        """Whether it was, in this batch or later."""
        return self._truncated.get(table, 0) >= batch


def _audited(entry: Entry) -> Audited:
    change, column = entry.change, _PLACES[entry.change.table]
    places = [values.get(column) for values in (change.old, change.new)]
    former, present = (None if each is None else int(each) for each in places)
    return Audited(change.xid, change.table, change.kind, int(str((change.new or change.old)["id"])), former, present)


class Check:
    """What every subscription must have when all is told."""

    def __init__(self, layer: bff.Bff, journal: Journal) -> None:
        self._layer, self._journal = layer, journal
        self._answers: dict[tuple[str, str, Viewer], dict[str, Any]] = {}
        self.states = self.events = self.ended = 0

    def fresh(self, asked: Invocation, viewer: Viewer) -> dict[str, Any]:
        """What an execution gives now: as of the last `begin`."""
        key = asked.name, json.dumps(asked.variables, sort_keys=True), viewer
        if key not in self._answers:
            self._answers[key] = asked.answer(self._layer, viewer)
        return self._answers[key]

    def begin(self) -> None:
        """The database is another one now."""
        self._answers.clear()

    def client(self, client: Client) -> None:
        """Everything of a client but presence; what is over is taken from it."""
        for subscription in list(client.subscriptions.values()):
            match subscription.kind:
                case "live":
                    self._live(client, subscription)
                case "event":
                    self._events(client, subscription)
            if subscription.viewed.ended is not None:
                del client.subscriptions[subscription.id]

    def _live(self, client: Client, subscription: Subscription) -> None:
        fresh, viewed = self.fresh(subscription.asked, client.viewer), subscription.viewed
        where = f"{subscription.asked} ({subscription.mode}) of {client.viewer}"
        if viewed.ended is not None:
            assert viewed.ended.get("code") == "GONE", f"{where} ended with {viewed.ended}"
            is_null = all(each is None for each in (fresh["data"] or {}).values())
            # Where rows went to another tenant, they may have come back since.
            assert is_null or self._journal.has_moved(), f"{where} was told that it is gone, and is {fresh}"
            self.ended += 1
            return
        assert viewed.payload is not None, f"{where} has no state"
        assert comparable(viewed.payload) == comparable(fresh), f"{where} has another state than there is"
        self.states += 1

    def _events(self, client: Client, subscription: Subscription) -> None:
        viewed, asked = subscription.viewed, subscription.asked
        where = f"{asked} of {client.viewer}"
        assert viewed.ended is None, f"{where} ended with {viewed.ended}"
        assert subscription.begins_after is not None, f"{where} has not begun"
        told, subscription.told = subscription.told, []
        if subscription.is_in_company:
            after = subscription.begins_after
            told = [each for each in told if self._journal.by_event[each[0]].offset > after]
        payloads = dict(told)
        order = [self._journal.by_event[event].offset for event, _ in told]
        assert order == sorted(order), f"{where} was told out of order"
        assert all(offset > subscription.begins_after for offset in order), f"{where} was told of what was before"
        source = source_of(self._layer.server.plan_of(asked.operation(self._layer)))
        assert isinstance(source, EventSource)
        for batch, entry in self._journal.entries:
            if entry.offset <= subscription.begins_after or not source.takes(entry.change):
                continue
            event = told_as(entry.change)
            match self._expected(client.viewer, asked, source, batch, entry):
                case True:
                    assert event in viewed.events, f"{where} was not told of {entry}"
                    self.events += 1
                case False:
                    assert event not in payloads, (
                        f"{where} was told of {entry}: {payloads[event]}; {self._journal.about(entry)}"
                    )
            if event in payloads:
                _tells_of(payloads.pop(event), entry)
        assert not payloads, f"{where} was told of {payloads}"
        subscription.begins_after = (
            self._journal.entries[-1][1].offset if self._journal.entries else subscription.begins_after
        )

    def _expected(
        self, viewer: Viewer, asked: Invocation, source: EventSource, batch: int, entry: Entry
    ) -> bool | None:
        """Whether an entry is an event for a viewer; None where it depended on when it was read."""
        change, journal = entry.change, self._journal
        row = int(str((change.new or change.old)["id"]))
        sides = [values for values in (change.old, change.new) if values]
        later = [each for each in journal.since(batch, change.table) if each.id == row and each.kind != "insert"]
        moved: list[Audited] = []
        is_unsure = journal.is_emptied(change.table, batch)
        match asked.name:
            case "NotificationReceived":
                places = {int(str(values["user_id"])) for values in sides}
                wanted = viewer.user_id
                is_unsure |= bool(later)
            case "TaskChanged":
                places = {int(str(values["matter_id"])) for values in sides}
                wanted = int(asked.variables["matterId"])
                # Whose row is gone, or elsewhere, when it is read.
                is_unsure |= any(each.kind == "delete" or each.former != each.present for each in later)
            case "CommentAdded":
                task = int(str(change.new["task_id"]))
                moved = [each for each in journal.since(batch, "tasks") if each.id == task]
                places = {each for was in moved for each in (was.former, was.present) if each is not None}
                places |= {each for each in [self._place_of(task)] if each is not None}
                wanted = int(asked.variables["matterId"])
                is_unsure |= bool(later) or any(each.kind != "insert" and each.former != each.present for each in moved)
            case _:
                raise AssertionError(asked.name)
        if wanted not in places:
            return False
        # Of another tenant, at no time since.
        if asked.name != "NotificationReceived":
            moves = journal.since(batch, "matters")
            tenants = {each for was in moves if was.id == wanted for each in (was.former, was.present)}
            if viewer.organization_id not in tenants | {self._tenant_of(wanted)}:
                # But of a row that is theirs by now, which is read when it is told, something earlier.
                came = [each for each in (*later, *moved) if each.kind != "insert" and each.former != each.present]
                return None if came else False
        if any(each.former != each.present for each in journal.since(batch, "matters", "users")) or is_unsure:
            return None
        # As it is told at the one place, where it has two.
        at = [values for values in sides if asked.name != "TaskChanged" or int(str(values["matter_id"])) == wanted]
        if len(at) < len(sides):
            change = replace(change, old={}) if at == [change.new] else replace(change, new={})
        return not source.is_withheld(asked.answer(self._layer, viewer, source.root_value(change)))

    def _place_of(self, task: int) -> int | None:
        return self._value("select matter_id from tasks where id = :id", task)

    def _tenant_of(self, matter: int) -> int | None:
        return self._value("select organization_id from matters where id = :id", matter)

    def _value(self, statement: str, id: int) -> int | None:
        with self._layer.engine.connect() as connection:
            found: int | None = connection.execute(text(statement), {"id": id}).scalar()
        return found


def _tells_of(payload: dict[str, Any], entry: Entry) -> None:
    """An event's payload is about the row of its change."""
    change = entry.change
    if payload["data"] is None:
        # Somebody of another tenant wrote it, whom the viewer may not see.
        assert payload["errors"][0]["extensions"]["code"] == "NULL_VIOLATION"
        return
    [data] = payload["data"].values()
    assert data["id"] == (change.new or change.old)["id"]
    if "node" in data:
        assert data["kind"] == f"{change.kind.removesuffix('e')}ed".upper()


def comparable(payload: Mapping[str, Any]) -> dict[str, Any]:
    """An answer without what is another with every execution: the ids under which defects are logged."""
    errors = [
        {**error, "message": "", "extensions": {"code": "INTERNAL"}}
        if error.get("extensions", {}).get("code") == "INTERNAL"
        else error
        for error in payload.get("errors") or ()
    ]
    return {**payload, "errors": errors}
