"""Operation documents: the host's registered ones, and the free texts that clients send.

`Documents.load` reads a folder of `*.graphql` files once, at boot: fragments are shared across files, every
operation is validated, and whatever is broken stops the boot with `file:line:column: reason`, all of it at
once. Never plans and never executes.

The id of a registered operation is the SHA-256 of its text: the operation with the fragments that it needs, as
graphql-core prints it. So an id is never used again for another text, whoever deploys what in which order; a changed
operation gets a new id by itself, and a name always means the deployed text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    print_ast,
)

from ..errors import BffError, DocumentError, DocumentRefused, OperationNotFound
from ..settings import Limits
from .limits import parse_document, spreads_of, validate_document

_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document: what a plan is made of.

    `id` is the SHA-256 of `text`, `document` may hold other operations besides (in a free text), `source` is
    `file:line` of a registered one.
    """

    id: str
    name: str | None
    text: str = field(repr=False)
    document: DocumentNode = field(repr=False)
    definition: OperationDefinitionNode = field(repr=False)
    source: str | None = None

    @property
    def kind(self) -> str:
        """query, mutation or subscription."""
        return self.definition.operation.value


@dataclass(frozen=True)
class FreeText:
    """A client's document: parsed within limits and valid."""

    id: str
    text: str = field(repr=False)
    document: DocumentNode = field(repr=False)

    @classmethod
    def read(
        cls, text: str, schema: GraphQLSchema, limits: Limits | None = None, *, development: bool = False
    ) -> FreeText:
        """Raises DocumentRefused in one of its kinds. `development` tells what the schema has: by introspection, by suggestions."""
        document = parse_document(text, limits, introspection=development)
        validate_document(schema, document, suggest=development)
        return cls(digest(text), text, document)

    def operation(self, name: str | None) -> Operation:
        """The operation of that name; without one, the only operation. Raises OperationNotFound."""
        definitions = self._definitions
        if name is None and len(definitions) > 1:
            raise OperationNotFound(f"operationName is needed, the document has {_names(definitions)}")
        if name is not None and name not in definitions:
            raise OperationNotFound(f"no operation {name!r}; the document has {_names(definitions)}")
        if not definitions:
            raise OperationNotFound("the document has no operation")
        definition = next(iter(definitions.values())) if name is None else definitions[name]
        return Operation(self.id, name_of(definition), self.text, self.document, definition)

    @cached_property
    def _definitions(self) -> dict[str | None, OperationDefinitionNode]:
        nodes = self.document.definitions
        return {name_of(node): node for node in nodes if isinstance(node, OperationDefinitionNode)}


class Documents:
    """The host's registered operations by name and id; frozen after `load`."""

    def __init__(self, operations: Iterable[Operation] = (), unused_fragments: Iterable[str] = ()) -> None:
        self._by_name: dict[str, Operation] = {operation.name or "": operation for operation in operations}
        self._by_id = {operation.id: operation for operation in self._by_name.values()}
        self.unused_fragments = tuple(unused_fragments)
        """Findings that do not stop the boot, as `file:line:column: reason`."""

    def __repr__(self) -> str:
        return f"<Documents {len(self)} operations>"

    def __len__(self) -> int:
        return len(self._by_name)

    def __iter__(self) -> Iterator[Operation]:
        """The operations, by name."""
        return iter(self._by_name.values())

    @property
    def names(self) -> tuple[str, ...]:
        """The operations' names, sorted."""
        return tuple(self._by_name)

    def find(self, document_id: str) -> Operation | None:
        """The operation with this id (`sha256:<hex>`, or the hex alone as Apollo's and the client preset's clients send
        it) or this name."""
        digits = document_id.removeprefix("sha256:")
        if _HEX.fullmatch(digits):
            return self._by_id.get(digits)
        return self._by_name.get(document_id)

    @classmethod
    def load(cls, folder: Path, schema: GraphQLSchema) -> Documents:
        """All `*.graphql` files below `folder`. Raises DocumentError, one line for each thing that is wrong."""
        if not folder.is_dir():
            raise DocumentError(f"{folder}: no such folder of operation documents")
        return _Reading(folder, schema).finish()


