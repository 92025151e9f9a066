"""Entity types: GraphQL types declared over SQLAlchemy models, in Strawberry's own manner.

Low to high: `specs` (what a field is) and `policy`, `entity` (one model read), `connection`, `cursors`, `arguments`,
`catalog` (all entities of a schema, checked), `oracle` (plain resolvers), `fields` and `declare` (the vocabulary),
`schema`.
"""
