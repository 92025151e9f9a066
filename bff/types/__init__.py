"""Entity types: GraphQL types declared over SQLAlchemy models, in Strawberry's own manner.

Low to high: `specs` (what a field is), `values` (between requests and columns), `texts` (values that PostgreSQL's text of
them stands for), `policy`, `entity` (one model read), `connection`, `events`, `paths` (from a row to a column), `cursors`,
`filters`, `arguments`, `checks` (what is declared wrongly), `catalog` (all entities of a schema), `oracle` (plain
resolvers), `fields` and `declare` (the vocabulary), `schema`.
"""
