"""What a deployment costs: by instance type, in a month, for a thousand pictures. What is not known is not guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from ekiben.deploy.catalogue.advice import HOURS_PER_MONTH
from ekiben.deploy.catalogue.cost import usd_per_1000_images
from ekiben.deploy.spot.weights import units, weights

if TYPE_CHECKING:
    from ekiben.deploy.catalogue.instance import Catalogue
    from ekiben.deploy.spot.deployment import Deployment


class TypeCost(NamedTuple):
    """An instance type of a model.

    Args:
        model: The model.
        instance_type: The type.
        replicas: As how many replicas it counts.
        zones: Zones of the deployment that have it.
        images_per_s: Measured; None: not.
        on_demand: Dollars an hour; None: not in the catalogue.
        spot: The last day's mean in the cheapest zone, dollars an hour; None: EC2 has no price.
    """

    model: str
    instance_type: str
    replicas: float
    zones: tuple[str, ...]
    images_per_s: float | None
    on_demand: float | None
    spot: float | None

    def per_1000(self, usd_per_h: float | None) -> float | None:
        """Dollars for a thousand pictures, when it is busy all the time."""
        if usd_per_h is None or self.images_per_s is None:
            return None
        return usd_per_1000_images(usd_per_h, self.images_per_s)


class MonthCost(NamedTuple):
    """A model's instances for a month of 730 hours, in dollars.

    Args:
        model: The model.
        replicas: So many all the time.
        on_demand: All on demand, at the cheapest type's price.
        spot: All on spot, at the cheapest type's price now.
        mix: The on-demand base on demand and the others on spot.
    """

    model: str
    replicas: int
    on_demand: float | None
    spot: float | None
    mix: float | None


def type_costs(deployment: Deployment, catalogue: Catalogue, spot: Mapping[str, float]) -> tuple[TypeCost, ...]:
    """A line for every type of every model.

    Args:
        deployment: Which types, and how much each counts.
        catalogue: On-demand prices; of another region they are none.
        spot: Spot prices by type.
    """
    listed = catalogue.usd_per_h if catalogue.region == deployment.region else {}
    return tuple(
        TypeCost(
            workers.model,
            name,
            weight / units(workers, 1),
            deployment.hardware[name].zones,
            workers.types[name],
            listed.get(name),
            spot.get(name),
        )
        for workers in deployment.config.workers
        for name, weight in weights(workers).items()
    )


def month_costs(deployment: Deployment, costs: tuple[TypeCost, ...]) -> tuple[MonthCost, ...]:
    """For every model the month at its least and at its most."""
    found = []
    for workers in deployment.config.workers:
        own = [cost for cost in costs if cost.model == workers.model]
        on_demand = _cheapest([(cost.on_demand, cost.replicas) for cost in own])
        spot = _cheapest([(cost.spot, cost.replicas) for cost in own])
        for replicas in sorted({workers.least, workers.most}):
            base = min(workers.on_demand_base, replicas)
            mixed = None if on_demand is None or spot is None else base * on_demand + (replicas - base) * spot
            found.append(
                MonthCost(
                    workers.model, replicas, _month(on_demand, replicas), _month(spot, replicas), _month(mixed, 1)
                )
            )
    return tuple(found)


def _cheapest(prices: list[tuple[float | None, float]]) -> float | None:
    """Dollars an hour of a replica."""
    return min((price / replicas for price, replicas in prices if price is not None), default=None)


def _month(usd_per_h: float | None, times: int) -> float | None:
    return None if usd_per_h is None else usd_per_h * times * HOURS_PER_MONTH
