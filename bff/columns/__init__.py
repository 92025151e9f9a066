"""One value in its four spellings: GraphQL's, Python's, PostgreSQL's text, and JSON."""
