"""What is written down of every request that has ended: a line in the log, and the metrics."""

from __future__ import annotations

import time
from typing import Final

from starlette.types import Scope

from ekiben.gateway.access_log import AccessLog
from ekiben.gateway.call import Call
from ekiben.gateway.metrics import GatewayMetrics

# nginx's: the caller left before there was an answer.
CLIENT_CLOSED: Final = 499


class Accounting:
    """See the module; one for each event loop.

    Args:
        metrics: Counts every request.
    """

    def __init__(self, metrics: GatewayMetrics) -> None:
        self._metrics = metrics
        self._log = AccessLog()

    def write(self, scope: Scope, call: Call, route: str, status: int) -> None:
        """Tell of one request; `status` is HTTP's, also on a WebSocket."""
        duration_s = time.monotonic() - call.arrived
        model = str(call.notes.get("model", ""))
        self._metrics.requests.labels(route, model, str(status)).inc()
        self._metrics.duration.labels(route, model).observe(duration_s)
        self._log.write(scope, call, route, status, duration_s)
