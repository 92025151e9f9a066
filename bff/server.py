"""The parts, wired: schema, database, documents, gate. From a request's parameters to an execution's result.

Knows of no web framework: `bff.web` and `bff.sockets` call it with parameters and a viewer, the hub runs live operations by
it, and `Bff` hands on what code and tests call. What is wrong with schema or documents is raised when the server is made.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cachetools
from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema, assert_valid_schema, print_ast
from sqlalchemy import Engine, QueuePool
from sqlalchemy.orm import Session
from strawberry import Schema as StrawberrySchema

from .changes.change import Change, ChangeId
from .client_errors import format_error, format_result
from .database.admission import Gate
from .database.scope import PROCESS_SECRET, Deadline, Scope
from .database.session import Database
from .documents.registry import Documents, FreeText, Operation, digest, unplannable
from .engine.execution import run, run_to_encode
from .engine.extensions import Extensions
from .errors import (
    BadRequest,
    BadUserInput,
    BffError,
    DeclarationError,
    DocumentError,
    FreeTextRefused,
    OperationNotFound,
    PersistedQueryMismatch,
    PersistedQueryNotFound,
    ValidationFailed,
)
from .http.request import GraphQLRequest
from .json_text import is_text, plain
from .live.sources import EventSource, Route
from .plan.plan import Plan, compile_plan
from .readsets.readset import NOTHING, Invocation, LiveAnswer, LiveAnswers
from .readsets.run_many import run_many
from .schema.catalog import Catalog
from .schema.extensions import check_extensions
from .settings import Settings
from .telemetry import DOCUMENTS, Trace, log, watch

_NAME = re.compile(r"(sha256:)?[_0-9A-Za-z]+")

_DEFAULT_TICKETS = 10


class Server:
    """The layer without its mount. Made once a process; every method may be called from any thread or greenlet.

    `schema` is Strawberry's or graphql-core's, `engine` the database's (it is connected to at the first need), `documents`
    the folder of the host's operation documents, if it has one.
    """

    def __init__(
        self,
        *,
        schema: StrawberrySchema | GraphQLSchema,
        engine: Engine,
        documents: str | Path | None = None,
        settings: Settings | None = None,
    ) -> None:
        """Raises DeclarationError and DocumentError, naming all that is wrong."""
        self.settings = settings or Settings()
        self.schema = schema._schema if isinstance(schema, StrawberrySchema) else schema
        self.engine = engine
        assert_valid_schema(self.schema)
        self._extensions = Extensions.of(self.schema)
        if self._extensions is not None:
            check_extensions(self._extensions.schema)
        watch(engine)
        secret = self.settings.secret
        self.secret = secret.get_secret_value().encode() if secret else PROCESS_SECRET
        """Signs cursors and positions. The host may have one for all processes, where the settings have none."""
        self._database = Database(engine, Catalog.of(self.schema).policies, prepare=self.settings.database.prepare)
        self.gate = Gate(_tickets(engine, self.settings.database.tickets), self.settings.database)
        self.documents = Documents()
        self._plans: dict[str, Plan] = {}
        self._texts: cachetools.LRUCache[str, _PlannedText] = cachetools.LRUCache(
            self.settings.documents.text_cache, getsizeof=lambda planned: len(planned.text.text)
        )
        self._lock = threading.Lock()
        if documents is not None:
            self._load(Path(documents))

    def __repr__(self) -> str:
        return f"<Server {len(self.documents)} operations, {self.gate!r}>"

    # ---- finding an operation

    def find(self, request: GraphQLRequest) -> Operation:
        """The operation that a request asks for. Raises a RequestError of the kind that tells what to send instead."""
        if request.document_id is not None:
            if request.query is not None:
                raise BadRequest("send either query or documentId")
            return self._registered(request.document_id, request.operation_name)
        if request.hash is not None:
            return self._persisted(request.hash, request)
        if request.query is None:
            raise BadRequest("query or documentId is missing")
        return self._free_text(request.query).operation(request.operation_name)

    def _registered(self, document_id: str, operation_name: str | None) -> Operation:
        operation = self.documents.find(document_id)
        if operation is None:
            raise PersistedQueryNotFound
        if operation_name is not None and operation_name != operation.name:
            raise OperationNotFound(f"no operation {operation_name!r}; the document has {operation.name}")
        return operation

    def _persisted(self, sha256_hash: str, request: GraphQLRequest) -> Operation:
        """Apollo's automatic persisted queries; a text that comes with its hash stays known while the cache has room."""
        query = request.query
        if query is None:
            planned = None if self.settings.documents.trusted_only else self._known(sha256_hash)
            if planned is not None:
                return planned.text.operation(request.operation_name)
            return self._registered(f"sha256:{sha256_hash}", request.operation_name)
        if not is_text(query) or digest(query) != sha256_hash:
            raise PersistedQueryMismatch
        return self._free_text(query).operation(request.operation_name)

    def _free_text(self, query: str) -> FreeText:
        if self.settings.documents.trusted_only:
            raise FreeTextRefused("only registered documents are answered; send a documentId")
        planned = self._known(digest(query)) if is_text(query) else None
        if planned is None:
            settings = self.settings
            planned = _PlannedText(FreeText.read(query, self.schema, settings.limits, development=settings.development))
            with self._lock:
                if len(query) <= self._texts.maxsize:
                    self._texts[planned.text.id] = planned
        return planned.text

    def _known(self, text_id: str) -> _PlannedText | None:
        with self._lock:
            return self._texts.get(text_id)

    # ---- running one

    def plan_of(self, operation: Operation) -> Plan:
        """The operation's plan: made at boot for a registered one, at first use for a free text."""
        if operation.source is not None:
            return self._plans[operation.id]
        planned = self._known(operation.id)
        plan = planned.plans.get(operation.name) if planned is not None else None
        if plan is None:
            try:
                plan = self._compile(operation)
            except GraphQLError as error:
                raise ValidationFailed([error]) from None
            if planned is not None:
                planned.plans[operation.name] = plan
        return plan

    def _compile(self, operation: Operation) -> Plan:
        settings = self.settings
        return compile_plan(
            self.schema,
            operation.document,
            operation.name,
            strategy=settings.strategy,
            hide_suggestions=not settings.development,
        )

    def run(
        self,
        operation: Operation,
        *,
        variables: Mapping[str, Any] | None,
        viewer: object | None,
        deadline: Deadline,
        trace: Trace,
        root_value: Any = None,
    ) -> ExecutionResult:
        """Plan, wait for a ticket, execute. Raises Overloaded and DeadlineExceeded.

        Variables that cannot be are in the result, as everything is that graphql-core reports. Parts of its data may be
        `bff.json_text.Json`.
        """
        unstorable = _unstorable(variables)
        if unstorable is not None:
            return unstorable
        with trace.phase("plan"):
            plan = self.plan_of(operation)
        with ExitStack() as held:
            with trace.phase("wait"):
                held.enter_context(self.gate.ticket(deadline))
            scope = held.enter_context(self._open(viewer, deadline))
            with trace.phase("execute"), trace.counting():
                if self._extensions is None or not self._extensions.are_needed(plan):
                    return run_to_encode(plan, variables=variables, context=scope, root_value=root_value)
                return self._extensions.run(
                    plan,
                    text=operation.text,
                    variables=variables,
                    context_value=scope,
                    root_value=root_value,
                    execute=partial(run, plan, context=scope),
                )

    @contextmanager
    def _open(self, viewer: object | None, deadline: Deadline) -> Iterator[Scope]:
        """The scope of one operation, whose cursors are signed with the server's secret."""
        with self._database.open(viewer, deadline) as scope:
            yield replace(scope, secret=self.secret)

    # ---- live

    def execute_live(self, plan: Plan, asked: Sequence[Invocation], viewer: object | None) -> LiveAnswers:
        """Run a query's or subscription's plan for each of `asked`, and tell what each answer depends on.

        All run in one snapshot; where the schema has extensions, each in its own.
        Raises TryAgain when it cannot be done now; all else is in the answers.
        """
        deadline = Deadline.after(self.settings.deadline)
        unstorable = [_unstorable(each.variables) for each in asked]
        storable = [each for each, error in zip(asked, unstorable, strict=True) if error is None]
        with self.gate.ticket(deadline), self._open(viewer, deadline) as scope:
            executed = run_many(plan, storable, context=scope, extensions=self._extensions)
        answers = iter(executed.answers)
        return LiveAnswers(
            [
                next(answers) if error is None else LiveAnswer(format_result(error, plan.name), NOTHING)
                for error in unstorable
            ],
            executed.snapshot,
        )

    def audience_of(self, plan: Plan, viewer: object | None) -> Hashable:
        """Who has the same scope is shown the same by this operation.

        The values of the viewer's attributes that the policies read of all models it may show, and the keys of its lookups; the
        viewer itself where code of the host's may look at it: a resolver that takes `info`, a batch function without `reads`.
        """
        try:
            # Code of an extension's may look at the viewer, too.
            is_wrapped = self._extensions is not None and self._extensions.are_needed(plan)
            audience = None if is_wrapped else plan.live.audience
            scope: Hashable = viewer if audience is None else audience.of(viewer)
        except Exception:  # noqa: BLE001  (whatever a key function or planning raises, executions answer with it)
            scope = viewer
        try:
            hash(scope)
        except TypeError:
            return _Itself(viewer)
        return scope

    def locate(self, source: EventSource, changes: Sequence[Change]) -> Mapping[ChangeId, Mapping[Route, Change]]:
        """Where the rows of changes are and were, and what is told there, for whoever routes events. Raises TryAgain."""
        deadline = Deadline.after(self.settings.deadline)
        with self.gate.ticket(deadline), self._open(None, deadline) as scope:
            return source.locate(changes, scope)

    def errors_of(self, error: Exception) -> list[dict[str, Any]]:
        """What a client is told of an error; a defect is logged whole and masked."""
        return format_error(error, None)

    # ---- for code and tests

    def execute(
        self,
        document: str | DocumentNode,
        *,
        viewer: object | None = None,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        root_value: Any = None,
    ) -> ExecutionResult:
        """Execute a registered operation (by name or id), a text or a parsed document, as `viewer`.

        Neither the limits of free text nor `documents.trusted_only` apply to code. Raises what `run` raises, DocumentRefused and
        OperationNotFound.
        """
        text = print_ast(document) if isinstance(document, DocumentNode) else document
        if _NAME.fullmatch(text):
            operation = self._named(text)
        else:
            operation = FreeText.read(text, self.schema, development=True).operation(operation_name)
        deadline = Deadline.after(self.settings.deadline)
        result = self.run(
            operation, variables=variables, viewer=viewer, deadline=deadline, trace=Trace(), root_value=root_value
        )
        return ExecutionResult(plain(result.data), result.errors, result.extensions)

    def plan(self, name: str) -> Plan:
        """The plan of a registered operation; `explain` of it is the tree with its statements. Raises OperationNotFound."""
        return self._plans[self._named(name).id]

    def police(self, session: Session, viewer: object | None) -> Session:
        """Make every statement of an ORM session see only the rows that `viewer` may see; gives the session."""
        return self._database.police(session, viewer)

    def _named(self, name: str) -> Operation:
        operation = self.documents.find(name)
        if operation is None:
            raise OperationNotFound(f"no operation {name!r}; registered: {', '.join(self.documents.names) or 'none'}")
        return operation

    # ---- boot

    def _load(self, folder: Path) -> None:
        trace = Trace()
        self.documents = Documents.load(folder, self.schema)
        problems: list[str] = []
        for operation in self.documents:
            try:
                plan = self._compile(operation)
                plan.prepare()
            except (GraphQLError, BffError) as error:
                problems.append(unplannable(operation, error))
            else:
                self._plans[operation.id] = plan
        if problems:
            raise DocumentError("\n".join(problems))
        log.info(DOCUMENTS, operations=len(self.documents), ms=trace.total_ms)


