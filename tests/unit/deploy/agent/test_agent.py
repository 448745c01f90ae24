"""From notices to one drain."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from ekiben.deploy.agent import agent as module
from ekiben.deploy.agent.agent import Agent
from ekiben.deploy.agent.drain import Outcome, Step, drain
from ekiben.deploy.agent.interruption import Interruption, Source
from ekiben.deploy.agent.metadata import Metadata
from ekiben.deploy.agent.metrics import AgentMetrics
from ekiben.deploy.agent.notices import LifecycleStates, RebalanceRecommendations, SpotNotices
from ekiben.deploy.agent.signals import Signals
from ekiben.testing.instance_metadata import InstanceMetadata


class Bench:
    """An agent whose drain is counted."""

    def __init__(self, sources: Sequence[Source], *, drains_at_risk: bool = False, group: str = "") -> None:
        self.drains = 0
        self.metrics = AgentMetrics(CollectorRegistry(), group)
        self.signals = Signals()
        self.agent = Agent(
            sources, self.signals, [Step("x", 1.0, self._drain)], self.metrics, None, None, drains_at_risk
        )

    async def _drain(self) -> None:
        self.drains += 1

    def noticed(self, kind: str) -> float:
        return self.metrics.registry.get_sample_value("ekiben_agent_notices_total", {"kind": kind}) or 0.0


@pytest.fixture
def sources(metadata: Metadata) -> Sequence[Source]:
    return SpotNotices(metadata), LifecycleStates(metadata), RebalanceRecommendations(metadata)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.02)


async def _looked(service: InstanceMetadata, times: int) -> None:
    """Wait until everything was looked at so often."""
    before = len(service.asked)
    async with asyncio.timeout(10):
        while len(service.asked) < before + 3 * (times + 1):  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.01)


async def test_a_recommendation_is_told_and_waits_for_a_notice(
    service: InstanceMetadata, sources: Sequence[Source]
) -> None:
    bench = Bench(sources)
    running = asyncio.create_task(bench.agent.run())
    service.recommend_rebalance()
    await _looked(service, 3)
    assert not running.done()
    at_risk = bench.metrics.registry.get_sample_value("ekiben_agent_at_risk")
    assert (bench.noticed("rebalance"), at_risk) == (1, 1)
    service.interrupt()
    outcome = await asyncio.wait_for(running, 5)
    assert (bench.drains, outcome.failed) == (1, ())
    assert (bench.noticed("rebalance"), bench.noticed("spot")) == (1, 1)


async def test_cloudwatch_is_told_of_a_groups_notices_and_drains(
    service: InstanceMetadata, sources: Sequence[Source]
) -> None:
    with capture_logs() as logs:
        service.interrupt()
        await asyncio.wait_for(Bench(sources, group="demo-workers-a").agent.run(), 5)
    notice, drained = [entry for entry in logs if entry["event"] == "metrics"]
    assert (notice["Notices"], notice["AutoScalingGroupName"]) == (1, "demo-workers-a")
    assert 0 <= drained["DrainTime"] < 5
    assert (drained["DrainStepsFailed"], drained["AutoScalingGroupName"]) == (0, "demo-workers-a")


async def test_without_a_group_nothing_is_for_cloudwatch(service: InstanceMetadata, sources: Sequence[Source]) -> None:
    with capture_logs() as logs:
        service.interrupt()
        await asyncio.wait_for(Bench(sources).agent.run(), 5)
    assert [entry["event"] for entry in logs if entry["event"] in ("metrics", "drained")] == ["drained"]


async def test_a_recommendation_is_enough_where_the_operator_says_so(
    service: InstanceMetadata, sources: Sequence[Source]
) -> None:
    bench = Bench(sources, drains_at_risk=True)
    service.recommend_rebalance()
    await asyncio.wait_for(bench.agent.run(), 5)
    assert bench.drains == 1


async def test_the_group_ends_the_instance(service: InstanceMetadata, sources: Sequence[Source]) -> None:
    bench = Bench(sources)
    service.aim_for("Terminated")
    await asyncio.wait_for(bench.agent.run(), 5)
    assert (bench.drains, bench.noticed("lifecycle")) == (1, 1)


async def test_of_what_is_announced_together_the_nearest_end_counts(
    service: InstanceMetadata, sources: Sequence[Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[float] = []

    async def noted(steps: Sequence[Step], limit_s: float) -> Outcome:
        limits.append(limit_s)
        return await drain(steps, limit_s)

    monkeypatch.setattr(module, "drain", noted)
    bench = Bench(sources)
    service.aim_for("Terminated")
    service.interrupt(in_s=60)
    await asyncio.wait_for(bench.agent.run(), 5)
    assert (bench.drains, bench.noticed("lifecycle"), bench.noticed("spot")) == (1, 1, 1)
    assert 45 < limits[0] <= 55


async def test_a_signal_needs_no_metadata_service(
    service: InstanceMetadata, sources: Sequence[Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY_S", 60.0)
    bench = Bench(sources)
    running = asyncio.create_task(bench.agent.run())
    await _looked(service, 0)
    await service.__aexit__()
    bench.signals.tell()
    await asyncio.wait_for(running, 5)
    assert (bench.drains, bench.noticed("stop")) == (1, 1)


async def test_a_signal_does_not_wait_for_a_service_that_hangs() -> None:
    asked, over = asyncio.Event(), asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        asked.set()
        await over.wait()
        writer.close()

    hanging = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = hanging.sockets[0].getsockname()[1]
    async with Metadata(f"http://127.0.0.1:{port}") as metadata:
        bench = Bench((SpotNotices(metadata), LifecycleStates(metadata), RebalanceRecommendations(metadata)))
        running = asyncio.create_task(bench.agent.run())
        await asyncio.wait_for(asked.wait(), 5)
        bench.signals.tell()
        await asyncio.wait_for(running, 1.5)  # Less than the service is waited for.
    over.set()
    hanging.close()
    await hanging.wait_closed()
    assert bench.drains == 1


async def test_a_service_that_is_away_for_a_while_is_asked_again(
    service: InstanceMetadata, sources: Sequence[Source]
) -> None:
    bench = Bench(sources)
    service.say("spot/instance-action", "nonsense")
    running = asyncio.create_task(bench.agent.run())
    await _looked(service, 2)
    assert bench.metrics.failed_looks.labels("SpotNotices")._value.get() >= 2
    service.interrupt()
    await asyncio.wait_for(running, 5)
    assert bench.drains == 1


async def test_a_source_that_breaks_keeps_no_other_from_being_heard(
    service: InstanceMetadata, sources: Sequence[Source]
) -> None:
    class Broken:
        async def look(self) -> Interruption | None:
            raise ValueError("nobody thought of it")

    bench = Bench((Broken(), *sources))
    service.interrupt()
    await asyncio.wait_for(bench.agent.run(), 5)
    assert bench.drains == 1
    assert bench.metrics.failed_looks.labels("Broken")._value.get() == 1


async def test_a_notice_that_leaves_no_time_is_obeyed_all_the_same(
    service: InstanceMetadata, sources: Sequence[Source]
) -> None:
    bench = Bench(sources)
    service.interrupt("hibernate", in_s=-3)
    outcome = await asyncio.wait_for(bench.agent.run(), 5)
    assert (bench.drains, outcome.failed) == (1, ())
