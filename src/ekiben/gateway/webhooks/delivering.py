"""The loop that sends webhooks: any number of gateways may run it, one sends each."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

import structlog

from ekiben.errors import EkibenError, Gone, JobNotFound
from ekiben.gateway.webhooks.backoff import again_in_s
from ekiben.gateway.webhooks.payload import message_id, payload_of
from ekiben.gateway.webhooks.sending import Outcome, Sender
from ekiben.gateway.webhooks.signing import secret_of, signed_headers
from ekiben.gateway.webhooks.silence import Silence
from ekiben.jobs import Attempt, Deliveries, Delivery, Job, JobQueue

_log = structlog.get_logger("ekiben.webhooks")

_AT_ONCE: Final = 32
_LOOK_EVERY_S: Final = 0.5
_PAUSE_S: Final = 5.0
_SILENT: Final = "not sent: the receiver has just left others without an answer"


class Deliverer:
    """See the module.

    Args:
        queue: Knows the jobs.
        deliveries: What is due.
        secrets: Secrets by key.
        sender: Makes the connections.
        chance: Jitter, in [0, 1).
    """

    def __init__(
        self,
        queue: JobQueue,
        deliveries: Deliveries,
        secrets: Mapping[str, bytes],
        sender: Sender,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._queue, self._deliveries, self._secrets = queue, deliveries, secrets
        self._sender, self._chance = sender, chance
        self._silence = Silence()
        self._sending: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, in the running event loop."""
        self._loop = asyncio.create_task(self._run(), name="webhooks")

    async def close(self) -> None:
        """Stop; what is being sent is sent again by another, under the same id."""
        tasks = [*self._sending, *([self._loop] if self._loop else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._sender.close()

    async def _run(self) -> None:
        while True:
            try:
                for delivery in await self._deliveries.lease(_AT_ONCE - len(self._sending)):
                    task = asyncio.create_task(self._deliver(delivery))
                    self._sending.add(task)
                    task.add_done_callback(self._sending.discard)
                await asyncio.sleep(_LOOK_EVERY_S)
            except EkibenError as error:
                _log.warning("webhooks cannot be looked for", reason=error.message)
                await asyncio.sleep(_PAUSE_S)
            except Exception:  # noqa: BLE001 - whatever it is: without this loop nobody would be told
                _log.exception("webhooks cannot be looked for")
                await asyncio.sleep(_PAUSE_S)

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            await self._attempt(delivery, await self._queue.get(delivery.job_id))
        except (Gone, JobNotFound):
            return  # Erased meanwhile, and its webhook with it.
        except EkibenError as error:
            _log.warning("a webhook comes back later", job=delivery.job_id, reason=error.message)

    async def _attempt(self, delivery: Delivery, job: Job) -> None:
        began, url = time.monotonic(), job.specification.webhook or ""
        silent_s = self._silence.left_s(url)
        outcome = Outcome(error=_SILENT) if silent_s else await self._send(job, url)
        if not silent_s:
            self._silence.heard(url, is_silent=outcome.is_timeout)
        error = outcome.error or _fault(outcome.status)
        attempt = Attempt(
            attempt=delivery.attempt,
            at_ms=round(time.time() * 1_000),
            duration_ms=round((time.monotonic() - began) * 1_000),
            status=outcome.status,
            error=error,
        )
        is_final = error is None or outcome.status == HTTPStatus.GONE
        wait_s = None if is_final else again_in_s(delivery, self._chance())
        if wait_s is not None:
            wait_s = max(wait_s, silent_s)
        _log.info("webhook", job=job.id, attempt=delivery.attempt, error=error, again_in_s=wait_s)
        await self._deliveries.done(delivery, attempt, wait_s)

    async def _send(self, job: Job, url: str) -> Outcome:
        secret = secret_of(self._secrets, job.principal)
        if secret is None:
            return Outcome(error="the key has no webhook secret any more")
        body = payload_of(job)
        headers = signed_headers(secret, message_id(job), int(time.time()), body)
        return await self._sender.send(url, body, headers)


def _fault(status: int | None) -> str | None:
    """Why an answer counts as none; None: it was taken."""
    if status is not None and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    if status is not None and status < HTTPStatus.BAD_REQUEST:
        return "redirects are not followed"
    return f"status {status}"
