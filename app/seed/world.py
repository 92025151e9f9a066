"""What a seeded Briefcase consists of: a `World` makes up every row of a `Volume`, around one day.

The same volume and day give the same rows on every machine: all chance comes from `random.Random.random`, the one
generator whose sequence Python guarantees, seeded with strings. Ids are arithmetic: the organizations take turns
(user 1 is of organization 1, user 2 of organization 2, ...), and the children of a matter follow each other.
Never touches a database; `app.seed` writes the rows.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

from sqlalchemy import Table

from app.models import (
    LEAST_URGENT,
    MOST_URGENT,
    Client,
    Comment,
    Contact,
    Document,
    DocumentVersion,
    Event,
    Invoice,
    InvoiceStatus,
    Matter,
    MatterMember,
    MatterStatus,
    MemberRole,
    Notification,
    Organization,
    Role,
    Tag,
    Task,
    TaskStatus,
    TaskTag,
    TimeEntry,
    User,
)
from app.seed import phrases
from app.seed.dice import Dice
from app.seed.volume import (
    ADMINS_A_FIRM,
    COMMENTS_A_TASK,
    CONTACTS_A_CLIENT,
    DOCUMENTS_A_MATTER,
    ENTRIES_A_MATTER,
    EVENTS_A_MATTER,
    GUESTS_A_FIRM,
    INVOICES_A_MATTER,
    MEMBERS_A_MATTER,
    NOTIFICATIONS_A_MATTER,
    PEOPLE_A_FIRM,
    TAGS_A_FIRM,
    TAGS_A_TASK,
    TASKS_A_MATTER,
    VERSIONS_A_DOCUMENT,
    Volume,
)

Row: TypeAlias = tuple[object, ...]

DAY = 24 * 60 * 60
HOUR = 60 * 60

# What has no decomposition into a Latin letter and an accent.
_LATIN = str.maketrans(
    {"ø": "o", "ł": "l", "\N{LATIN SMALL LETTER DOTLESS I}": "i", "ß": "ss", "æ": "ae", "đ": "d", "&": "and"}
)


@dataclass(frozen=True)
class Person:
    """A name, and the address that is made of it."""

    name: str
    email: str


@dataclass(frozen=True)
class Firm:
    """An organization while it is seeded: who and what may be linked inside of it."""

    id: int
    name: str
    slug: str
    people: Sequence[int]
    tags: Sequence[int]

    @property
    def staff(self) -> Sequence[int]:
        return self.people[: len(self.people) - GUESTS_A_FIRM]


@dataclass(frozen=True)
class Engagement:
    """A matter while it is seeded. Days count from the day of seeding; work lies in [opened, ends)."""

    id: int
    number: int
    firm: Firm
    client_id: int
    lead_id: int
    team: Sequence[int]
    practice: phrases.Practice
    status: MatterStatus
    opened: int
    ends: int

    def someone(self, dice: Dice) -> int:
        """A person to act on the matter: its team often, and everybody else of the firm now and then."""
        return dice.pick(self.team if dice.chance(0.3) else self.firm.people)

    def moment(self, dice: Dice, start: float = 0.0, end: float = 1.0) -> int:
        """A second of some working day, `start` and `end` being fractions of the matter's life."""
        span = self.ends - self.opened
        first = self.opened + int(span * start)
        last = max(first, self.opened + int(span * end) - 1)
        return dice.between(first, last) * DAY + dice.between(8 * HOUR, 18 * HOUR)


