"""One module for each library: how it is asked to do `count` jobs, and how a worker of it runs.

Each is set to be as careful as its documentation allows, with the time after which a worker counts as dead near
`RECOVERY_S` where there is such a setting.
"""

RECOVERY_S = 5
CONCURRENCY = 8
MAX_TRIES = 20
