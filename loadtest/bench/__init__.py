"""`make bench`: how fast the Matter page is, against the limit of its database and against every other way to serve it.

One run on one machine: contenders take turns in rounds, medians are compared. Writes `loadtest/report/`.
"""
