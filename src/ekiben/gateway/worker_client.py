"""Calling one worker over the internal protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import orjson

from ekiben.errors import DeadlineExceeded, QueueFull, WorkerLost, from_payload
from ekiben.gateway.fullness import Fullness
from ekiben.gateway.road import Part, Road
from ekiben.inference import protocol
from ekiben.worker.listener import KEEP_ALIVE_S

# The worker keeps the deadline; the gateway gives up only when the worker itself has stopped answering.
_GRACE_S = 1.0
_CONNECT_TIMEOUT_S = 5.0
# Shorter than the worker's own, so that it never closes a connection just as a request is sent on it.
_KEEP_ALIVE_S = KEEP_ALIVE_S / 2


@dataclass(frozen=True, slots=True)
class Reply:
    """A worker's answer: the body as it came, and the headers that matter."""

    body: bytes
    headers: Mapping[str, str]

    @property
    def header_length(self) -> int | None:
        """Length of the JSON part when tensors follow it."""
        stated = self.headers.get(protocol.HEADER_LENGTH)
        return int(stated) if stated else None

    @property
    def stages(self) -> dict[str, float]:
        """Where the time went, in seconds."""
        found = {}
        for stage in self.headers.get(protocol.SERVER_TIMING, "").split(","):
            name, _, milliseconds = stage.strip().partition(";dur=")
            if milliseconds:
                found[name] = float(milliseconds) / 1_000
        return found


