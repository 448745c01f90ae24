"""The words of the internal protocol between gateway and workers; both sides import them from here.

HTTP/1.1 over the worker's own Unix socket, or over a URL on another machine; there a shared secret goes with every
call as `Authorization: Bearer`. A caller that closes its connection cancels the request. Errors are `ekiben.errors`
payloads.

    GET  /ready      200 once warm and able, else 503; to other machines 503 after a hand-back, too
    GET  /metrics    Prometheus exposition of this process
    POST /load       bring the model into memory
    POST /unload     finish what was accepted, then give its memory back
    POST /hand-back  take no more durable jobs, and hand back those that are here, with their checkpoints; take nothing
                     more from other machines, and finish what they sent: the answer comes when both are done
    GET  /state      loaded, idle or unloaded; device; memory of the process

    tensor models, in Open Inference bodies with binary tensors:
    POST /infer      one request
    GET  /model      name, signature, state
    GET  /statistics inference statistics

    models that write text, in JSON lines (`ekiben.inference.generation_lines`):
    POST /generate   one request; the head comes once it is being computed and after which nothing is refused, the
                     lines as they are written

    models that draw, in frames (`ekiben.inference.image_frames`):
    POST /images     one request for one or more pictures; the head as above, the frames as steps are done
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
# On public responses alone: what the moderation policy notes of the request or the answer.
MODERATION: Final = "x-ekiben-moderation"
PRIORITIES: Final = range(-10, 11)
# Within a worker, on the request's scope: `time.monotonic()` when it came, so that waiting for a model to load counts.
ARRIVED: Final = "ekiben.arrived"
