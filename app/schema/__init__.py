"""Briefcase's GraphQL schema: types over the models, queries, search, mutations and subscriptions."""

from __future__ import annotations

import bff
from app.schema.mutations import Mutation
from app.schema.query import Query
from app.schema.subscription import Subscription

schema = bff.Schema(query=Query, mutation=Mutation, subscription=Subscription)
