"""`python -m benchmarks.queues.faults.peers <library> submit <count> | work`, against the server at QUEUE_URL."""

from __future__ import annotations

import importlib
import os
import sys

if __name__ == "__main__":
    library, verb, *rest = sys.argv[1:]
    peer = importlib.import_module(f"benchmarks.queues.faults.peers.{library}_peer")
    if verb == "submit":
        peer.submit(os.environ["QUEUE_URL"], int(rest[0]))
    else:
        peer.work(os.environ["QUEUE_URL"])
