"""Spot prices of the last day, by type in its cheapest zone of the deployment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy.catalogue.spot_prices import cheapest, mean_prices, spot_prices
from ekiben.deploy.spot.failures import told

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import World

_LAST: Final = timedelta(days=1)


def spot_prices_now(world: World, now: datetime) -> dict[str, float]:
    """Dollars an hour of each type of the workers; a type without a price is left out.

    Raises:
        OperatorError: AWS refuses.
    """
    types = sorted({name for workers in world.deployment.config.workers for name in workers.types})
    ec2: Any = world.clients.ec2
    with told():
        means = mean_prices(spot_prices(ec2, types, now - _LAST, now), now - _LAST, now)
    return cheapest(means, world.deployment.zones)
