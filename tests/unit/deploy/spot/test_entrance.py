from __future__ import annotations

from ekiben.cli import supervisor
from ekiben.deploy.spot.resources import entrance


def test_the_gateway_keeps_connections_longer_than_the_load_balancer() -> None:
    """Else it closes one now and then that the balancer is sending on, which is a 502 for the caller."""
    idle_s = int(entrance._BALANCER["idle_timeout.timeout_seconds"])
    assert idle_s < supervisor._KEEP_ALIVE_S
