"""`make bench-live`: what live pages cost and what they withstand, by real sockets on real servers.

    wire, patches, client     the protocol from a client's side, without sockets
    swarm                     many clients in a process of their own
    stage, proxy              nodes and their Redis
    writer, watch             who writes, and when it came into the stream
    verdict                   whether sequences of events are whole
    idle, fanout, nodes, memory, storm, faults
                              the scenarios: each is a function that gives its figures
    results, targets, report, plot
                              the figures, and how they are shown

Writes `loadtest/report/live.*`. In a short form the scenarios are tests (tests/loadtest/test_live.py).
"""
