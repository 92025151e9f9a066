"""How many page loads Briefcase bears: the Matter page in one query, and over REST as a browser would load it."""
