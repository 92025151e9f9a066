"""The demo, and what its pages cost. Nothing in production imports it."""
