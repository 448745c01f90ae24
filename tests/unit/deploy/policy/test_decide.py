from __future__ import annotations

import pytest
from hypothesis import given

from ekiben.deploy.policy import (
    BurstHistory,
    Cause,
    Observed,
    OnDemandState,
    PoolHistory,
    PoolState,
    Rules,
    decide,
)
from tests.unit.deploy.policy.states import NOW_S, observed, pool, state

RULES = Rules()


@given(observed())
def test_the_same_state_gives_the_same_plan(seen: Observed) -> None:
    assert decide(seen, RULES) == decide(seen._replace(), RULES)


@given(observed())
def test_never_less_than_needed_is_planned_when_somebody_waits(seen: Observed) -> None:
    plan = decide(seen, RULES)
    assert sum(plan.spot) + plan.on_demand >= seen.needed


@given(observed())
def test_on_demand_instances_stay_until_as_many_spot_instances_serve(seen: Observed) -> None:
    running = seen.on_demand.ready + seen.on_demand.starting
    ready = sum(held.ready for held in seen.pools)
    assert decide(seen, RULES).on_demand >= min(running, seen.needed - ready)


@given(observed())
def test_more_need_never_means_fewer_instances(seen: Observed) -> None:
    fewer, more = decide(seen, RULES), decide(seen._replace(needed=seen.needed + 1), RULES)
    assert sum(more.spot) + more.on_demand >= min(sum(fewer.spot) + fewer.on_demand, seen.needed + 1)


@given(observed())
def test_a_pool_that_just_refused_is_not_asked(seen: Observed) -> None:
    plan = decide(seen, RULES)
    for wanted, held in zip(plan.spot, seen.pools, strict=True):
        if NOW_S - held.history.refused_at_s < RULES.retry_s:
            assert wanted <= held.kept


@given(observed())
def test_every_number_has_its_reasons(seen: Observed) -> None:
    plan = decide(seen, RULES)
    by = {
        pool: sum(r.instances for r in plan.reasons if r.pool == pool and r.cause is not Cause.SLACK)
        for pool in ("", "on-demand")
    }
    assert by == {"": sum(plan.spot), "on-demand": plan.on_demand}


def test_spot_alone_where_it_starts_within_its_notice() -> None:
    plan = decide(state((PoolState(pool()),)), RULES)
    assert plan.spot == (4,)
    assert plan.on_demand == 0


def test_on_demand_for_what_spot_refuses_and_none_once_spot_serves() -> None:
    refused = PoolHistory(refused_at_s=NOW_S)
    plan = decide(state((PoolState(pool(), ready=1, history=refused),)), RULES)
    assert (plan.spot, plan.on_demand) == ((1,), 3)
    back = decide(state((PoolState(pool(), ready=4),), on_demand=OnDemandState(1.0, 60.0, ready=3)), RULES)
    assert (back.spot, back.on_demand) == ((4,), 0)


def test_on_demand_instances_stay_while_spot_instances_start() -> None:
    seen = state((PoolState(pool(), ready=1, starting=3),), on_demand=OnDemandState(1.0, 60.0, ready=3))
    plan = decide(seen, RULES)
    assert plan.on_demand == 3
    assert [reason.cause for reason in plan.reasons if reason.pool == "on-demand"] == [Cause.BRIDGE]


def test_standby_instances_bridge_a_long_cold_start() -> None:
    standby = OnDemandState(1.0, 60.0)
    seen = state((PoolState(pool(), ready=3, going=1),), cold_start_s=300.0, on_demand=standby)
    plan = decide(seen, RULES)
    assert sum(plan.spot) >= 4
    assert plan.on_demand == 1


@pytest.mark.parametrize(("slack_s", "on_demand"), [(3600.0, 0), (60.0, 4)])
def test_work_that_can_wait_waits_for_spot_until_it_cannot(slack_s: float, on_demand: int) -> None:
    refused = PoolHistory(refused_at_s=NOW_S)
    plan = decide(state((PoolState(pool(), history=refused),), slack_s=slack_s), RULES)
    assert plan.on_demand == on_demand
    assert (Cause.SLACK in {reason.cause for reason in plan.reasons}) == (on_demand == 0)


def test_more_in_reserve_where_bursts_were_seen() -> None:
    pools = (PoolState(pool(0), ready=20), PoolState(pool(4), ready=20))
    calm = BurstHistory(held_s=400 * 3600.0, beyond=(20.0, 0, 0, 0, 0, 0, 0, 0))
    rough = BurstHistory(held_s=400 * 3600.0, beyond=(400.0, 400.0, 0, 0, 0, 0, 0, 0))
    quiet, stormy = (
        decide(state(pools, needed=40, cold_start_s=180.0, losses=losses), RULES) for losses in (calm, rough)
    )
    assert sum(quiet.spot) + quiet.on_demand < sum(stormy.spot) + stormy.on_demand


def test_instances_go_where_they_last() -> None:
    bad = PoolHistory(held_s=10 * 3600.0, share=8.0)
    good = PoolHistory(held_s=10 * 3600.0, share=1.0)
    plan = decide(state((PoolState(pool(0), history=bad), PoolState(pool(1), history=good)), needed=8), RULES)
    assert plan.spot[1] > plan.spot[0]
