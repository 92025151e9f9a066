"""From a commit to every node: triggers, outbox, relay, stream, follower."""
