"""From a change to every subscriber: which operations it touches, when they run, and who is sent what."""
