from __future__ import annotations

from ekiben.deploy.policy import Cause, PoolHistory, PoolState, Reason, Rules
from ekiben.deploy.policy.placement import outlook
from ekiben.deploy.policy.reasons import explain
from tests.unit.deploy.policy.states import NOW_S, pool, state


def test_every_cause_has_its_part() -> None:
    seen = state((PoolState(pool(), ready=3, history=PoolHistory(refused_at_s=NOW_S)),), needed=4)
    views = [outlook(held, seen, Rules()) for held in seen.pools]
    assert explain(seen, views, (3,), missing=2, bridge=3) == (
        Reason(Cause.DEMAND, 3),
        Reason(Cause.FALLBACK, 1, "on-demand"),
        Reason(Cause.RESERVE, 1, "on-demand"),
        Reason(Cause.BRIDGE, 1, "on-demand"),
        Reason(Cause.REFUSED, 0, "zone-0/g5.xlarge"),
    )
