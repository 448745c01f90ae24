"""Every worker the gateway knows: found, probed, chosen, and missed when gone."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import structlog

from ekiben.cards.card import Card
from ekiben.errors import QueueFull, ShuttingDown, WorkerLost
from ekiben.gateway.addresses import Address, Addresses, Announced, is_changing
from ekiben.gateway.attempts import BESIDE, ELSEWHERE, Attempts, is_late, is_silent, refuses
from ekiben.gateway.generating import Generating
from ekiben.gateway.lateness import Lateness
from ekiben.gateway.road import Part, Road
from ekiben.gateway.traffic import Traffic
from ekiben.gateway.worker_client import Reply, WorkerClient
from ekiben.inference import protocol
from ekiben.jobs import Announcement

_log = structlog.get_logger("ekiben.gateway")

# A lost worker must show within two seconds: two probes, one of them timing out, fit.
PROBE_EVERY_S = 0.25
_PROBE_TIMEOUT_S = 1.0


class Fleet:
    """The workers of every served model.

    Local workers are found by their sockets in `run_dir`; workers elsewhere are named by URL or announce themselves. A
    model is ready when as many of its workers as its card asks for are; one of those that come and go is enough.

    Args:
        cards: The served models.
        run_dir: Folder of the workers' sockets.
        urls: Workers on other machines, by model; such a model has none here.
        token: The secret those workers ask for.
        announced: Workers on other machines that announce themselves; None: there are none.
    """

    def __init__(
        self,
        cards: Iterable[Card],
        run_dir: Path,
        urls: Mapping[str, Sequence[str]],
        token: str | None = None,
        announced: Announced | None = None,
    ) -> None:
        self._token, self._addresses = token, Addresses(run_dir, urls, announced)
        self._expected = {card.name: self._addresses.expected(card) for card in cards}
        self._workers: dict[str, dict[Address, WorkerClient]] = {name: {} for name in self._expected}
        self._traffic = {name: Traffic() for name in self._expected}
        self._watching: asyncio.Task[None] | None = None
        self._lateness = {name: Lateness() for name in self._expected}

    async def start(self) -> None:
        """Find workers and keep probing them."""
        await self._look()
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stop probing and close every connection."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        for worker in self.workers():
            await worker.close()

    def workers(self) -> list[WorkerClient]:
        """Every worker known now."""
        return [worker for group in self._workers.values() for worker in group.values()]

    def counts(self, model: str) -> tuple[int, int]:
        """How many workers of the model are ready, and how many there should be."""
        return sum(worker.ready for worker in self._workers[model].values()), self._expected[model]

    def announced(self, model: str) -> list[tuple[WorkerClient, Announcement]]:
        """The model's workers that announced themselves, and what they said."""
        told = self._addresses.announced(model)
        return [(worker, told[worker.url]) for worker in self._workers[model].values() if worker.url in told]

    def in_flight(self, model: str) -> int:
        """Items that workers of the model were sent by this gateway and have not answered yet."""
        return sum(worker.outstanding_items for worker in self._workers[model].values())

    def traffic(self, model: str) -> Traffic:
        """What the model has been asked lately."""
        return self._traffic[model]

    def missing(self) -> dict[str, int]:
        """Models with fewer ready workers than they should have, and how many are missing."""
        counts = {model: self.counts(model) for model in self._expected}
        return {model: expected - ready for model, (ready, expected) in counts.items() if ready < expected}

    def ready_workers(self, model: str) -> list[WorkerClient]:
        """The model's ready workers, the least busy first."""
        ready = [worker for worker in self._workers[model].values() if worker.ready]
        return sorted(ready, key=lambda worker: worker.outstanding)

    def check_room(self, model: str, items: int) -> None:
        """Refuse at once what every ready worker is known to have no room for.

        Raises:
            QueueFull: As the workers said it.
        """
        refusal: QueueFull | None = None
        for worker in self.ready_workers(model):
            try:
                worker.check_room(items)
            except QueueFull as error:
                refusal = error
            else:
                return
        if refusal is not None:
            self._traffic[model].arrived(items)  # Else `infer` and `generate` count it.
            raise refusal

    async def infer(
        self,
        model: str,
        body: bytes,
        headers: Mapping[str, str],
        time_left_s: float,
        items: int = 1,
        *,
        waits: bool = True,
    ) -> Reply:
        """Send a request to the least busy worker; when that is full, leaving or dies, to the next.

        Inference has no effect besides its answer, so that doing it again is safe.

        Args:
            model: Served name.
            body: As the worker's protocol has it.
            headers: As well.
            time_left_s: Until the deadline, in seconds.
            items: That it holds.
            waits: Whether to wait for a worker that is only slow to say that it is ready, if there is no other.

        Raises:
            DeadlineExceeded: It passed.
            Unavailable: The model has no ready worker.
            QueueFull: No worker has room.
            WorkerLost: Every worker tried was lost, or as many died with it as `Endurance` allows.
            EkibenError: As the worker says.
        """
        self._traffic[model].arrived(items)
        attempts = self._attempts(model, time_left_s, waits=waits)
        while (worker := await attempts.next()) is not None:
            left_s = attempts.left_s
            sent = {**headers, protocol.TIMEOUT_MS: str(int(left_s * 1_000))}
            try:
                reply = await worker.infer(body, sent, left_s, items)
            except (QueueFull, WorkerLost, ShuttingDown) as error:
                attempts.failed(worker, error)
            else:
                self._traffic[model].answered(items, reply.stages)
                return reply
        raise attempts.error

    @asynccontextmanager
    async def generate(
        self,
        road: Road[Part],
        model: str,
        body: bytes,
        headers: Mapping[str, str],
        time_left_s: float,
        items: int = 1,
    ) -> AsyncIterator[AsyncIterator[Part]]:
        """Send a request as `infer` does whose answer comes in parts; within the block they are read as they are made.

        The block begins when a worker has accepted. One that dies before a part that is kept is followed by the next;
        one that dies later ends the answer. Leaving the block stops the work. Who reads the end of an answer tells
        `traffic` what it took.

        Raises:
            EkibenError: As `infer`; what happens under way is raised by the parts.
        """

        def ask(worker: WorkerClient, left_s: float) -> AbstractAsyncContextManager[AsyncIterator[Part]]:
            return worker.generate(
                road, body, {**headers, protocol.TIMEOUT_MS: str(int(left_s * 1_000))}, left_s, items
            )

        self._traffic[model].arrived(items)
        attempts = self._attempts(model, time_left_s)
        async with AsyncExitStack() as stack:
            yield await Generating(attempts, ask, road.is_kept, stack).parts()

    def _attempts(self, model: str, time_left_s: float, *, waits: bool = True) -> Attempts:
        deadline = asyncio.get_running_loop().time() + time_left_s
        group, lateness = self._workers[model], self._lateness[model]
        return Attempts(
            model,
            ready=lambda: self.ready_workers(model),
            lost=lambda worker: self._note(worker, ready=False),
            late=lambda tried: lateness.wait(
                lambda: [worker for worker in group.values() if worker not in tried], deadline if waits else 0.0
            ),
            deadline=deadline,
            endurance=ELSEWHERE if self._addresses.come_and_go(model) else BESIDE,
        )

    async def command(self, model: str, path: str, timeout_s: float) -> int:
        """Have every worker of the model do something to itself; returns how many did.

        Raises:
            EkibenError: One of them could not.
        """
        workers = list(self._workers[model].values())
        await asyncio.gather(*(worker.command(path, timeout_s) for worker in workers))
        return len(workers)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(PROBE_EVERY_S)
            try:
                await self._look()
            except Exception:  # noqa: BLE001 - whatever it is: without this loop readiness would never change again
                _log.exception("cannot look for workers")

    async def _look(self) -> None:
        for model, group in self._workers.items():
            addresses = self._addresses.of(model)
            if self._addresses.come_and_go(model):
                await self._part(model, set(group) - set(addresses))
            for address in addresses:
                if address not in group:
                    taken = {worker.number for worker in group.values()}
                    number = next(number for number in itertools.count() if number not in taken)
                    group[address] = WorkerClient(model, address, self._token, number=number)
        known = [(model, worker) for model, group in self._workers.items() for worker in group.values()]
        await asyncio.gather(*(self._probe(model, worker) for model, worker in known))
        for lateness in self._lateness.values():
            lateness.wake()

    async def _part(self, model: str, gone: set[Address]) -> None:
        """Send no more to workers that are announced no more; those that answer finish what they have."""
        for address in gone:
            worker = self._workers[model][address]
            self._note(worker, ready=False)
            await self._forget(model, worker)
            if worker.silent:
                # A machine that was taken away closes no connections: only so do its requests get to the next worker.
                await worker.close()

    async def _probe(self, model: str, worker: WorkerClient) -> None:
        try:
            await worker.get("/ready", _PROBE_TIMEOUT_S)
        except WorkerLost as error:
            worker.silent = is_silent(error)
            if not is_late(error):
                worker.late_since = None
            elif worker.ready:
                worker.late_since = asyncio.get_running_loop().time()
            if isinstance(worker.address, Path) and refuses(error):
                self._note(worker, ready=False)
                await self._forget(model, worker)
            elif not is_changing(worker.address):
                self._note(worker, ready=False)
        else:
            worker.silent, worker.late_since = False, None
            self._note(worker, ready=True)

    def _note(self, worker: WorkerClient, *, ready: bool) -> None:
        if worker.ready != ready:
            worker.ready = ready
            self._lateness[worker.model].wake()
            _log.info("worker ready" if ready else "worker gone", model=worker.model, address=str(worker.address))

    async def _forget(self, model: str, worker: WorkerClient) -> None:
        """Remove a socket that nobody listens on: its process is gone and its name never comes back."""
        address = worker.address
        del self._workers[model][address]
        if isinstance(address, Path):
            with contextlib.suppress(OSError):
                address.unlink()
        await worker.retire()
