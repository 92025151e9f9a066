"""A plan as text: the tree of fields with how each is resolved, and the statements, in the order they run.

    query MatterPage
    └─ matter: Matter                        #1 row by id
       ├─ id reference title                 columns
       ├─ client: Client                     #2 row by client_id
       ...

`#n` is a load; the loads follow below the tree with their SQL. Lists are shown with their own order; a request's
filter, order and cursor add to the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphql import GraphQLError

from .loads import Aggregates, Batch, Counts, ListByParent, Load, RootList, RowsByKey
from .plan import Plan
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
    Typename,
)

_TAB = 56
"""The column of the notes next to the tree."""

_PLAIN_READS = (ReadColumn, ReadNodeId, ReadAttribute, Typename)


def explain(plan: Plan) -> str:
    """The plan with every `@include`d field in: its tree, then its loads with their statements."""
    variant = plan.whole()
    order = {load: number for number, load in enumerate(in_order(variant.loads), 1)}
    lines = [f"{plan.kind} {plan.name or '(anonymous)'}", *_tree(variant.root, order, "")]
    for load, number in order.items():
        lines += ["", f"#{number} {_kind(load)} {load.label}", *("   " + line for line in load.text.splitlines())]
    return "\n".join(lines) + "\n"


def in_order(loads: Sequence[Load]) -> list[Load]:
    """The loads in the order in which execution would run them: each after all that can bring it keys."""
    ordered: list[Load] = []
    remaining = list(loads)
    while remaining:
        blocked = {below for load in remaining for below in load.downstream if below is not load}
        ready = [load for load in remaining if load not in blocked] or remaining
        ordered += ready
        remaining = [load for load in remaining if load not in ready]
    return ordered


def _tree(selection: Selection, order: dict[Load, int], indent: str) -> Iterator[str]:
    entries = list(_entries(selection, order))
    for i, (text, note, field) in enumerate(entries):
        last = i == len(entries) - 1
        head = f"{indent}{'└─' if last else '├─'} {text}"
        yield f"{head:<{_TAB}} {note}".rstrip()
        if field is not None:
            yield from _below(field, order, indent + ("   " if last else "│  "))


def _below(field: FieldPlan, order: dict[Load, int], indent: str) -> Iterator[str]:
    selections = [(name, each) for name, each in field.selections.items() if isinstance(each, Selection)]
    if len(selections) == 1:
        yield from _tree(selections[0][1], order, indent)
        return
    shown = [(name, each) for name, each in selections if each.fields]
    for i, (name, each) in enumerate(shown):
        last = i == len(shown) - 1
        yield f"{indent}{'└─' if last else '├─'} … on {name}"
        yield from _tree(each, order, indent + ("   " if last else "│  "))


def _entries(selection: Selection, order: dict[Load, int]) -> Iterator[tuple[str, str, FieldPlan | None]]:
    """Lines of one level: leaves that are only read stand together on one."""
    reads: list[str] = []
    for field in selection.fields:
        if field.is_leaf and isinstance(field.step, _PLAIN_READS):
            reads.append(field.key)
            continue
        if reads:
            yield " ".join(reads), "", None
            reads = []
        yield _head(field), _note(field, order), field
    if reads:
        yield " ".join(reads), "", None


def _head(field: FieldPlan) -> str:
    name = field.details[0].node.name.value
    alias = "" if field.key == name else f"{field.key}: "
    return f"{alias}{name}: {field.definition.type}"


def _note(field: FieldPlan, order: dict[Load, int]) -> str:
    def numbers(*loads: Load) -> str:
        return " ".join(f"#{order[load]}" for load in loads)

    match field.step:
        case LoadOne(load=load):
            note = f"{numbers(load)} row"
        case LookUp(load=load):
            note = f"{numbers(load)} row by {'key of the viewer' if field.step.spec.key else 'argument'}"
        case LookUpNode(loads=loads):
            note = f"{numbers(*loads.values())} row by global id"
        case LoadList(load=rows, page=page):
            note = f"{numbers(rows)} {'page' if page else f'list, at most {rows.bound}'}"
        case LoadAggregate(load=load):
            note = f"{numbers(load)} {load.measures[field.step.slot - len(load.join.key)].function}"
        case CallBatch(load=load):
            note = f"{numbers(load)} batch"
        case PageTotal(load=load):
            note = f"{numbers(load)} count"
        case CallResolver():
            note = "resolver, once an object"
        case PageRows():
            note = "rows of the page"
        case _:
            note = ""
    if field.references:
        note += f", objects read again: {numbers(*dict.fromkeys(field.references.values()))}"
    errors = [each for each in field.selections.values() if isinstance(each, GraphQLError)]
    return note + "".join(f" ! {each.message}" for each in errors)


def _kind(load: Load) -> str:
    match load:
        case RowsByKey():
            return "rows of"
        case ListByParent():
            return "lists of"
        case RootList():
            return "list of"
        case Aggregates():
            return "statement:"
        case Counts():
            return "statement:"
        case Batch():
            return "function of"
    return ""
