"""A plan as text: the tree of fields with how each is resolved, and the statements, in the order they run.

    query MatterPage
    └─ matter: Matter                        #1 row by argument, written by PostgreSQL; checked
       ├─ id reference title
       ├─ client: Client!                    row; checked
       │  └─ contacts: [Contact!]!           list, at most 1000; implied
       └─ health: MatterHealth!              #2 batch
       ...

`#n` is what is run; it follows below the tree with its SQL. Without a number stands what is part of the statement above.
`checked` says that the policy of the rows is in the statement, `implied` that it need not be: it is that the parent is
visible. Where a field is not written by PostgreSQL, the reason stands beside it. Lists are shown with their own order; a
request's filter, order and cursor add to the text. An operation that is run in rounds whatever its plan says, for what is called
around its fields, is shown in rounds, with the reason in the first line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from graphql import GraphQLError

from ..entities.events import tables_of
from ..schema.catalog import Catalog
from .json_sql import is_implied_by_parent
from .loads import Load, RowsByKey
from .plan import Plan, Variant
from .region import Regions, RootRow
from .steps import (
    CallBatch,
    CallResolver,
    FieldPlan,
    LoadAggregate,
    LoadList,
    LoadOne,
    LookUp,
    LookUpNode,
    PageRows,
    PageTotal,
    ReadAttribute,
    ReadColumn,
    ReadNodeId,
    Selection,
    TakeEvent,
    TakePresent,
    Typename,
    loads_of,
)

_TAB = 56
"""The column of the notes next to the tree."""

_PLAIN_READS = (ReadColumn, ReadNodeId, ReadAttribute, Typename)


def explain(plan: Plan, *, wrapped_by: str = "") -> str:
    """The plan with every `@include`d field in: its tree, then its loads with their statements.

    `wrapped_by` is what is called around each field, if anything is: nothing of the operation is then written by PostgreSQL.
    """
    reason = ""
    if wrapped_by and plan.strategy != "rounds":
        reason = f"; in rounds: {wrapped_by}"
        plan = Plan(plan.schema, plan.document, plan.operation, "rounds", hide_suggestions=plan.hide_suggestions)
    variant = plan.whole()
    view = _View(plan.catalog, variant.regions, {each: number for number, each in enumerate(variant.reads, 1)})
    head = f"{plan.kind} {plan.name or '(anonymous)'}{_followed(plan, variant)}{reason}"
    lines = [head, *_tree(variant.root, view, "")]
    for read, number in view.numbers.items():
        lines += ["", f"#{number} {read.title}", *("   " + line for line in read.text.splitlines())]
    return "\n".join(lines) + "\n"


def _followed(plan: Plan, variant: Variant) -> str:
    """Whether the answer follows what was read; events and who is there are told of as they happen."""
    is_told = any(isinstance(field.step, TakeEvent | TakePresent) for field in variant.root.fields)
    return ", live: runs again when what it reads changes" if plan.is_live and not is_told else ""


@dataclass(frozen=True)
class _View:
    """What the lines of the tree refer to; `inside` a region nothing is run by itself."""

    catalog: Catalog
    regions: Regions
    numbers: Mapping[RootRow | Load, int]
    inside: bool = False

    def of(self, *reads: RootRow | Load) -> str:
        """The numbers of reads, for the begin of a note."""
        numbers = [] if self.inside else sorted(self.numbers[each] for each in reads if each in self.numbers)
        return "".join(f"#{number} " for number in numbers)


def _tree(selection: Selection, view: _View, indent: str) -> Iterator[str]:
    entries = list(_entries(selection, view))
    for i, (text, note, field) in enumerate(entries):
        last = i == len(entries) - 1
        head = f"{indent}{'└─' if last else '├─'} {text}"
        yield f"{head:<{_TAB}} {note}".rstrip()
        if field is not None:
            yield from _below(field, _within(field, view), indent + ("   " if last else "│  "))


def _below(field: FieldPlan, view: _View, indent: str) -> Iterator[str]:
    selections = [(name, each) for name, each in field.selections.items() if isinstance(each, Selection)]
    if len(selections) == 1:
        yield from _tree(selections[0][1], view, indent)
        return
    shown = [(name, each) for name, each in selections if each.fields]
    for i, (name, each) in enumerate(shown):
        last = i == len(shown) - 1
        yield f"{indent}{'└─' if last else '├─'} … on {name}"
        yield from _tree(each, view, indent + ("   " if last else "│  "))


def _entries(selection: Selection, view: _View) -> Iterator[tuple[str, str, FieldPlan | None]]:
    """Lines of one level: leaves that are only read stand together on one."""
    reads: list[str] = []
    for field in selection.fields:
        if field.is_leaf and isinstance(field.step, _PLAIN_READS):
            reads.append(field.key)
            continue
        if reads:
            yield " ".join(reads), "", None
            reads = []
        yield _head(field), _note(field, view), field
    if reads:
        yield " ".join(reads), "", None


def _head(field: FieldPlan) -> str:
    name = field.details[0].node.name.value
    alias = "" if field.key == name else f"{field.key}: "
    return f"{alias}{name}: {field.definition.type}"


def _within(field: FieldPlan, view: _View) -> _View:
    return replace(view, inside=True) if field in view.regions.of else view


def _note(field: FieldPlan, view: _View) -> str:
    region = view.regions.of.get(field)
    if region is None:
        note = _resolved(field, view)
    else:
        # A region is run with the row that it is a column of.
        run = view.regions.root if region.rows is None else region.rows
        number = view.of(run) if isinstance(run, RootRow | Load) else ""
        note = f"{number}{_resolved(field, replace(view, inside=True))}, written by PostgreSQL"
    note += _policy(field, _within(field, view))
    if field.references:
        note += f", objects read again: {view.of(*dict.fromkeys(field.references.values()))}".rstrip()
    if field in view.regions.reasons:
        note += f"; in rounds: {view.regions.reasons[field]}"
    errors = [each for each in field.selections.values() if isinstance(each, GraphQLError)]
    return note + "".join(f" ! {each.message}" for each in errors)


def _resolved(field: FieldPlan, view: _View) -> str:
    match field.step:
        case LoadOne(load=load):
            return f"{view.of(load)}row"
        case LookUp(load=load):
            return f"{view.of(load)}row by {'key of the viewer' if field.step.spec.key else 'argument'}"
        case LookUpNode(loads=loads):
            return f"{view.of(*loads.values())}row by global id"
        case LoadList(load=rows, page=page):
            return f"{view.of(rows)}{'page' if page else f'list, at most {rows.bound}'}"
        case LoadAggregate(load=load):
            return f"{view.of(load)}{load.measures[field.step.slot - len(load.join.key)].function}"
        case CallBatch(load=load):
            return f"{view.of(load)}batch"
        case PageTotal(load=load):
            return f"{view.of(load)}count"
        case CallResolver():
            return "resolver, once an object"
        case PageRows(part=part):
            return "its row" if part == "node" else "rows of the page"
        case TakeEvent():
            return f"{view.of(*loads_of(field.step))}{_event(field.step)}"
        case TakePresent(spec=spec):
            place = field.step.place.entity
            return f"{view.of(*loads_of(field.step))}who is at {place.model.__name__}.{place.key[0]} = {spec.argument}"
    return ""


def _event(step: TakeEvent) -> str:
    """Which changes an event tells of, and what they must match."""
    conditions = [f"{path} = {by if isinstance(by, str) else 'value of the viewer'}" for path, by in step.spec.match]
    tables = ", ".join(table.fullname for table in tables_of(step.load.entity))
    return f"each {', '.join(step.kinds)} of {tables}" + "".join(f", {each}" for each in conditions)


def _policy(field: FieldPlan, view: _View) -> str:
    """Whether the rows that a field leads to are checked. Rows that rounds read by key are: whoever asks for them."""
    if not isinstance(field.step, LoadOne | LoadList | LoadAggregate | LookUp | LookUpNode | TakeEvent | TakePresent):
        return ""
    is_by_key = isinstance(field.step.load, RowsByKey) if isinstance(field.step, LoadOne) else False
    is_implied = is_implied_by_parent(field, view.catalog) and (view.inside or not is_by_key)
    return "; implied" if is_implied else "; checked"
