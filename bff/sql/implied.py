"""Which policies hold already over a relationship, so that statements need not check them again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Mapper, RelationshipProperty

from ..entities.policy import Policies, Through
from .conjunctions import equated


def is_implied(policies: Policies, relationship: RelationshipProperty[Any], *, parent: type, target: type) -> bool:
    """Whether the rows that `relationship` leads to, from a row of `parent` that is visible, are visible too.

    So it is where the one policy is "when the other is", over the same columns: from a task to its comments, whose
    policy is `through("task")`, and from a comment to its task. On every other path they are checked.
    """
    above, below = policies.policy(parent), policies.policy(target)
    parents: Mapper[Any] = inspect(parent)
    if isinstance(above, Through) and not relationship.uselist:
        onward: RelationshipProperty[Any] = parents.relationships[above.relationship]
        if onward.key == relationship.key and onward.mapper.class_ is target and _leads_to_one(onward):
            return True
    if isinstance(below, Through):
        targets: Mapper[Any] = inspect(target)
        back: RelationshipProperty[Any] = targets.relationships[below.relationship]
        is_of_parent = parents.isa(back.mapper) and policies.policy(back.mapper.class_) == above
        return is_of_parent and _is_inverse(relationship, back)
    return False


def _leads_to_one(relationship: RelationshipProperty[Any]) -> bool:
    """Whether a to-one relationship can only lead to one row: by its primary key. Else a hidden one may come first."""
    pairs = relationship.local_remote_pairs or ()
    return (
        relationship.secondary is None
        and equated(relationship.primaryjoin) == {frozenset(pair) for pair in pairs}
        and {remote for _, remote in pairs} == set(relationship.mapper.primary_key)
    )


def _is_inverse(relationship: RelationshipProperty[Any], back: RelationshipProperty[Any]) -> bool:
    """Whether two relationships say of the same columns that they are equal, and nothing else: `back` leads to the parent.

    The sides count: within one table, a parent and a child may be equal in the same two columns.
    """
    pairs = {(local, remote) for local, remote in relationship.local_remote_pairs or ()}
    return (
        relationship.secondary is None
        and back.secondary is None
        and pairs == {(remote, local) for local, remote in back.local_remote_pairs or ()}
        and all(equated(each.primaryjoin) == {frozenset(pair) for pair in pairs} for each in (relationship, back))
    )
