"""What a deployment has, what it costs, and what spot has saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from ekiben.deploy.catalogue.spot_prices import mean_prices, spot_prices
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
    on_demand = catalogue.usd_per_h
    spot = [each for each in there if each.market == "spot"]
    current = _means(world, spot, now - timedelta(seconds=1), now)
    return Status(now, tuple(_priced(world, each, on_demand, current, now) for each in there), troubles(world, now))


def _priced(
    world: World,
    member: Member,
    on_demand: Mapping[str, float],
    current: Mapping[tuple[str, str], float],
    now: datetime,
) -> Priced:
    full = on_demand.get(member.instance_type)
    if member.market != "spot":
        return Priced(member, full, full, 0.0)
    price = current.get((member.instance_type, member.zone))
    paid = _means(world, [member], member.launched_at, now).get((member.instance_type, member.zone))
    hours = (now - member.launched_at).total_seconds() / 3600
    saved = None if full is None or paid is None else max(0.0, (full - paid) * hours)
    return Priced(member, price, full, saved)


def _means(world: World, of: Iterable[Member], start: datetime, end: datetime) -> dict[tuple[str, str], float]:
    types = sorted({member.instance_type for member in of})
    if not types:
        return {}
    client: Any = world.clients.ec2  # its stubs know no plain keywords
    return mean_prices(spot_prices(client, types, start, end), start, end)
