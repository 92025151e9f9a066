"""The development runtime: embedded servers and the demo. Nothing in production imports it."""
