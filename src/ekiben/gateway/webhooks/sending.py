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
    """`status` of the answer, or why there is none; `is_timeout` where time was all that it took."""

    status: int | None = None
    error: str | None = None
    is_timeout: bool = False


class Sender:
    """Sends webhooks; opened and closed with the gateway.

    Args:
        networks: The operator's, whose addresses are allowed besides public ones.
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        self._networks = networks
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def send(self, url: str, body: bytes, headers: dict[str, str]) -> Outcome:
        """POST once; the answer's body is not read."""
        parts = urlsplit(url)
        is_plain, address = parts.scheme != "https", literal(parts.hostname or "")
        if address is not None and not is_allowed(address, self._networks, is_plain=is_plain):
            return Outcome(error=_REFUSED)
        if is_plain not in self._sessions:
            self._sessions[is_plain] = self._open(is_plain=is_plain)
        sent = {"content-type": "application/json", "user-agent": f"ekiben/{__version__}", **headers}
        try:
            async with self._sessions[is_plain].post(url, data=body, headers=sent, allow_redirects=False) as answer:
                return Outcome(status=answer.status)
        except TimeoutError:
            return Outcome(error=f"no answer within {_TIMEOUT_S:g} s", is_timeout=True)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Without the system's own words, which may tell of this network.
            return Outcome(error=_REFUSED if _REFUSED in str(error) else type(error).__name__)

    async def close(self) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            await session.close()

    def _open(self, *, is_plain: bool) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=_Checked(self._networks, is_plain=is_plain), use_dns_cache=False, force_close=True, limit=0
        )
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
        # Neither a proxy of the environment, which would look the name up again, nor cookies of other receivers.
        return aiohttp.ClientSession(
            connector=connector, timeout=timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
        )


class _Checked(AbstractResolver):
    """Gives the connection allowed addresses alone; one that is not, beside others, refuses all."""

    def __init__(self, networks: Sequence[Network], *, is_plain: bool) -> None:
        self._networks, self._is_plain, self._inner = networks, is_plain, aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        addresses = [ip_address(each["host"].partition("%")[0]) for each in found]
        if not all(is_allowed(address, self._networks, is_plain=self._is_plain) for address in addresses):
            raise OSError(_REFUSED)
        return found

    async def close(self) -> None:
        await self._inner.close()
