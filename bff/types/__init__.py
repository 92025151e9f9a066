"""Entity types: GraphQL types declared over SQLAlchemy models, in Strawberry's own manner.

Low to high: `specs` (what a field is), `values` (between requests and columns), `policy`, `entity` (one model read),
`connection`, `cursors`, `filters`, `arguments`, `checks` (what is declared wrongly), `catalog` (all entities of a
schema), `oracle` (plain resolvers), `fields` and `declare` (the vocabulary), `schema`.
"""
