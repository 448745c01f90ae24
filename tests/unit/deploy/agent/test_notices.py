"""What EC2 and Auto Scaling announce, as interruptions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ekiben.deploy.agent.interruption import Kind
from ekiben.deploy.agent.metadata import Metadata, MetadataError
from ekiben.deploy.agent.notices import LifecycleStates, RebalanceRecommendations, SpotNotices
from ekiben.testing.instance_metadata import InstanceMetadata


async def test_a_calm_instance(metadata: Metadata) -> None:
    for source in (SpotNotices(metadata), RebalanceRecommendations(metadata), LifecycleStates(metadata)):
        assert await source.look() is None


@pytest.mark.parametrize("action", ["terminate", "stop", "hibernate"])
async def test_a_spot_notice_names_its_deadline(service: InstanceMetadata, metadata: Metadata, action: str) -> None:
    at = service.interrupt(action)  # type: ignore[arg-type]  # one of the three
    found = await SpotNotices(metadata).look()
    assert found is not None
    assert (found.kind, found.deadline) == (Kind.SPOT, at)
    assert abs(found.at - datetime.now(UTC)) < timedelta(seconds=5)
    again = await SpotNotices(metadata).look()
    assert again is not None
    assert again.id == found.id
    assert found.kind.is_final


async def test_a_recommendation_is_not_final(service: InstanceMetadata, metadata: Metadata) -> None:
    service.recommend_rebalance()
    found = await RebalanceRecommendations(metadata).look()
    assert found is not None
    assert (found.kind, found.deadline, found.kind.is_final) == (Kind.REBALANCE, None, False)


@pytest.mark.parametrize(
    ("state", "is_ending"),
    [("InService", False), ("Standby", False), ("Detached", False), ("Terminated", True), ("Warmed:Stopped", True)],
)
async def test_the_groups_intention(
    service: InstanceMetadata, metadata: Metadata, state: str, *, is_ending: bool
) -> None:
    service.aim_for(state)
    found = await LifecycleStates(metadata).look()
    assert (found is not None) is is_ending


@pytest.mark.parametrize("document", ["", "{}", "<html>", '{"action": "explode", "time": "2026-01-01T00:00:00Z"}'])
async def test_what_is_not_as_documented_is_no_notice(
    service: InstanceMetadata, metadata: Metadata, document: str
) -> None:
    service.say("spot/instance-action", document)
    with pytest.raises(MetadataError, match="not as documented"):
        await SpotNotices(metadata).look()
