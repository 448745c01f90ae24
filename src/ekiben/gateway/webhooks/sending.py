"""One attempt: a POST on a connection of its own, to an address that was checked after its name was looked up."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from ekiben.gateway.webhooks.address import Network, is_allowed, literal
from ekiben.version import __version__

_TIMEOUT_S: Final = 15.0
_REFUSED: Final = "the address is not public"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status` of the answer, or why there is none."""

    status: int | None = None
    error: str | None = None


class Sender:
    """Sends webhooks; opened and closed with the gateway.

    Args:
        networks: The operator's, whose addresses are allowed besides public ones.
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = networks
        self._session: aiohttp.ClientSession | None = None

    async def send(self, url: str, body: bytes, headers: dict[str, str]) -> Outcome:
        """POST once; the answer's body is not read."""
        self._session = self._session or self._open()
        address = literal(urlsplit(url).hostname or "")
        if address is not None and not is_allowed(address, self._networks):
            return Outcome(error=_REFUSED)
        sent = {"content-type": "application/json", "user-agent": f"ekiben/{__version__}", **headers}
        try:
            async with self._session.post(url, data=body, headers=sent, allow_redirects=False) as answer:
                return Outcome(status=answer.status)
        except TimeoutError:
            return Outcome(error=f"no answer within {_TIMEOUT_S:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Without the system's own words, which may tell of this network.
            return Outcome(error=_REFUSED if _REFUSED in str(error) else type(error).__name__)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=_Checked(self._networks), use_dns_cache=False, force_close=True, limit=0
        )
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
        # Neither a proxy of the environment, which would look the name up again, nor cookies of other receivers.
        return aiohttp.ClientSession(
            connector=connector, timeout=timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
        )


class _Checked(AbstractResolver):
    """Gives the connection allowed addresses alone; one that is not, beside others, refuses all."""

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks, self._inner = networks, aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if not all(is_allowed(ip_address(each["host"].partition("%")[0]), self._networks) for each in found):
            raise OSError(_REFUSED)
        return found

    async def close(self) -> None:
        await self._inner.close()
