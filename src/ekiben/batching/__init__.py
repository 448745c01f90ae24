"""Batching for one device: who is let in, who runs together, who is told what.

The way of a request, a module for each line:

    batcher     submit: a request from an event loop
    admission     is there room, is there time?          → 413, 429
    urgency       when is it due?
    pending     queued by shape and length, and by urgency
    holding       should a free device wait for more?
    selection     which batch ends in time?              → 504
    forming         the window around the most urgent item
    device      the one thread, in turns between models (turns)
    lane        run the batch, split what fails (isolation)
    scheduler   book results, failures, memory (cap) and durations (latency, drain)
    delivery    back to the callers' event loops

`scheduler` and everything it uses is pure: no threads, no clock.
"""

from ekiben.batching.batcher import Batcher
from ekiben.batching.device import DeviceThread
from ekiben.batching.limits import BatchLimits, Price, padded_price
from ekiben.batching.metrics import BatchMetrics
from ekiben.batching.observer import Observer
from ekiben.batching.work import Timing, Work

__all__ = [
    "BatchLimits",
    "BatchMetrics",
    "Batcher",
    "DeviceThread",
    "Observer",
    "Price",
    "Timing",
    "Work",
    "padded_price",
]
