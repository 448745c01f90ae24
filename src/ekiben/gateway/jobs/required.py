"""Where there may be no jobs: the one sentence that says so."""

from __future__ import annotations

from ekiben.errors import QueueNotDurable
from ekiben.gateway.jobs.desk import JobDesk
from ekiben.gateway.state import GatewayState


def required_desk(gateway: GatewayState) -> JobDesk:
    """The gateway's desk.

    Raises:
        QueueNotDurable: This server keeps no jobs.
    """
    if gateway.jobs is None:
        raise QueueNotDurable(
            "this server keeps no jobs: start it with `ekiben serve`, or set EKIBEN_VALKEY_URL to a Valkey server."
        )
    return gateway.jobs
