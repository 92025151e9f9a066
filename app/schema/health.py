"""How a matter does, judged from its dates, its tasks and its budget: the batched field `Matter.health`.

One statement counts for all matters of a level; the judgement itself is Python, and a pure function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum

from sqlalchemy import func, select

import bff
from app.models import MatterStatus, Task, TaskStatus, TimeEntry

CENTS_A_MINUTE = 400
"""What an hour is reckoned at against the budget: 240 of the currency."""

MatterKey = tuple[int, str, datetime | None, int]
"""id, status, due_at and budget_cents."""


class MatterHealth(StrEnum):
    """How a matter does."""

    CLOSED = "closed"
    GOOD = "good"
    WATCH = "watch"
    AT_RISK = "at_risk"


@dataclass(frozen=True)
class Workload:
    """What of a matter's work is open and overdue, and what its billable time comes to."""

    open_tasks: int = 0
    overdue_tasks: int = 0
    spent_cents: int = 0


def matter_health(keys: Sequence[MatterKey], scope: bff.Scope, *, on: date | None = None) -> list[MatterHealth]:
    """The health of matters on a day, by default today in UTC; two statements, however many they are."""
    moment = datetime.combine(on or datetime.now(UTC).date(), time(), UTC)
    workloads = _workloads([key[0] for key in keys], scope, moment)
    return [
        judge(status, due_at, budget_cents, workloads.get(matter_id, Workload()), moment)
        for matter_id, status, due_at, budget_cents in keys
    ]


def judge(
    status: str, due_at: datetime | None, budget_cents: int, workload: Workload, moment: datetime
) -> MatterHealth:
    """AT_RISK when the matter is overdue with open work, over its budget, or a third of its open tasks is overdue."""
    if status == MatterStatus.CLOSED:
        return MatterHealth.CLOSED
    overdue_share = workload.overdue_tasks / workload.open_tasks if workload.open_tasks else 0
    is_overdue = due_at is not None and due_at < moment and workload.open_tasks > 0
    if is_overdue or overdue_share > 1 / 3 or workload.spent_cents > budget_cents:
        return MatterHealth.AT_RISK
    if overdue_share > 1 / 10 or workload.spent_cents > budget_cents * 8 // 10:
        return MatterHealth.WATCH
    return MatterHealth.GOOD


def _workloads(matter_ids: Sequence[int], scope: bff.Scope, moment: datetime) -> dict[int, Workload]:
    tasks = (
        select(Task.matter_id, func.count(), func.count().filter(Task.due_at < moment))
        .where(Task.matter_id.in_(matter_ids), Task.status != TaskStatus.DONE)
        .group_by(Task.matter_id)
    )
    times = (
        select(TimeEntry.matter_id, func.sum(TimeEntry.minutes))
        .where(TimeEntry.matter_id.in_(matter_ids), TimeEntry.billable)
        .group_by(TimeEntry.matter_id)
    )
    spent = {matter_id: minutes * CENTS_A_MINUTE for matter_id, minutes in scope.session.execute(times)}
    counted = {matter_id: (count, overdue) for matter_id, count, overdue in scope.session.execute(tasks)}
    return {
        matter_id: Workload(*counted.get(matter_id, (0, 0)), spent_cents=spent.get(matter_id, 0))
        for matter_id in matter_ids
    }
