"""Folders of operations, over a schema of users."""

from __future__ import annotations

from pathlib import Path

from graphql import build_schema

from bff.documents.registry import Documents

SCHEMA = build_schema("""
    type Query { viewer: User, users(first: Int): [User!]! }
    type Mutation { rename(name: String!): User }
    type User { id: ID!, name: String!, boss: User }
""")

USER_CARD = "fragment UserCard on User { id name ...Boss }\n"

BOSS = "fragment Boss on User { boss { name } }\n"


def folder(tmp_path: Path, **files: str) -> Path:
    """A folder `graphql` of documents: `pages__team="..."` is pages/team.graphql."""
    root = tmp_path / "graphql"
    root.mkdir()
    for name, text in files.items():
        path = root / (name.replace("__", "/") + ".graphql")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return root


def load(tmp_path: Path, **files: str) -> Documents:
    return Documents.load(folder(tmp_path, **files), SCHEMA)
