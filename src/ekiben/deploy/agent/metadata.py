"""The instance metadata service, version 2: documents of this instance for whoever holds a session token."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, Self
from urllib.parse import urlsplit

import httpx

from ekiben.errors import ConfigurationError

DEFAULT_ENDPOINT: Final = "http://169.254.169.254"
TOKEN_TTL_S: Final = 21_600
"""The longest that the service grants."""
_TTL_HEADER: Final = "X-aws-ec2-metadata-token-ttl-seconds"
_TOKEN_HEADER: Final = "X-aws-ec2-metadata-token"  # noqa: S105  # a header's name
_TIMEOUT_S: Final = 2.0
"""For the connection, and from one byte to the next."""
_WITHIN_S: Final = 4.0
"""For all of an answer."""
_MAX_BYTES: Final = 16_384


class MetadataError(Exception):
    """The service cannot be asked now."""


class Metadata:
    """Reads documents; within the block it holds its connections.

    Args:
        endpoint: Where the service is.
        ttl_s: Life of a token that is asked for; it is renewed after half of that.
        clock: Seconds.

    Raises:
        ConfigurationError: The endpoint is no http address.
    """

    def __init__(
        self,
        endpoint: str = DEFAULT_ENDPOINT,
        *,
        ttl_s: int = TOKEN_TTL_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        parts = urlsplit(endpoint)
        if parts.scheme != "http" or not parts.hostname:
            raise ConfigurationError(f"AWS_EC2_METADATA_SERVICE_ENDPOINT must be http://host[:port], not {endpoint!r}")
        self._ttl_s, self._clock = ttl_s, clock
        self._token, self._renew_at = "", 0.0
        self._renewing = asyncio.Lock()
        # Neither proxies nor redirects: the service is on this machine's own link.
        self._http = httpx.AsyncClient(base_url=endpoint, timeout=_TIMEOUT_S, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self._http.aclose()

    async def get(self, path: str) -> str | None:
        """A document; None where there is none (404).

        Raises:
            MetadataError: The service does not answer, refuses, or says too much.
        """
        status, content = await self._read(path)
        if status == HTTPStatus.UNAUTHORIZED:  # The token was lost, or ran out early.
            self._renew_at = 0.0
            status, content = await self._read(path)
        if status == HTTPStatus.NOT_FOUND:
            return None
        if status != HTTPStatus.OK:
            raise MetadataError(f"{path}: status {status}")
        return content

    async def _read(self, path: str) -> tuple[int, str]:
        async with self._renewing:
            if self._clock() >= self._renew_at:
                self._token = await self._new_token()
                self._renew_at = self._clock() + self._ttl_s / 2
        return await self._ask("GET", path, {_TOKEN_HEADER: self._token})

    async def _new_token(self) -> str:
        status, token = await self._ask("PUT", "/latest/api/token", {_TTL_HEADER: str(self._ttl_s)})
        if status != HTTPStatus.OK or not token.isascii() or not token.isprintable():
            raise MetadataError(f"no session token: status {status}")
        return token

    async def _ask(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        content = b""
        try:
            async with asyncio.timeout(_WITHIN_S), self._http.stream(method, path, headers=headers) as reply:
                async for piece in reply.aiter_bytes():
                    content += piece
                    if len(content) > _MAX_BYTES:
                        raise MetadataError(f"{path}: more than {_MAX_BYTES:,} bytes")
        except TimeoutError:
            raise MetadataError(f"{path}: no end within {_WITHIN_S:g} s") from None
        except httpx.HTTPError as error:
            raise MetadataError(f"{path}: {type(error).__name__}: {error}") from error
        return reply.status_code, content.decode("utf-8", "replace")
