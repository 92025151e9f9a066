"""Briefcase's GraphQL schema: types over the models, queries, search and mutations."""

from __future__ import annotations

import bff
from app.schema.mutations import Mutation
from app.schema.query import Query

schema = bff.Schema(query=Query, mutation=Mutation)
