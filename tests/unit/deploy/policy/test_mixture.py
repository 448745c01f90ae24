from __future__ import annotations

from ekiben.deploy.policy import Rules
from ekiben.deploy.policy.history import SHARES
from ekiben.deploy.policy.mixture import Market, Mixture, cheapest
from ekiben.deploy.policy.reserve import Bursts

RULES = Rules()


def market(*, share: float = 0.1, per_h: float = 1.0, gap_s: float = 0.0, bridged_s: float = 0.0) -> Market:
    taken = Bursts(tuple(per_h if bound < share else 0.0 for bound in SHARES))
    return Market(0.35, taken, gap_s, bridged_s, least_spot=0)


def test_spot_alone_without_a_gap() -> None:
    assert cheapest(10, 20, market(), RULES) == Mixture(10, 0)


def test_on_demand_for_what_spot_lacks() -> None:
    assert cheapest(10, 4, market(), RULES) == Mixture(4, 6)


def test_on_demand_where_bursts_take_nearly_all() -> None:
    assert cheapest(10, 20, market(share=0.9, per_h=5, gap_s=240), RULES) == Mixture(0, 10)


def test_scouts_are_held_at_any_price() -> None:
    rough = market(share=0.9, per_h=5, gap_s=240)._replace(least_spot=2)
    assert cheapest(10, 20, rough, RULES).spot == 2


def test_a_spare_spot_instance_where_bridging_costs_more() -> None:
    calm = cheapest(10, 20, market(share=0.2, per_h=0.5, bridged_s=300), RULES)
    rough = cheapest(10, 20, market(share=0.2, per_h=8, bridged_s=300), RULES)
    assert calm.spot == 10
    assert rough.spot > 10
