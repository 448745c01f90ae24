"""How many replicas are asked for: raised by requests that wait and by durable jobs, on a clock of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from valkey import Valkey

from ekiben.errors import ConfigurationError
from ekiben.gateway import replicas
from ekiben.gateway.host import desired_replicas
from ekiben.gateway.shared_traffic import Share, SharedTraffic
from ekiben.gateway.state import GatewayState
from ekiben.jobs import Submission
from tests.unit.gateway.conftest import Gateway, StartGateway, until
from tests.unit.jobs.server import running_valkey


@pytest.fixture
async def start(start_gateway: StartGateway, valkey_url: str) -> AsyncIterator[StartGateway]:
    """As `start_gateway`, with an empty queue of jobs; a replica computes eight at once."""
    started: list[Gateway] = []

    async def begin(**changes: Any) -> Gateway:
        gateway = await start_gateway(**{"valkey_url": valkey_url, **changes})
        started.append(gateway)
        return gateway

    yield begin
    for gateway in started:
        assert gateway.state.jobs is not None
        await gateway.state.jobs.store.__aexit__()


async def shown(http: httpx.AsyncClient) -> int:
    """What the metric says."""
    families = text_string_to_metric_families((await http.get("/metrics")).text)
    (sample,) = next(family.samples for family in families if family.name == "ekiben_desired_replicas")
    assert sample.labels == {"model": "toy"}
    return int(sample.value)


async def submit(state: GatewayState, jobs: int) -> None:
    assert state.jobs is not None
    given = [Submission(model="toy", task="t", principal="p", inline=n) for n in range(jobs)]
    await state.jobs.queue.submit_all(given)


async def test_durable_jobs_that_wait_raise_it(start: StartGateway) -> None:
    gateway = await start()
    deciding = desired_replicas(gateway.state)
    await deciding.step()
    assert await shown(gateway.http) == 1
    # Nothing is known of the time for one: a second. 720 of them in 30 s with eight at once are three replicas' work.
    await submit(gateway.state, 720)
    await deciding.step()
    first = await shown(gateway.http)
    assert first >= 3
    needs = deciding.needs().models["toy"]
    assert (needs.replicas, needs.jobs_waiting, needs.jobs_running) == (first, 720, 0)
    assert needs.oldest_job_s > 0
    await submit(gateway.state, 2_000)
    await deciding.step()
    assert await shown(gateway.http) == 8


async def test_requests_raise_it_by_their_number_and_their_time(start: StartGateway) -> None:
    gateway = await start()
    deciding = desired_replicas(gateway.state)
    reply = await gateway.http.post("/v1/embeddings", json={"model": "toy", "input": ["a", "b"]})
    assert reply.status_code == 200
    rate, _ = gateway.state.fleet.traffic("toy").look()
    assert rate == 2 / 60
    busy_s, done = gateway.state.fleet.traffic("toy").held()
    assert done == 2
    assert 0 < busy_s < 2
    gateway.state.fleet.traffic("toy").computed(60, 60 * 10.0)  # Ten seconds for one, lately.
    gateway.state.fleet.traffic("toy").arrived(120)
    await deciding.step()
    assert await shown(gateway.http) >= 3


async def test_each_of_several_gateways_decides_by_the_requests_of_all(start: StartGateway) -> None:
    one, other = await start(), await start()
    deciding = [desired_replicas(gateway.state) for gateway in (one, other)]
    for gateway in (one, other):
        gateway.state.fleet.traffic("toy").computed(60, 60 * 10.0)  # Ten seconds for one.
        gateway.state.fleet.traffic("toy").arrived(60)  # One a second: ten slots busy, of eight a replica has.
    await deciding[0].step()
    alone = await shown(one.http)
    await deciding[1].step()
    await deciding[0].step()
    assert await shown(one.http) == await shown(other.http) > alone


async def test_jobs_are_not_counted_for_each_gateway(start: StartGateway) -> None:
    gateways = [await start(scaling="backlog-per-replica", scaling_most=100) for _ in range(2)]
    deciding = [desired_replicas(gateway.state) for gateway in gateways]
    await submit(gateways[0].state, 40)
    for each in (*deciding, *deciding):
        await each.step()
    assert [await shown(gateway.http) for gateway in gateways] == [20, 20]


async def test_what_others_tell_is_believed_in_bounds_and_forgotten_when_they_are_gone(
    start: StartGateway, valkey_url: str
) -> None:
    gateway = await start()
    assert gateway.state.jobs is not None
    store = gateway.state.jobs.store
    one, other = SharedTraffic(store, 30), SharedTraffic(store, 30)
    assert await one.exchange({"toy": Share(rate=2, in_flight=1)}) == {}
    assert await other.exchange({"toy": Share(rate=3)}) == {"toy": Share(rate=2, in_flight=1)}
    assert await one.exchange({"toy": Share(rate=2)}) == {"toy": Share(rate=3)}
    for nonsense in ('{"gateway": "x", "models": {"toy": {"rate": -1}}}', "[]", "no json"):
        await store.run("announce", "_gateways", nonsense, nonsense, 30_000, 10)
    assert await one.exchange({}) == {"toy": Share(rate=3)}
    with Valkey.from_url(valkey_url) as client:
        told = store.key("worker", "_gateways", one._gateway)
        assert 20_000 < client.pttl(told) <= 30_000
        client.pexpire(told, 0)
    assert await other.exchange({}) == {}


async def test_while_the_server_is_away_what_was_last_told_stands(start: StartGateway, tmp_path: Path) -> None:
    with running_valkey(tmp_path) as server:
        gateway = await start(valkey_url=server.url)
        assert gateway.state.jobs is not None
        one, other = (SharedTraffic(gateway.state.jobs.store, 30) for _ in range(2))
        await other.exchange({"toy": Share(rate=3)})
        assert await one.exchange({}) == {"toy": Share(rate=3)}
    assert await one.exchange({}) == {"toy": Share(rate=3)}


async def test_requests_that_wait_for_a_slot_raise_it(start: StartGateway) -> None:
    gateway = await start(scaling="backlog-per-replica", scaling_most=20)
    deciding = desired_replicas(gateway.state)
    asking = [
        asyncio.create_task(gateway.http.post("/v1/embeddings", json={"model": "toy", "input": ["wait"] * 5}))
        for _ in range(3)
    ]
    await until(lambda: gateway.state.fleet.in_flight("toy") == 15)
    await deciding.step()
    assert await shown(gateway.http) == 8
    refused = await gateway.http.post("/v1/embeddings", json={"model": "toy", "input": ["a"] * 8})
    assert refused.status_code in (200, 429)
    gateway.model.gate.set()
    assert {(await task).status_code for task in asking} == {200}


async def test_what_is_refused_is_traffic_all_the_same(start: StartGateway) -> None:
    gateway = await start()
    asking = [
        asyncio.create_task(gateway.http.post("/v1/embeddings", json={"model": "toy", "input": ["wait"] * 8}))
        for _ in range(5)
    ]
    done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
    assert {task.result().status_code for task in done} == {429}
    assert gateway.state.fleet.traffic("toy").look()[0] == 40 / 60
    gateway.model.gate.set()
    await asyncio.gather(*asking)


async def test_the_handbooks_rule_goes_by_one_at_each_step_and_not_at_each_scrape(
    start: StartGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replicas, "MINUTE_S", 0.0)
    gateway = await start(scaling="queue-thresholds", scaling_least=2, scaling_most=8)
    deciding = desired_replicas(gateway.state)
    await deciding.step()
    assert await shown(gateway.http) == 2
    await submit(gateway.state, 21)
    seen = []
    for _ in range(8):
        await deciding.step()
        seen += [await shown(gateway.http), await shown(gateway.http)]
    assert seen == [3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 8, 8, 8, 8]
    assert gateway.state.jobs is not None
    with Valkey.from_url(gateway.state.settings.valkey_url.get_secret_value()) as client:  # type: ignore[union-attr]
        client.flushall()
    for expected in (7, 6):
        await deciding.step()
        assert await shown(gateway.http) == expected


async def test_a_gateway_that_starts_again_sends_nobody_home_before_it_knows_the_traffic(start: StartGateway) -> None:
    gateway = await start(scaling_least=0)
    now = 0.0
    deciding = replicas.DesiredReplicas(
        gateway.state.cards,
        gateway.state.fleet,
        gateway.state.jobs,
        _Nobody(),
        gateway.state.metrics.desired,
        lambda: now,
    )
    await deciding.step()
    now = 59.0
    await deciding.step()
    assert await shown(gateway.http) == 1
    now = 61.0
    await deciding.step()
    assert await shown(gateway.http) == 0


class _Nobody:
    def desired(self, _: object) -> int:
        return 0


async def test_it_is_decided_again_and_again(start: StartGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicas, "STEP_S", 0.01)
    gateway = await start(scaling="queue-thresholds", scaling_least=2)
    deciding = desired_replicas(gateway.state)
    deciding.start()
    await submit(gateway.state, 21)
    metric = gateway.state.metrics.desired.labels("toy")
    await until(lambda: metric._value.get() == 8)
    await deciding.close()


async def test_bounds_that_exclude_each_other_stop_the_start(start: StartGateway) -> None:
    gateway = await start(scaling_least=9)
    with pytest.raises(
        ConfigurationError, match="EKIBEN_SCALING_LEAST is 9, more than EKIBEN_SCALING_MOST, which is 8"
    ):
        desired_replicas(gateway.state)
