"""A model that a server elsewhere computes, such as vLLM or TensorRT-LLM on GPUs: requests are passed on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

import structlog

from ekiben.cards.card import Card, Upstream
from ekiben.errors import ConfigurationError
from ekiben.inference.generation import GenerationRequest, TextStream
from ekiben.runtimes.openai_payload import body_of, path_of
from ekiben.runtimes.openai_server import ModelServer, ServerStream

_log = structlog.get_logger("ekiben.runtimes")

_LOOK_EVERY_S: Final = 0.5
_LOOK_TIMEOUT_S: Final = 2.0


class OpenAIUpstream:
    """See `ekiben.inference.generation.Generator`. Ready while the server says that it is healthy.

    Args:
        card: With its `upstream` section.
        key: The server's key, where it asks for one.

    Raises:
        ConfigurationError: The card names no address.
    """

    def __init__(self, card: Card, key: str | None) -> None:
        upstream = card.upstream
        if upstream is None or upstream.url is None or card.generation is None:
            raise ConfigurationError(f"{card.name}: upstream.url is missing in its card.")
        self.device = upstream.url
        self._card, self._model, self._max_tokens = card.name, upstream.model, card.generation.max_tokens
        self._server = ModelServer(upstream.url, key=key)
        self._health_url = health_url(upstream)
        self._healthy = False
        self._watching: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether the server was healthy when last asked, half a second ago at most."""
        return self._healthy

    async def warm_up(self) -> None:
        """Look for the server once, and go on looking; one that is not there yet makes this worker wait, not fail."""
        await self._look()
        self._watching = asyncio.create_task(self._watch())

    async def prepare(self, request: GenerationRequest) -> GenerationRequest:
        """Bound the answer; the server counts tokens itself and refuses what does not fit."""
        return request if request.max_tokens else replace(request, max_tokens=self._max_tokens)

    async def open(self, request: GenerationRequest) -> TextStream:
        """Pass the request on; returns once the server has accepted it."""
        stream = ServerStream(
            self._server,
            path_of(request),
            body_of(request, self._model),
            top_logprobs=request.top_logprobs,
        )
        await stream.begin()
        return stream

    async def close(self) -> None:
        """Stop looking and close the connections."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._server.close()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            await self._look()

    async def _look(self) -> None:
        healthy = await self._server.is_healthy(self._health_url, _LOOK_TIMEOUT_S)
        if healthy != self._healthy:
            self._healthy = healthy
            _log.info("model server healthy" if healthy else "model server not healthy", model=self._card)


def health_url(upstream: Upstream) -> str:
    """The health path, from the server's root on: it lies beside the API and not below it."""
    parts = urlsplit(upstream.url or "")
    return f"{parts.scheme}://{parts.netloc}{upstream.health_path}"
