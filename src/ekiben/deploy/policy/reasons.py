"""The reason for each number of a plan, as data."""

from __future__ import annotations

from collections.abc import Sequence

from ekiben.deploy.policy.placement import Outlook
from ekiben.deploy.policy.plan import Cause, Reason
from ekiben.deploy.policy.state import Observed


def explain(
    observed: Observed, outlooks: Sequence[Outlook], spot: Sequence[int], missing: int, bridge: int
) -> tuple[Reason, ...]:
    """Divide the numbers by cause.

    Args:
        observed: What was decided about.
        outlooks: Of each pool.
        spot: Instances of each pool.
        missing: On-demand instances for what spot does not give.
        bridge: On-demand instances until spot ones serve.
    """
    needed, total = observed.needed, sum(spot)
    lacking = max(0, needed - total)
    on_demand = max(missing, bridge)
    parts = [
        Reason(Cause.DEMAND, min(needed, total)),
        Reason(Cause.RESERVE, max(0, total - needed)),
        Reason(Cause.FALLBACK, min(missing, lacking), ON_DEMAND),
        Reason(Cause.RESERVE, max(0, missing - lacking), ON_DEMAND),
        Reason(Cause.BRIDGE, max(0, bridge - missing), ON_DEMAND),
        Reason(Cause.SLACK, max(0, lacking - on_demand)),
    ]
    for state, view in zip(observed.pools, outlooks, strict=True):
        if not view.open:
            parts.append(Reason(Cause.REFUSED if view.refused else Cause.UNSTABLE, 0, state.pool.name))
    return tuple(part for part in parts if part.instances or part.pool not in ("", ON_DEMAND))


ON_DEMAND = "on-demand"
