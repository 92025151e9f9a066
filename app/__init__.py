"""Briefcase, the reference host: a workspace in which firms run matters for their clients."""
