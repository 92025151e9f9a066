"""Runs a plan: arguments in, loads in rounds, values completed, errors at their places."""
