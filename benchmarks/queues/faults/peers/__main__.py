"""`python -m benchmarks.queues.faults.peers <library> submit <count> | work`, against the server at QUEUE_URL.

Submitting prints the seconds that it took.
"""

from __future__ import annotations

import importlib
import os
import sys
import time

if __name__ == "__main__":
    library, verb, *rest = sys.argv[1:]
    peer = importlib.import_module(f"benchmarks.queues.faults.peers.{library}_peer")
    if verb == "submit":
        began = time.perf_counter()
        peer.submit(os.environ["QUEUE_URL"], int(rest[0]))
        print(time.perf_counter() - began)
    else:
        peer.work(os.environ["QUEUE_URL"])
