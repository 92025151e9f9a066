"""What an answer depended on, as facts about rows that a change can be compared with."""
