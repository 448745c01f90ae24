from __future__ import annotations

from ekiben.deploy.control.memory import Memory
from ekiben.deploy.control.orders import Orders, orders
from ekiben.deploy.control.seen import Phase, Seen
from ekiben.deploy.control.situation import situation
from ekiben.deploy.policy import Plan
from tests.unit.deploy.control.situations import PRICES, ZONES, instance, seen

ALL = frozenset(ZONES)


def ordered(there: Seen, plan: Plan) -> Orders:
    return orders(plan, situation(there, Memory(0.0), PRICES, 4, 60.0), there)


def test_the_sum_is_desired_and_on_demand_its_base() -> None:
    assert ordered(seen(), Plan((2, 1, 1), 2)) == Orders(6, 2, ALL)


def test_one_with_a_notice_is_replaced_while_it_is_still_counted() -> None:
    there = seen(instance("a", phase=Phase.GOING), taken=("a",))
    assert ordered(there, Plan((1, 1, 1), 0)).desired == 4
    ended = seen(instance("a", phase=Phase.GOING)._replace(counted=False))
    assert ordered(ended, Plan((1, 1, 1), 0)).desired == 3


def test_zones_that_are_not_wanted_are_closed_unless_instances_run_there() -> None:
    assert ordered(seen(), Plan((4, 0, 0), 0)).zones == {"us-east-1a"}
    assert ordered(seen(instance("b", "us-east-1b")), Plan((4, 0, 0), 0)).zones == {"us-east-1a", "us-east-1b"}
    assert ordered(seen(), Plan((0, 0, 0), 4)).zones == ALL


def test_no_more_than_the_groups_most() -> None:
    assert ordered(seen(most=5), Plan((4, 2, 0), 2)) == Orders(5, 2, frozenset({"us-east-1a", "us-east-1b"}), short=3)
