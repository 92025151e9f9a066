"""One leased connection per operation: who gets one and when, what it sees, and until when."""
