"""An operation, compiled: the tree of its fields, what is loaded for them, and what PostgreSQL writes itself."""
