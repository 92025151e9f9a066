"""SQL statements as values: what they select, how rows hang on their parents, and which tables they reference."""
