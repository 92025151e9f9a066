"""The vocabulary with which a host declares its types, fields and schema, checked when the schema is built."""
