"""`search`: where a text occurs among what the viewer sees, over all types of object at once.

An ordinary resolver. It finds out which rows match, and how well, and returns them with nothing but their keys
loaded; the layer reads of each what the operation asks for.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import strawberry
from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, load_only

import bff
from app import models
from app.schema.types import Client, Document, Matter, Task, User

SHORTEST_QUERY = 2
LONGEST_QUERY = 200
MOST_RESULTS = 100
DEFAULT_RESULTS = 20

SearchResult: TypeAlias = Annotated[
    Matter | Client | Document | User | Task,
    strawberry.union("SearchResult", description="Whatever a search can find."),
]

# In the order in which equally good matches are listed, each type's then by its first text.
_SEARCHED: tuple[tuple[Any, tuple[InstrumentedAttribute[str], ...]], ...] = (
    (models.Matter, (models.Matter.title, models.Matter.reference)),
    (models.Client, (models.Client.name,)),
    (models.User, (models.User.name, models.User.email)),
    (models.Document, (models.Document.title,)),
    (models.Task, (models.Task.title,)),
)


def search(info: strawberry.Info[bff.Scope, None], query: str, first: int = DEFAULT_RESULTS) -> list[SearchResult]:
    """The best matches: who is called so comes first, then who begins so, then who has a word that begins so.

    Raises BadUserInput when the text is too short to mean anything, too long or no text, and for a `first` out of range.
    """
    text = query.strip()
    if not SHORTEST_QUERY <= len(text) <= LONGEST_QUERY:
        raise bff.BadUserInput(f"search(query:) takes {SHORTEST_QUERY} to {LONGEST_QUERY} characters, not {len(text)}")
    if not text.isprintable():
        # Among others NUL and halves of surrogate pairs, which cannot be sent to PostgreSQL.
        raise bff.BadUserInput("search(query:) takes printable characters only")
    if not 0 <= first <= MOST_RESULTS:
        raise bff.BadUserInput(f"search(first:) takes 0 to {MOST_RESULTS}, not {first}")
    session = info.context.session
    found = [match for model, texts in _SEARCHED for match in _matches(session, model, texts, text, first)]
    # The sort is stable: of equally good matches those of one type stay together, in the order of the database.
    return [row for _, row in sorted(found, key=lambda match: match[0])[:first]]


def _matches(
    session: Session, model: Any, texts: tuple[InstrumentedAttribute[str], ...], text: str, first: int
) -> list[tuple[int, Any]]:
    """The best `first` rows of one model with their ranks; the row has only its key loaded."""
    rank = func.least(*(_rank(each, text) for each in texts))
    statement = (
        select(rank, model)
        .options(load_only(model.id))
        .where(or_(*(each.icontains(text, autoescape=True) for each in texts)))
        .order_by(rank, func.lower(texts[0]), model.id)
        .limit(first)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def _rank(column: InstrumentedAttribute[str], text: str) -> ColumnElement[int]:
    """How well a column matches, ignoring case: 0 is the text, 1 begins with it, 2 has a word that does, else 3."""
    return case(
        (func.lower(column) == func.lower(text), 0),
        (column.istartswith(text, autoescape=True), 1),
        (column.icontains(f" {text}", autoescape=True), 2),
        else_=3,
    )
