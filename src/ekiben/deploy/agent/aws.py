"""What AWS is told of this instance. boto3's clients are passed in; each call blocks a thread, never the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import structlog

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

_log = structlog.get_logger("ekiben.agent")

HEARTBEAT_S: Final = 15.0
_AGAIN_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Targets:
    """Of load balancers that send to this instance; needs `elasticloadbalancing:DeregisterTargets`."""

    client: ElasticLoadBalancingv2Client
    groups: tuple[str, ...]
    instance: str

    async def deregister(self) -> int:
        """Have the balancers send nothing more; returns from how many target groups it was taken.

        Raises:
            Exception: boto3's, of the first that failed; the others have had their turn.
        """
        targets = [{"Id": self.instance}]
        calls = (_called(self.client.deregister_targets, TargetGroupArn=arn, Targets=targets) for arn in self.groups)
        for answer in await asyncio.gather(*calls, return_exceptions=True):
            if answer is not None:
                raise answer
        return len(self.groups)


@dataclass(frozen=True, slots=True)
class Group:
    """The Auto Scaling group that this instance is in.

    Needs `autoscaling:CompleteLifecycleAction`, `autoscaling:RecordLifecycleActionHeartbeat` and
    `autoscaling:SetInstanceHealth`.

    Attributes:
        hook: The lifecycle hook of its termination; empty: there is none.
    """

    client: AutoScalingClient
    name: str
    hook: str
    instance: str

    async def acknowledge(self) -> bool:
        """Tell the hook that the instance may go; returns whether it was waiting."""
        return await self._unless_over(self.client.complete_lifecycle_action, LifecycleActionResult="CONTINUE")

    async def acknowledge_later(self, within_s: float) -> bool:
        """Tell a hook that does not wait yet, as soon as it does; returns whether it did. Calls that fail are repeated.

        After a spot notice the group may begin to end the instance only when there is nothing left to drain.
        """
        try:
            async with asyncio.timeout(within_s):
                while not await _tried(self.acknowledge(), otherwise=False):  # noqa: ASYNC110  # nobody tells
                    await asyncio.sleep(_AGAIN_S)
        except TimeoutError:
            return False
        return True

    async def keep_waiting(self) -> None:
        """Tell the hook, until cancelled or it no longer waits, that the drain is under way; one failure is no end."""
        beat = self.client.record_lifecycle_action_heartbeat
        while await _tried(self._unless_over(beat), otherwise=True):  # noqa: ASYNC110  # no event
            await asyncio.sleep(HEARTBEAT_S)

    async def call_unhealthy(self) -> None:
        """Have the group replace this instance."""
        await _called(
            self.client.set_instance_health,
            InstanceId=self.instance,
            HealthStatus="Unhealthy",
            ShouldRespectGracePeriod=True,
        )

    async def _unless_over(self, call: Callable[..., Any], **arguments: str) -> bool:
        """Call; a hook that does not wait for this instance is no failure: EC2 may be ending it by itself."""
        from botocore.exceptions import ClientError  # boto3 is there only where AWS is told anything

        try:
            await _called(
                call,
                AutoScalingGroupName=self.name,
                LifecycleHookName=self.hook,
                InstanceId=self.instance,
                **arguments,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            _log.debug("no lifecycle action waits for this instance", reason=error.response["Error"]["Message"])
            return False
        return True


async def _tried(call: Awaitable[bool], *, otherwise: bool) -> bool:
    """What a call returns that will be made again."""
    try:
        return await call
    except Exception as error:  # noqa: BLE001  # whatever it was, the next may succeed
        _log.warning("the lifecycle hook cannot be told now", reason=str(error))
        return otherwise


async def _called(call: Callable[..., Any], **arguments: Any) -> None:
    await asyncio.to_thread(lambda: call(**arguments))
