"""From a query text to a valid document, in time that is linear in the text.

Called for free text of clients, with `Limits`, and for the host's own documents, without. Never executes,
plans or stores anything. What makes it linear, in this order:

1. Tokens are counted by one regular expression before anything is parsed, so a flood costs no parsing.
2. Fields, depth and introspection are measured on the fragment graph, each fragment once: a document whose
   fragments double at each step has 2^n fields and costs n steps (limiters that walk the expanded
   document need seconds for 700 bytes).
3. The one rule of the specification that compares every pair of fields, "overlapping fields can be
   merged", gets a budget of comparisons in proportion to the tokens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    Source,
    StringValueNode,
    ValidationContext,
    parse,
    specified_rules,
    validate,
)
from graphql.validation import ASTValidationRule, OverlappingFieldsCanBeMergedRule

from ..errors import DocumentLimit, IntrospectionDisabled, ParseFailed, ValidationFailed
from ..json_text import is_text
from ..settings import Limits

MAX_ERRORS = 20
"""Errors reported of one document."""

# One match per token or comment. Every alternative consumes what it began (a string that does not end runs to the end of its
# line or text), and whatever it has taken, what may follow matches: so nothing is ever given back, and the scan is linear
# whatever the text. (Possessive groups would say so, but Python 3.11.2 matches them wrongly.)
_TOKEN = re.compile(
    r'"""[^"\\]*(?:(?:\\"""|\\|"(?!""))[^"\\]*)*(?:"""|\Z)'
    r'|"[^"\\\n\r]*(?:\\.[^"\\\n\r]*)*"?'
    r"|#[^\n\r]*"
    r"|\.\.\."
    r"|-?[0-9][0-9.eE+-]*"
    r"|\w+"
    r"|[^\s,\ufeff]"
)

# What the overlapping rule may spend (two units a comparison of two fields): enough for twenty fragments of
# components that all select the same few fields of one object, and some 15 ms for the largest free text.
_OVERLAP_BUDGET = 3_000
_OVERLAP_BUDGET_PER_TOKEN = 3


def parse_document(
    text: str, limits: Limits | None = None, *, introspection: bool = False, name: str = "GraphQL request"
) -> DocumentNode:
    """`text` as a document within `limits`; without limits, it is the host's own. `name` is its file in error messages.

    With limits, only `introspection` lets it ask for the schema itself.

    Raises ParseFailed, DocumentLimit or IntrospectionDisabled.
    """
    source = Source(text, name)
    if not is_text(text):
        raise ParseFailed([GraphQLError("Syntax Error: the text holds a NUL or half of a surrogate pair.")])
    if limits is not None and len(text) > limits.length:
        raise _over(f"The document has {len(text)} characters; at most {limits.length} are taken.")
    if limits is not None and _count_tokens(text, limits.tokens + 1) > limits.tokens:
        raise _over(f"The document has more than {limits.tokens} tokens.")
    try:
        document = parse(source)
    except GraphQLError as error:
        raise ParseFailed([error]) from None
    if limits is not None:
        _measure(document, limits, introspection=introspection)
    return document


def validate_document(schema: GraphQLSchema, document: DocumentNode, *, suggest: bool = False) -> None:
    """Raise ValidationFailed unless `document` is valid against `schema`, DocumentLimit where finding that out takes
    too long.

    `suggest` adds "Did you mean ...?", which tells what the schema has to who may not introspect it.
    """
    errors = validate(schema, document, _RULES, max_errors=MAX_ERRORS, hide_suggestions=not suggest)
    if errors and errors[-1].message == "Validation aborted.":
        raise _over("The document's fields overlap, or its operations share fragments, too often to be compared.")
    if errors:
        raise ValidationFailed(errors)


def _count_tokens(text: str, most: int) -> int:
    return sum(1 for _ in islice(_TOKEN.finditer(text), most))


class BoundedOverlapRule(OverlappingFieldsCanBeMergedRule):
    """The specification's rule, which aborts the validation after comparisons in proportion to the document.

    Its own budget of 500,000 is a second of work, whatever the size of the document.
    """

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        location = context.document.loc
        # A document put together from several files has no text of its own, and is the developer's.
        if location is not None:
            tokens = _count_tokens(location.source.body, self.rule_context.remaining_complexity_budget)
            self.rule_context.remaining_complexity_budget = _OVERLAP_BUDGET + _OVERLAP_BUDGET_PER_TOKEN * tokens


class StringsAreTextRule(ASTValidationRule):
    """A literal may spell with escapes what no answer may hold."""

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        if not is_text(node.value):
            self.report_error(GraphQLError("The string holds a NUL or half of a surrogate pair.", node))


_RULES: tuple[type[ASTValidationRule], ...] = (
    *(BoundedOverlapRule if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules),
    StringsAreTextRule,
)


@dataclass(slots=True)
class _Extent:
    """Fields and depth of a selection set with its fragments spread."""

    fields: int = 0
    depth: int = 0

    def add(self, fields: int, depth: int) -> None:
        self.fields += fields
        self.depth = max(self.depth, depth)


def _measure(document: DocumentNode, limits: Limits, *, introspection: bool) -> None:
    """Raise DocumentLimit or IntrospectionDisabled; one visit of every node, by the parser's bound at most 200
    calls deep in a definition."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) > limits.operations:
        raise _over(f"The document has {len(operations)} operations; at most {limits.operations} are taken.")
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    extents: dict[str, _Extent] = {}

    def extent_of(selection_set: SelectionSetNode) -> _Extent:
        extent = _Extent()
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                if not introspection and selection.name.value in {"__schema", "__type"}:
                    message = "Introspection is disabled; the schema is published as a file."
                    raise IntrospectionDisabled([GraphQLError(message, selection)])
                below = extent_of(selection.selection_set) if selection.selection_set else _Extent()
                extent.add(1 + below.fields, 1 + below.depth)
            elif isinstance(selection, InlineFragmentNode):
                below = extent_of(selection.selection_set)
                extent.add(below.fields, below.depth)
            elif isinstance(selection, FragmentSpreadNode):
                # Unknown fragments and cycles count as nothing here; validation reports them.
                spread = extents.get(selection.name.value, _Extent())
                extent.add(spread.fields, spread.depth)
        return extent

    for name in _innermost_first(fragments):
        extents[name] = extent_of(fragments[name].selection_set)
    for operation in operations:
        extent = extent_of(operation.selection_set)
        if extent.fields > limits.fields:
            # The number of a doubling document has hundreds of digits; it is of no use to anyone.
            raise _over(f"The operation selects more than {limits.fields} fields.", operation)
        if extent.depth > limits.depth:
            raise _over(f"The operation is {extent.depth} fields deep; at most {limits.depth} are taken.", operation)


def _over(message: str, node: Node | None = None) -> DocumentLimit:
    return DocumentLimit([GraphQLError(message, node)])


def _innermost_first(fragments: dict[str, FragmentDefinitionNode]) -> list[str]:
    """The fragments' names so that each comes after those that it spreads; no recursion over fragments, whose
    chains may be as long as the document."""
    order: dict[str, None] = {}
    for root in fragments:
        path = [(root, iter(spreads_of(fragments[root])))]
        entered = {root}
        while path:
            name, spreads = path[-1]
            for spread in spreads:
                if spread in fragments and spread not in order and spread not in entered:
                    path.append((spread, iter(spreads_of(fragments[spread]))))
                    entered.add(spread)
                    break
            else:
                order[name] = None
                path.pop()
    return list(order)


def spreads_of(definition: OperationDefinitionNode | FragmentDefinitionNode) -> list[str]:
    """Names of the fragments that a definition spreads itself, in order of appearance, each once."""
    names: dict[str, None] = {}
    open_sets = [definition.selection_set]
    while open_sets:
        for selection in open_sets.pop().selections:
            if isinstance(selection, FragmentSpreadNode):
                names[selection.name.value] = None
            elif isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                open_sets.append(selection.selection_set)
    return list(names)
