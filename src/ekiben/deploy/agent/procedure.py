"""Which steps a drain has."""

from __future__ import annotations

from functools import partial
from typing import Final

from ekiben.deploy.agent.aws import Group, Targets
from ekiben.deploy.agent.drain import Step
from ekiben.worker.platform_here import PlatformHere

ACKNOWLEDGE: Final = "acknowledge"
# Together less than `LIMIT_S`.
_HAND_BACK_S: Final = 35.0
_TARGETS_S: Final = 8.0
_REQUESTS_S: Final = 20.0
_END_S: Final = 30.0
_ACKNOWLEDGE_S: Final = 10.0


def steps(platform: PlatformHere, targets: Targets | None, group: Group | None) -> list[Step]:
    """In order: first what costs work when time runs out, last the acknowledgement, as the instance then goes.

    Handing back, workers withdraw from gateways elsewhere and finish what those have sent, and stop leasing and hand
    their jobs back with checkpoints.
    """
    found = [Step("hand back", _HAND_BACK_S, partial(_hand_back, platform))]
    if targets is not None:
        found.append(Step("deregister targets", _TARGETS_S, targets.deregister))
    found += [
        Step("finish requests", _REQUESTS_S, partial(_finish_requests, platform)),
        Step("end the platform", _END_S, platform.end),
    ]
    if group is not None and group.hook:
        found.append(Step(ACKNOWLEDGE, _ACKNOWLEDGE_S, group.acknowledge))
    return found


async def _hand_back(platform: PlatformHere) -> None:
    if not await platform.hand_back(_HAND_BACK_S):
        raise TimeoutError("a worker did not hand back; its jobs go to others when their leases run out")


async def _finish_requests(platform: PlatformHere) -> None:
    if not await platform.drain(_REQUESTS_S):
        raise TimeoutError("a gateway did not finish its requests")