class World:
    """Every row of a volume, made up as it is read; what rows refer to across tables is decided at the start."""

    def __init__(self, volume: Volume, today: date) -> None:
        self.volume = volume
        self._today = today
        self._midnight = datetime.combine(today, time(), UTC)
        self._firms = list(self._make_firms())
        self._people = dict(self._make_people())
        self._client_names = list(self._make_client_names())
        self._matters = list(self._make_matters())

    def tables(self) -> Iterator[tuple[Table, Iterable[Row]]]:
        """Tables in the order in which they can be inserted, with their rows in the order of the columns."""
        makers = {
            Organization: self._organizations,
            User: self._users,
            Client: self._clients,
            Contact: self._contacts,
            Matter: self._matter_rows,
            MatterMember: self._matter_members,
            Tag: self._tags,
            Task: self._tasks,
            TaskTag: self._task_tags,
            Comment: self._comments,
            Document: self._documents,
            DocumentVersion: self._document_versions,
            TimeEntry: self._time_entries,
            Invoice: self._invoices,
            Event: self._events,
            Notification: self._notifications,
        }
        for model in self.volume.counts:
            table = model.__table__
            assert isinstance(table, Table)
            yield table, makers[model]()

    # What everything else refers to

    def _turns(self, count: int, firm_id: int) -> range:
        """The ids out of `count` that are this organization's, when the organizations take turns."""
        return range(firm_id, count + 1, self.volume.organizations)

    def _make_firms(self) -> Iterator[Firm]:
        dice = Dice("firms")
        names = dice.some(phrases.FIRM_NAMES, len(phrases.FIRM_NAMES))
        people = self.volume.organizations * PEOPLE_A_FIRM
        tags = self.volume.organizations * TAGS_A_FIRM
        for firm_id in range(1, self.volume.organizations + 1):
            turn, index = divmod(firm_id - 1, len(names))
            name = f"{names[index]} {dice.pick(phrases.FIRM_ENDINGS)}"
            # Past the last name they are branches: Ashcombe Legal 2.
            name += f" {turn + 1}" if turn else ""
            yield Firm(firm_id, name, _slug(name), self._turns(people, firm_id), self._turns(tags, firm_id))

    def _make_people(self) -> Iterator[tuple[int, Person]]:
        dice = Dice("people")
        taken: set[str] = set()
        for firm in self._firms:
            for user_id in firm.people:
                yield user_id, _person(dice, f"{firm.slug}.example", taken)

    def _make_client_names(self) -> Iterator[str]:
        dice = Dice("client names")
        taken: dict[int, set[str]] = {firm.id: set() for firm in self._firms}
        for index in range(self.volume.clients):
            own = taken[self._firms[index % len(self._firms)].id]
            name = None
            while name is None or name in own:
                name = f"{dice.pick(phrases.CLIENT_NAMES)} {dice.pick(phrases.CLIENT_ENDINGS)}"
            own.add(name)
            yield name

    def _make_matters(self) -> Iterator[Engagement]:
        clients = [self._turns(self.volume.clients, firm.id) for firm in self._firms]
        for matter_id in range(1, self.volume.matters + 1):
            dice = Dice("matter", matter_id)
            number, index = divmod(matter_id - 1, self.volume.organizations)
            firm = self._firms[index]
            own_clients = clients[index]
            opened = -dice.between(10, 700)
            status = MatterStatus.OPEN
            # The first matter of each organization is the one to look at: open, with a past and a future.
            if number == 0:
                opened = -120
            elif dice.chance(0.45 if opened < -300 else 0.08):
                status = MatterStatus.CLOSED
            elif dice.chance(0.12):
                status = MatterStatus.ON_HOLD
            team = dice.some(firm.staff, MEMBERS_A_MATTER)
            yield Engagement(
                id=matter_id,
                number=number + 1,
                firm=firm,
                # Every client has a matter before any has two.
                client_id=own_clients[number] if number < len(own_clients) else dice.pick(own_clients),
                lead_id=team[0],
                team=team,
                practice=dice.pick(phrases.PRACTICES),
                status=status,
                opened=opened,
                ends=opened + dice.between(-opened // 3, -opened) if status is MatterStatus.CLOSED else 0,
            )

    # The rows, table by table

    def _organizations(self) -> Iterator[Row]:
        for firm in self._firms:
            dice = Dice("organization", firm.id)
            plan = dice.pick(phrases.PLANS)
            yield firm.id, firm.name, firm.slug, plan, self._instant(-dice.between(800, 1_500) * DAY)

    def _users(self) -> Iterator[Row]:
        dice = Dice("users")
        for number in range(PEOPLE_A_FIRM):
            role, titles = _position(number)
            for firm in self._firms:
                user_id = firm.people[number]
                person = self._people[user_id]
                avatar_url = f"/avatars/{user_id}.svg" if dice.chance(0.9) else None
                last_seen_at = self._instant(-dice.between(1, 14 * DAY)) if dice.chance(0.9) else None
                title = dice.pick(titles)
                yield user_id, firm.id, person.name, person.email, title, avatar_url, role, last_seen_at

    def _clients(self) -> Iterator[Row]:
        dice = Dice("clients")
        for index, name in enumerate(self._client_names):
            firm = self._firms[index % len(self._firms)]
            website = f"https://www.{_slug(name)}.example" if dice.chance(0.85) else None
            yield index + 1, firm.id, dice.pick(firm.staff), name, dice.pick(phrases.INDUSTRIES), website

    def _contacts(self) -> Iterator[Row]:
        dice = Dice("contacts")
        for client_id, client in enumerate(self._client_names, start=1):
            taken: set[str] = set()
            for number in range(CONTACTS_A_CLIENT):
                person = _person(dice, f"{_slug(client)}.example", taken)
                phone = f"+44 20 7946 {dice.below(10_000):04d}" if dice.chance(0.75) else None
                yield _nth(client_id, number, CONTACTS_A_CLIENT), client_id, person.name, person.email, phone

    def _matter_rows(self) -> Iterator[Row]:
        for matter in self._matters:
            dice = Dice("matter text", matter.id)
            write = phrases.Writer(dice.below).write
            opened_at = self._instant(matter.opened * DAY + 9 * HOUR)
            due_at = None
            if matter.status is MatterStatus.CLOSED:
                due_at = self._instant(self._workday(matter.ends) * DAY + 17 * HOUR)
            elif dice.chance(0.85):
                due_at = self._instant(self._workday(dice.between(5, 200)) * DAY + 17 * HOUR)
            care = write("The client cares most about {topic}; expect questions on {topic} too.")
            yield (
                matter.id,
                matter.firm.id,
                matter.client_id,
                matter.lead_id,
                f"{matter.practice.code}-{opened_at.year}-{matter.number:04d}",
                write(dice.pick(matter.practice.titles)),
                matter.status,
                f"{matter.practice.description} {care}",
                dice.between(10, 500) * 100_000,
                opened_at,
                due_at,
            )

    def _matter_members(self) -> Iterator[Row]:
        roles = (MemberRole.LEAD, *[MemberRole.MEMBER] * 5, *[MemberRole.REVIEWER] * 2)
        for matter in self._matters:
            for user_id, role in zip(matter.team, roles, strict=True):
                yield matter.id, user_id, role

    def _tags(self) -> Iterator[Row]:
        chosen = [Dice("tags", firm.id).some(phrases.TAGS, TAGS_A_FIRM) for firm in self._firms]
        for number in range(TAGS_A_FIRM):
            for firm, tags in zip(self._firms, chosen, strict=True):
                yield firm.tags[number], firm.id, *tags[number]

    def _tasks(self) -> Iterator[Row]:
        for matter in self._matters:
            dice = Dice("tasks", matter.id)
            write = phrases.Writer(dice.below).write
            life = (*phrases.FIRST_TASKS, *matter.practice.tasks, *phrases.TASKS)
            chosen = sorted(dice.some(range(len(life)), TASKS_A_MATTER))
            progress = dice.between(3, 14)
            for position, title in enumerate(life[index] for index in chosen):
                status = _task_status(dice, matter, position - progress)
                if status is TaskStatus.DONE:
                    due = matter.moment(dice, position / TASKS_A_MATTER) // DAY
                else:
                    due = dice.between(-8, 45)
                yield (
                    _nth(matter.id, position, TASKS_A_MATTER),
                    matter.id,
                    dice.pick(matter.firm.staff) if dice.chance(0.92) else None,
                    write(title),
                    status,
                    dice.between(MOST_URGENT, LEAST_URGENT),
                    position,
                    self._instant(self._workday(due) * DAY + 17 * HOUR) if dice.chance(0.8) else None,
                    self._instant(matter.moment(dice, position / TASKS_A_MATTER)),
                )

    def _task_tags(self) -> Iterator[Row]:
        for matter in self._matters:
            dice = Dice("task tags", matter.id)
            for position in range(TASKS_A_MATTER):
                for tag_id in dice.some(matter.firm.tags, TAGS_A_TASK):
                    yield _nth(matter.id, position, TASKS_A_MATTER), tag_id

    def _comments(self) -> Iterator[Row]:
        for matter in self._matters:
            dice = Dice("comments", matter.id)
            write = phrases.Writer(dice.below).write
            for position in range(TASKS_A_MATTER):
                task_id = _nth(matter.id, position, TASKS_A_MATTER)
                begun = position / (2 * TASKS_A_MATTER)
                moments = sorted(matter.moment(dice, begun) for _ in range(COMMENTS_A_TASK))
                for number, moment in enumerate(moments):
                    comment_id = _nth(task_id, number, COMMENTS_A_TASK)
                    body = write(dice.pick(phrases.COMMENTS))
                    yield comment_id, task_id, matter.someone(dice), body, self._instant(moment)

    def _documents(self) -> Iterator[Row]:
        for matter in self._matters:
            dice = Dice("documents", matter.id)
            write = phrases.Writer(dice.below).write
            filed = dice.some((*matter.practice.documents, *phrases.DOCUMENTS), DOCUMENTS_A_MATTER)
            for number, (title, kind) in enumerate(filed):
                document_id = _nth(matter.id, number, DOCUMENTS_A_MATTER)
                history = _history(matter, document_id)
                uploader_id, updated = history[0][0], history[-1][1]
                # From 8 KB to 16 MB, small ones more often. In integers: a power of floats is the platform's.
                magnitude = 1 << dice.between(13, 23)
                size_bytes = magnitude + dice.below(magnitude)
                yield document_id, matter.id, uploader_id, write(title), kind, size_bytes, self._instant(updated)

    def _document_versions(self) -> Iterator[Row]:
        for matter in self._matters:
            for index in range(DOCUMENTS_A_MATTER):
                document_id = _nth(matter.id, index, DOCUMENTS_A_MATTER)
                for number, (author_id, moment) in enumerate(_history(matter, document_id), start=1):
                    version_id = _nth(document_id, number - 1, VERSIONS_A_DOCUMENT)
                    checksum = hashlib.sha256(f"{document_id} {number}".encode()).hexdigest()
                    yield version_id, document_id, author_id, number, checksum, self._instant(moment)

    def _time_entries(self) -> Iterator[Row]:
        for matter in self._matters:
            dice = Dice("time", matter.id)
            write = phrases.Writer(dice.below).write
            for number in range(ENTRIES_A_MATTER):
                yield (
                    _nth(matter.id, number, ENTRIES_A_MATTER),
                    matter.id,
                    matter.someone(dice),
                    6 * dice.between(1, 80),
                    dice.chance(0.8),
                    self._day(matter.moment(dice) // DAY),
                    write(dice.pick(phrases.TIME_NOTES)),
                )

    def _invoices(self) -> Iterator[Row]:
        for matter in self._matters:
            dice = Dice("invoices", matter.id)
            span = matter.ends - matter.opened
            for number in range(INVOICES_A_MATTER):
                issued = matter.opened + span * (number + 1) // INVOICES_A_MATTER - 1
                yield (
                    _nth(matter.id, number, INVOICES_A_MATTER),
                    matter.client_id,
                    matter.id,
                    f"INV-{self._day(issued).year}-{matter.number:04d}-{number + 1}",
                    _invoice_status(dice, matter, number),
                    dice.between(500, 50_000) * 100,
                    self._day(issued),
                    self._day(issued + 30),
                )

    def _events(self) -> Iterator[Row]:
        for matter in self._matters:
            dice = Dice("events", matter.id)
            write = phrases.Writer(dice.below).write
            for number in range(EVENTS_A_MATTER):
                is_coming = matter.status is not MatterStatus.CLOSED and number >= EVENTS_A_MATTER - 2
                day = dice.between(1, 40) if is_coming else matter.moment(dice) // DAY
                starts = self._workday(day) * DAY + dice.between(8 * 4, 16 * 4) * HOUR // 4
                yield (
                    _nth(matter.id, number, EVENTS_A_MATTER),
                    matter.id,
                    write(dice.pick(phrases.EVENTS)),
                    self._instant(starts),
                    self._instant(starts + dice.between(1, 6) * HOUR // 2),
                    write(dice.pick(phrases.LOCATIONS)) if dice.chance(0.85) else None,
                )

    def _notifications(self) -> Iterator[Row]:
        dice = Dice("notifications")
        write = phrases.Writer(dice.below).write
        count = self.volume.matters * NOTIFICATIONS_A_MATTER
        people = self.volume.organizations * PEOPLE_A_FIRM
        matters = [self._turns(self.volume.matters, firm.id) for firm in self._firms]
        for notification_id in range(1, count + 1):
            user_id = (notification_id - 1) % people + 1
            index = (user_id - 1) % len(self._firms)
            # They come in over 45 days, in the order of their ids.
            created = -45 * DAY + 44 * DAY * notification_id // count
            # What came last nobody has read yet, so that every inbox has something new.
            is_read = dice.chance(0.9 if created < -7 * DAY else 0.4) and notification_id <= count - people
            matter_id = None
            if dice.chance(0.06):
                kind, body = dice.pick(phrases.GENERAL_NOTIFICATIONS)
            else:
                matter_id = dice.pick(matters[index])
                kind, template = dice.pick(phrases.NOTIFICATIONS)
                body = write(
                    template,
                    person=self._people[dice.pick(self._firms[index].people)].name,
                    task=write(dice.pick(phrases.TASKS)),
                    document=write(dice.pick(phrases.DOCUMENTS)[0]),
                    event=write(dice.pick(phrases.EVENTS)),
                )
            read_at = self._instant(created + dice.between(60, 20 * HOUR)) if is_read else None
            yield notification_id, user_id, matter_id, kind, body, read_at, self._instant(created)

    # Values

    def _instant(self, second: int) -> datetime:
        """The moment so many seconds after the midnight that begins the day of seeding."""
        return self._midnight + timedelta(seconds=second)

    def _day(self, day: int) -> date:
        return self._today + timedelta(days=day)

    def _workday(self, day: int) -> int:
        """`day` itself, or the working day after (in the past: before) a weekend's."""
        weekday = self._day(day).weekday()
        if weekday < 5:
            return day
        return day + (7 - weekday) if day > 0 else day - (weekday - 4)


def _person(dice: Dice, domain: str, taken: set[str]) -> Person:
    """Somebody whose email at `domain` is not in `taken` yet, and then is."""
    while True:
        first, last = dice.pick(phrases.FIRST_NAMES), dice.pick(phrases.LAST_NAMES)
        email = f"{_slug(first)}.{_slug(last)}@{domain}"
        if email not in taken:
            taken.add(email)
            return Person(f"{first} {last}", email)


def _position(number: int) -> tuple[Role, Sequence[str]]:
    """The role of a firm's person `number`, and the titles that go with it."""
    if number == 0:
        return Role.OWNER, phrases.OWNER_TITLES
    if number <= ADMINS_A_FIRM:
        return Role.ADMIN, phrases.ADMIN_TITLES
    if number >= PEOPLE_A_FIRM - GUESTS_A_FIRM:
        return Role.GUEST, phrases.GUEST_TITLES
    return Role.MEMBER, phrases.STAFF_TITLES


def _task_status(dice: Dice, matter: Engagement, ahead: int) -> TaskStatus:
    """The status of a task that is `ahead` positions past where the matter stands."""
    if matter.status is MatterStatus.CLOSED or (ahead < 0 and dice.chance(0.9)):
        return TaskStatus.DONE
    return TaskStatus.DOING if ahead < 4 and dice.chance(0.5) else TaskStatus.OPEN


def _invoice_status(dice: Dice, matter: Engagement, number: int) -> InvoiceStatus:
    if dice.chance(0.03):
        return InvoiceStatus.VOID
    if matter.status is MatterStatus.CLOSED or number == 0:
        return InvoiceStatus.PAID
    if number == INVOICES_A_MATTER - 1:
        return InvoiceStatus.DRAFT
    return dice.pick((InvoiceStatus.SENT, InvoiceStatus.SENT, InvoiceStatus.PAID))


def _history(matter: Engagement, document_id: int) -> list[tuple[int, int]]:
    """Who stored each version of a document, and when. Both its row and its versions tell it."""
    dice = Dice("history", document_id)
    moments = sorted(matter.moment(dice) for _ in range(VERSIONS_A_DOCUMENT))
    return [(matter.someone(dice), moment) for moment in moments]


def _nth(parent_id: int, number: int, a_parent: int) -> int:
    """The id of a parent's child `number`, when every parent has `a_parent` of them."""
    return (parent_id - 1) * a_parent + number + 1


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower().translate(_LATIN))
    return "-".join("".join(it for it in word if it.isascii() and it.isalnum()) for word in plain.split())