class _PlannedText:
    """A free text and the plans of its operations, made as they are asked for."""

    def __init__(self, text: FreeText) -> None:
        self.text = text
        self.plans: dict[str | None, Plan] = {}


def _tickets(engine: Engine, wanted: int | None) -> int:
    """As many tickets as connections; more would only wait where no deadline is known."""
    pool = engine.pool
    if not isinstance(pool, QueuePool) or pool._max_overflow < 0:
        return wanted or _DEFAULT_TICKETS
    connections = pool.size() + pool._max_overflow
    if wanted is not None and wanted > connections:
        raise DeclarationError(f"{wanted} tickets for {connections} connections (pool size and overflow of the engine)")
    return wanted or connections


class _Itself:
    """A viewer that cannot be compared: equal to itself alone."""

    def __init__(self, viewer: object) -> None:
        self._viewer = viewer

    def __hash__(self) -> int:
        return id(self._viewer)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self._viewer is other._viewer


def _unstorable(variables: Mapping[str, Any] | None) -> ExecutionResult | None:
    """The answer to variables that hold what is no text."""
    name = _first_not_text(variables)
    if name is None:
        return None
    reason = f"variable '${name}' holds a NUL or half of a surrogate pair"
    return ExecutionResult(None, [GraphQLError(reason, original_error=BadUserInput(reason))])


def _first_not_text(variables: Mapping[str, Any] | None) -> str | None:
    """The name of the first variable that holds, anywhere inside, a string that is not text."""
    for name, value in (variables or {}).items():
        values = [name, value]
        while values:
            value = values.pop()
            if isinstance(value, str):
                if not is_text(value):
                    return name.encode("ascii", "backslashreplace").decode()
            elif isinstance(value, dict):
                values += value.keys()
                values += value.values()
            elif isinstance(value, list):
                values += value
    return None
