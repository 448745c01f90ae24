"""The words of the internal protocol between gateway and workers; both sides import them from here.

HTTP/1.1 over the worker's own Unix socket, or over a URL on another machine; there a shared secret goes with every
call as `Authorization: Bearer`. A caller that closes its connection cancels the request. Errors are `ekiben.errors`
payloads.

    GET  /ready      200 once warm and able, else 503
    GET  /metrics    Prometheus exposition of this process

    tensor models, in Open Inference bodies with binary tensors:
    POST /infer      one request
    GET  /model      name, signature, state
    GET  /statistics inference statistics

    models that write text, in JSON lines (`ekiben.inference.generation_lines`):
    POST /generate   one request; the head comes once it is being computed and after which nothing is refused, the
                     lines as they are written
"""

from __future__ import annotations

from typing import Final

REQUEST_ID: Final = "x-request-id"
# Milliseconds the caller still has: durations survive clocks that disagree, points in time do not.
TIMEOUT_MS: Final = "x-ekiben-timeout-ms"
PRIORITY: Final = "x-ekiben-priority"
CALLER: Final = "x-ekiben-caller"
HEADER_LENGTH: Final = "inference-header-content-length"
SERVER_TIMING: Final = "server-timing"
BATCH_ITEMS: Final = "x-ekiben-batch-items"
PRIORITIES: Final = range(-10, 11)