class WorkerClient:
    """A worker at a Unix socket or a URL.

    Attributes:
        number: Small and its own among the model's workers, for metrics' labels.
        outstanding: Requests it has not answered yet; the fleet picks the worker with the fewest.
        outstanding_items: What these requests hold.
        ready: Whether its last probe or request reached it, as the fleet notes.
        silent: Whether its last probe got no answer at all, as the fleet notes.
        late_since: When it began to be late for its probes after it had been ready, on the event loop's clock; as the
            fleet notes.
    """

    def __init__(
        self,
        model: str,
        address: Path | str,
        token: str | None = None,
        *,
        connect_timeout_s: float = _CONNECT_TIMEOUT_S,
        number: int = 0,
    ) -> None:
        self.model = model
        self.number = number
        self.address = address
        self.outstanding = 0
        self.outstanding_items = 0
        self.ready = self.silent = False
        self.late_since: float | None = None
        self._retired = False
        self._fullness = Fullness()
        local = isinstance(address, Path)
        self._base = "http://worker" if local else str(address).rstrip("/")
        # No limit of connections: admission is the gateway's, queueing the batcher's; a hidden third would only hide.
        connector: aiohttp.BaseConnector = (
            aiohttp.UnixConnector(str(address), limit=0, keepalive_timeout=_KEEP_ALIVE_S)
            if local
            else aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_S)
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers={"authorization": f"Bearer {token}"} if token and not local else None,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None, connect=connect_timeout_s),
        )

    @property
    def url(self) -> str:
        """Where it is, on another machine; empty for one beside this gateway."""
        return "" if isinstance(self.address, Path) else self.address

    def check_room(self, items: int) -> None:
        """Refuse so many items when the worker has just said that it would.

        Raises:
            QueueFull: As the worker said it.
        """
        self._fullness.check(self.outstanding_items, items)

    async def infer(self, body: bytes, headers: Mapping[str, str], time_left_s: float, items: int = 1) -> Reply:
        """Send one request of so many items; being cancelled closes the connection, which cancels it in the worker.

        Raises:
            QueueFull: The worker has no room, or had none for as much a moment ago.
            EkibenError: The worker's own error, code and all.
            WorkerLost: It died or cut the connection.
            DeadlineExceeded: It did not even say that it was late.
        """
        self._check_open()
        self.check_room(items)
        self.outstanding += 1
        self.outstanding_items += items
        try:
            async with asyncio.timeout(time_left_s + _GRACE_S):
                return await self._post("/infer", body, headers)
        except QueueFull as refusal:
            self._fullness.refused(self.outstanding_items - items, items, refusal)
            raise
        except aiohttp.ClientError as error:  # A connection that takes too long to make is one too.
            raise _lost() from error
        except TimeoutError:
            raise DeadlineExceeded("the worker did not answer before the deadline.") from None
        except OSError as error:
            raise _lost() from error
        finally:
            self.outstanding -= 1
            self.outstanding_items -= items
            if self._retired and not self.outstanding:
                await self.close()

    @asynccontextmanager
    async def generate(
        self, road: Road[Part], body: bytes, headers: Mapping[str, str], time_left_s: float, items: int = 1
    ) -> AsyncIterator[AsyncIterator[Part]]:
        """Send one request whose answer comes in parts; within the block they can be read as they are made.

        Leaving the block before the last part closes the connection, which stops the work.

        Raises:
            QueueFull: The worker has no room, or had none a moment ago.
            EkibenError: The worker's own error, code and all.
            WorkerLost: It died or cut the connection, here or while parts are read.
            DeadlineExceeded: It did not even say that it was late.
        """
        self._check_open()
        self.check_room(items)
        self.outstanding += 1
        self.outstanding_items += items
        try:
            async with asyncio.timeout(time_left_s + _GRACE_S):
                async with self._session.post(self._base + road.path, data=body, headers=headers) as response:
                    if response.status != 200:
                        raise _error(response, await response.read())
                    yield _parts(road, response)
        except QueueFull as refusal:
            self._fullness.refused(self.outstanding_items - items, items, refusal)
            raise
        except aiohttp.ClientError as error:
            raise _lost() from error
        except TimeoutError:
            raise DeadlineExceeded("the worker did not answer before the deadline.") from None
        except OSError as error:
            raise _lost() from error
        finally:
            self.outstanding -= 1
            self.outstanding_items -= items
            if self._retired and not self.outstanding:
                await self.close()

    def _check_open(self) -> None:
        """Refuse for a worker that was there when the request began, and is not any more.

        Raises:
            WorkerLost: It never had the request.
        """
        if self._retired:
            raise _lost() from ConnectionRefusedError("this worker is gone")

    async def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        async with self._session.post(self._base + path, data=body, headers=headers) as response:
            content = await response.read()
            if response.status != 200:
                raise _error(response, content)
            return Reply(content, response.headers)

    async def get(self, path: str, timeout_s: float = 1.0) -> bytes:
        """Fetch one of the worker's documents.

        Raises:
            WorkerLost: It does not answer, or not with success.
        """
        self._check_open()
        try:
            async with asyncio.timeout(timeout_s), self._session.get(self._base + path) as response:
                content = await response.read()
                if response.status == 200:
                    return content
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise WorkerLost(f"the worker does not answer {path}") from error
        raise WorkerLost(f"the worker answers {path} with {response.status}")

    async def command(self, path: str, timeout_s: float) -> None:
        """Have the worker do something to itself.

        Raises:
            EkibenError: The worker's own error, or that it does not answer.
        """
        self._check_open()
        try:
            async with asyncio.timeout(timeout_s):
                await self._post(path, b"", {})
        except TimeoutError:
            raise DeadlineExceeded(f"the worker has not done {path} after {timeout_s:g} s.") from None
        except (aiohttp.ClientError, OSError) as error:
            raise _lost() from error

    async def retire(self) -> None:
        """Close once the last request is answered: a worker that ends finishes what it has accepted."""
        self._retired = True
        if not self.outstanding:
            await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()


async def _parts(road: Road[Part], response: aiohttp.ClientResponse) -> AsyncIterator[Part]:
    """The parts of a body as they come; nothing is read ahead of whoever takes them.

    Raises:
        WorkerLost: The body broke off.
    """
    try:
        async for part in road.split(response.content.iter_any()):
            yield part
    except (aiohttp.ClientError, OSError) as error:
        raise _lost() from error


def _lost() -> WorkerLost:
    return WorkerLost("the worker was lost while it had the request; try again.", retry_after_s=1)


def _error(response: aiohttp.ClientResponse, content: bytes) -> Exception:
    try:
        payload = orjson.loads(content)
    except orjson.JSONDecodeError:
        payload = None
    wait_ms = response.headers.get("retry-after-ms")
    return from_payload(response.status, payload, retry_after_s=int(wait_ms) / 1_000 if wait_ms else None)
