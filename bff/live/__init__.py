"""Live operations: from a commit to every subscriber.

changes    what a commit changed, and which snapshots hold it
capture    triggers that write changes into the outbox
relay      from the outbox into the stream
stream     changes in order, with positions
follower   reads the stream for a node
past       what the stream still holds for who missed it
index      which live operations a change touches
sources    what a subscription's root field is
hub        runs what was touched, and tells the subscribers
protocol   the messages
presence   who is where
"""
