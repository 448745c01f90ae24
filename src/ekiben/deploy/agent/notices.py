"""What the metadata service announces, as EC2 and Auto Scaling document it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal

from pydantic import AwareDatetime, BaseModel, ValidationError

from ekiben.deploy.agent.interruption import Interruption, Kind
from ekiben.deploy.agent.metadata import Metadata, MetadataError

REBALANCE_PATH: Final = "/latest/meta-data/events/recommendations/rebalance"
SPOT_PATH: Final = "/latest/meta-data/spot/instance-action"
LIFECYCLE_PATH: Final = "/latest/meta-data/autoscaling/target-lifecycle-state"
_ENDING: Final = frozenset({"Terminated", "Warmed:Stopped", "Warmed:Hibernated", "Warmed:Terminated"})


class _Recommendation(BaseModel):
    noticeTime: AwareDatetime  # noqa: N815  # AWS's name


class _Action(BaseModel):
    action: Literal["terminate", "stop", "hibernate"]
    time: AwareDatetime


class RebalanceRecommendations:
    """EC2 thinks that the instance is at an elevated risk."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata

    async def look(self) -> Interruption | None:
        """See `Source`."""
        text = await self._metadata.get(REBALANCE_PATH)
        if text is None:
            return None
        try:
            at = _Recommendation.model_validate_json(text).noticeTime
        except ValidationError as error:
            raise _unreadable(REBALANCE_PATH, error) from error
        return Interruption(f"rebalance {at.isoformat()}", Kind.REBALANCE, at)


class SpotNotices:
    """EC2 takes the instance back at a stated time, usually in two minutes."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata

    async def look(self) -> Interruption | None:
        """See `Source`."""
        text = await self._metadata.get(SPOT_PATH)
        if text is None:
            return None
        try:
            found = _Action.model_validate_json(text)
        except ValidationError as error:
            raise _unreadable(SPOT_PATH, error) from error
        return Interruption(f"spot {found.action} {found.time.isoformat()}", Kind.SPOT, datetime.now(UTC), found.time)


class LifecycleStates:
    """The state to which the Auto Scaling group is bringing the instance."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata

    async def look(self) -> Interruption | None:
        """See `Source`."""
        state = ((await self._metadata.get(LIFECYCLE_PATH)) or "").strip()
        if state not in _ENDING:
            return None
        return Interruption(f"lifecycle {state}", Kind.LIFECYCLE, datetime.now(UTC))


def _unreadable(path: str, error: ValidationError) -> MetadataError:
    """Without the document itself, which is not ours to log."""
    return MetadataError(f"{path}: not as documented ({error.error_count()} faults)")
