"""The asynchronous client, on asyncio."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

import httpx

from ekiben.client import embeddings, failures, models, moderations, status, tensors
from ekiben.client.async_jobs import AsyncJobsResource
from ekiben.client.async_text import AsyncChatResource, AsyncCompletionsResource
from ekiben.client.base_client import BaseClient
from ekiben.client.call import Answer, Call, Send, T, Wait
from ekiben.client.flow import Outcome, attempts
from ekiben.client.image_resources import AsyncImagesResource
from ekiben.client.methods import Awaiting, awaiting
from ekiben.client.options import client_options
from ekiben.client.transport import answer_of, opened_of, request_arguments, streams

if TYPE_CHECKING:
    from ekiben.client.pace import Pace
    from ekiben.errors import EkibenError


class AsyncResource:
    """A group of methods of one client."""

    def __init__(self, client: Awaiting) -> None:
        self.carry_out = client.carry_out


class AsyncEmbeddingsResource(AsyncResource):
    """Texts to vectors."""

    create = awaiting(embeddings.create)


class AsyncModerationsResource(AsyncResource):
    """Whether content is harmful."""

    create = awaiting(moderations.create, in_thread=True)


class AsyncModelsResource(AsyncResource):
    """What is served."""

    list = awaiting(models.list_models)
    retrieve = awaiting(models.retrieve)


class AsyncClient(BaseClient):
    """Calls a server without blocking the event loop; belongs to the loop it is first used in.

    Cancelling a call closes its connection, which cancels the work on the server.

    Args:
        base_url: Where the server is; None: `EKIBEN_BASE_URL`, or http://127.0.0.1:3000.
        api_key: Key for servers that ask for one; None: `EKIBEN_API_KEY`.
        timeout: Seconds for a whole call, retries and waits included.
        max_retries: Further attempts after connection errors and 429, 502, 503 and 504.
        http_client: Used instead of an own one, and left open by `close`.
        pace: Clock, chance and sleep; for tests.

    Raises:
        ConfigurationError: An argument that no call could work with.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = 60.0,
        max_retries: int = 2,
        http_client: httpx.AsyncClient | None = None,
        pace: Pace | None = None,
    ) -> None:
        super().__init__(client_options(base_url, api_key, timeout, max_retries, pace), http_client is None)
        self._http = http_client if http_client is not None else httpx.AsyncClient()
        self.embeddings = AsyncEmbeddingsResource(self)
        self.images = AsyncImagesResource(self, self._options.pace)
        self.jobs = AsyncJobsResource(self, self._options.pace)
        self.models = AsyncModelsResource(self)
        self.moderations = AsyncModerationsResource(self)
        self.chat = AsyncChatResource(self, self._options.pace)
        self.completions = AsyncCompletionsResource(self, self._options.pace)

    infer = awaiting(tensors.infer)
    model_metadata = awaiting(tensors.model_metadata)
    model_statistics = awaiting(tensors.model_statistics)
    health = awaiting(status.health)
    ready = awaiting(status.ready)
    live = awaiting(status.live)
    metrics = awaiting(status.metrics)

    async def carry_out(self, call: Call[T], /) -> T:
        """Take the steps of a call until it has its result."""
        flow = attempts(call, self._options)
        outcome: Outcome = None
        while True:
            try:
                step = flow.send(outcome)
            except StopIteration as done:
                return done.value  # type: ignore[no-any-return]
            outcome = await self._take(step)

    async def _take(self, step: Send | Wait) -> Outcome:
        if isinstance(step, Send):
            return await self._exchange(step)
        await self._options.pace.sleep_async(step.seconds)
        return None

    async def _exchange(self, send: Send) -> Answer | EkibenError:
        deadline = self._options.pace.monotonic() + send.timeout_s
        try:
            async with asyncio.timeout(send.timeout_s):
                request = self._http.build_request(**request_arguments(send))
                response = await self._http.send(request, stream=send.stream, follow_redirects=False)
                if streams(response, send):
                    return opened_of(response, deadline, send)
                await response.aread()
        except TimeoutError:
            return failures.timed_out(send)
        except httpx.HTTPError as error:
            return failures.from_transport(error, send)
        return answer_of(response, response.content, send)

    async def close(self) -> None:
        """Close the connections."""
        if self._own_http:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