class _Reading:
    """One reading of a folder; collects what is wrong instead of stopping at the first."""

    def __init__(self, folder: Path, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._folder = folder
        self._operations: dict[str, OperationDefinitionNode] = {}
        self._fragments: dict[str, FragmentDefinitionNode] = {}
        self._problems: dict[str, None] = {}
        for path in sorted(folder.rglob("*.graphql")):
            self._read(path)

    def finish(self) -> Documents:
        operations = [self._operation(name, self._operations[name]) for name in sorted(self._operations)]
        used = {name for definition in self._operations.values() for name in self._needed(definition)}
        unused = [node for name, node in self._fragments.items() if name not in used]
        for fragment in unused:
            # What no operation leads to is valid too, all but being unused.
            self._validate((fragment, *(self._fragments[name] for name in self._needed(fragment))), unused=True)
        if self._problems:
            raise DocumentError("\n".join(self._problems))
        return Documents(
            operations, [f"{location(node)}: fragment {node.name.value!r} is never used" for node in unused]
        )

    def _read(self, path: Path) -> None:
        name = str(path.relative_to(self._folder.parent))
        try:
            document = parse_document(path.read_text(encoding="utf-8"), name=name)
        except UnicodeDecodeError as error:
            self._problem(f"{name}:1:1", f"not UTF-8 ({error.reason} at byte {error.start})")
            return
        except DocumentRefused as error:
            self._refused(error.errors, name)
            return
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                if node.name is None:
                    self._problem(location(node), "an operation needs a name: clients ask for it by that name")
                else:
                    self._add(self._operations, "operation", node.name.value, node)
            elif isinstance(node, FragmentDefinitionNode):
                self._add(self._fragments, "fragment", node.name.value, node)
            else:
                self._problem(location(node), "a document holds operations and fragments only")

    def _add(self, known: dict[str, Any], kind: str, name: str, node: Node) -> None:
        if name in known:
            self._problem(location(node), f"{kind} {name!r} is already defined at {location(known[name])}")
        else:
            known[name] = node

    def _operation(self, name: str, node: OperationDefinitionNode) -> Operation:
        definitions = (node, *(self._fragments[fragment] for fragment in self._needed(node)))
        self._validate(definitions)
        document = DocumentNode(definitions=definitions)
        text = print_ast(document)
        return Operation(digest(text), name, text, document, node, location(node).rpartition(":")[0])

    def _needed(self, definition: OperationDefinitionNode | FragmentDefinitionNode) -> list[str]:
        """Names of the known fragments that a definition leads to, sorted so that the text does not depend on where in
        the operation they are spread."""
        needed: set[str] = set()
        names = spreads_of(definition)
        while names:
            name = names.pop()
            if name in self._fragments and name not in needed:
                needed.add(name)
                names += spreads_of(self._fragments[name])
        return sorted(needed)

    def _validate(self, definitions: tuple[Any, ...], *, unused: bool = False) -> None:
        document = DocumentNode(definitions=definitions)
        try:
            validate_document(self._schema, document, suggest=True)
        except DocumentRefused as error:
            self._refused([it for it in error.errors if not (unused and it.message.endswith("is never used."))], "")

    def _refused(self, errors: Iterable[GraphQLError], name: str) -> None:
        for error in errors:
            where = location(error.nodes[0]) if error.nodes else _position(error, name)
            self._problem(where, error.message)

    def _problem(self, where: str, reason: str) -> None:
        self._problems[f"{where}: {reason}"] = None


def digest(text: str) -> str:
    """SHA-256 of a document's text, in hexadecimal: its id."""
    return sha256(text.encode()).hexdigest()


def location(node: Node) -> str:
    """Where a node stands in its file, as `file:line:column`."""
    if node.loc is None:
        return "?:1:1"
    location = node.loc.source.get_location(node.loc.start)
    return f"{node.loc.source.name}:{location.line}:{location.column}"


def unplannable(operation: Operation, error: GraphQLError | BffError) -> str:
    """One line of a DocumentError for an operation that is valid and yet has no plan."""
    nodes = error.nodes if isinstance(error, GraphQLError) else None
    return f"{location(nodes[0] if nodes else operation.definition)}: {error}"


def name_of(definition: OperationDefinitionNode) -> str | None:
    """An operation's name, None for an anonymous one."""
    return definition.name.value if definition.name else None


def _position(error: GraphQLError, name: str) -> str:
    line, column = error.locations[0] if error.locations else (1, 1)
    return f"{name}:{line}:{column}"


def _names(definitions: Iterable[str | None]) -> str:
    return ", ".join(name or "an anonymous operation" for name in definitions)
