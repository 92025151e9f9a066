"""Operation documents: the host's registered ones, and free text within limits."""
