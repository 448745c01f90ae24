"""What a deployment has, what it costs, and what spot has saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from ekiben.deploy.catalogue.spot_prices import SpotPrice, mean_prices, spot_prices
from ekiben.deploy.operating.members import Member, members
from ekiben.deploy.operating.troubles import troubles

if TYPE_CHECKING:
    from ekiben.deploy.catalogue.instance import Catalogue
    from ekiben.deploy.spot.world import World


class Priced(NamedTuple):
    """An instance and its cost.

    Args:
        member: Which one.
        usd_per_h: What an hour costs now; None: no price is known.
        on_demand_usd_per_h: What it would on demand; None: the catalogue does not have the type.
        saved_usd: What spot has saved since it was launched; None: no price is known.
    """

    member: Member
    usd_per_h: float | None
    on_demand_usd_per_h: float | None
    saved_usd: float | None


class Status(NamedTuple):
    """A deployment at one moment.

    Args:
        at: When.
        instances: All there are.
        troubles: Why others could not be launched.
    """

    at: datetime
    instances: tuple[Priced, ...]
    troubles: tuple[str, ...] = ()

    @property
    def usd_per_h(self) -> float:
        """Of all instances whose price is known."""
        return sum(each.usd_per_h or 0.0 for each in self.instances)

    @property
    def on_demand_usd_per_h(self) -> float:
        """The same if all were on demand."""
        return sum(each.on_demand_usd_per_h or each.usd_per_h or 0.0 for each in self.instances)

    @property
    def unpriced(self) -> int:
        """Instances whose price is not known."""
        return sum(each.usd_per_h is None for each in self.instances)

    @property
    def saved_usd(self) -> float:
        """What spot has saved on the instances that run."""
        return sum(each.saved_usd or 0.0 for each in self.instances)


def status(world: World, catalogue: Catalogue, now: datetime) -> Status:
    """Look at the deployment's instances; needs `ec2:DescribeSpotPriceHistory` besides.

    Args:
        world: Where.
        catalogue: On-demand prices.
        now: The moment.
    """
    there = members(world)
    history = _history(world, [each for each in there if each.market == "spot"], now)
    priced = tuple(_priced(each, catalogue.usd_per_h, history, now) for each in there)
    return Status(now, priced, troubles(world, now))


def _history(world: World, spot: Sequence[Member], now: datetime) -> tuple[SpotPrice, ...]:
    """Of all their types since the first was launched."""
    if not spot:
        return ()
    types = sorted({member.instance_type for member in spot})
    client: Any = world.clients.ec2  # its stubs know no plain keywords
    return spot_prices(client, types, min(member.launched_at for member in spot), now)


def _priced(member: Member, on_demand: Mapping[str, float], history: Sequence[SpotPrice], now: datetime) -> Priced:
    full = on_demand.get(member.instance_type)
    if member.market != "spot":
        return Priced(member, full, full, 0.0)
    own = [price for price in history if (price.instance_type, price.zone) == (member.instance_type, member.zone)]
    hours = (now - member.launched_at).total_seconds() / 3600
    paid = _mean(own, member.launched_at, now)
    saved = None if full is None or paid is None else max(0.0, (full - paid) * hours)
    return Priced(member, _mean(own, now, now), full, saved)


def _mean(own: Sequence[SpotPrice], start: datetime, end: datetime) -> float | None:
    """Of one pool's prices; between a moment and the same the one that holds then."""
    return next(iter(mean_prices(own, start, end).values()), None)
