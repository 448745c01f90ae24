"""`hf:` sources: the model hub's HTTP interface.

Plain HTTP instead of the hub's own library: its downloads cannot be bounded by a locked size while they run,
bring their own cache beside ours, and choose their transfer protocol themselves.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import httpx

from ekiben.errors import WeightsError
from ekiben.weights.source import Body, Interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK_BYTES: Final = 256 * 1024
_TIMEOUT: Final = httpx.Timeout(30.0, connect=15.0)
_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+)")


@dataclass(frozen=True)
class Hub:
    """The hub's address and the user's token.

    httpx takes the token off a request that a redirect sends to another host; the storage behind the hub
    never sees it.
    """

    endpoint: str
    token: str | None = field(default=None, repr=False)

    @property
    def host(self) -> str:
        """The address as messages show it: without a user and password in it."""
        return httpx.URL(self.endpoint).host

    def client(self) -> httpx.Client:
        """Open a connection pool."""
        return httpx.Client(timeout=_TIMEOUT, follow_redirects=True, max_redirects=5)

    def headers(self) -> dict[str, str]:
        """Say who asks, where the user gave a token."""
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    def address(self, *parts: str) -> str:
        """Join path segments under the endpoint, each quoted; '/' inside a file name stays."""
        return "/".join([self.endpoint.rstrip("/"), *(quote(part, safe="/") for part in parts)])

    def json(self, *parts: str, **parameters: str) -> dict[str, Any]:
        """Ask the hub's API one question.

        Raises:
            WeightsError: No such repository or revision, no permission, no network, or no JSON.
        """
        url = self.address(*parts)
        try:
            with self.client() as client:
                response = client.get(url, params=parameters, headers=self.headers())
            check(response, "/".join(parts))
            answer = response.json()
        except httpx.HTTPError as error:
            raise WeightsError(f"cannot reach {self.host}: {_story(error)}") from None
        except ValueError:
            raise WeightsError(f"{self.host} gave no JSON; is that a model hub?") from None
        if not isinstance(answer, dict):
            raise WeightsError(f"{self.host} gave no JSON object; is that a model hub?")
        return answer


@dataclass(frozen=True)
class HubFile:
    """One file of one revision of a repository."""

    hub: Hub
    repository: str
    revision: str
    file: str

    @contextmanager
    def open(self, offset: int, validator: str | None) -> Iterator[Body]:
        """Ask for the bytes from `offset` on, if the file is still the one `validator` names."""
        url = self.hub.address(self.repository, "resolve", self.revision, self.file)
        offset = offset if validator else 0
        # Compressed transfer would make byte positions meaningless.
        headers = {**self.hub.headers(), "accept-encoding": "identity"}
        if offset:
            headers |= {"range": f"bytes={offset}-", "if-range": str(validator)}
        try:
            with self.hub.client() as client, client.stream("GET", url, headers=headers) as response:
                if not (offset and response.status_code == 416):
                    check(response, f"{self.repository}@{self.revision[:8]}/{self.file}")
                    yield body_of(response)
                    return
        except httpx.HTTPError as error:
            raise Interrupted(f"{self.hub.host}: {_story(error)}") from None
        # 416: there is nothing behind what we have, yet it is not the whole file we want.
        with self.open(0, None) as body:
            yield body


def check(response: httpx.Response, what: str) -> None:
    """Turn a status into an error that says what to do.

    Raises:
        Interrupted: The hub is busy.
        WeightsError: Not found or not allowed.
    """
    status = response.status_code
    if status in (200, 206):
        return
    if status in (401, 403):
        raise WeightsError(
            f"{what}: the hub answers {status}; accept the model's licence on its page and set HF_TOKEN"
            " to a token that may read it"
        )
    if status == 404:
        raise WeightsError(f"{what}: the hub has no such file, repository or revision")
    if status in (408, 429) or status >= 500:
        raise Interrupted(f"{what}: the hub answers {status}")
    raise WeightsError(f"{what}: the hub answers {status}, which is not understood")


def body_of(response: httpx.Response) -> Body:
    """Read where the answer begins and how long the whole file is."""
    etag = response.headers.get("etag", "")
    # A weak ETag (W/…) does not promise equal bytes.
    strong = etag if etag.startswith('"') else None
    length = response.headers.get("content-length")
    offset, total = 0, int(length) if length and length.isdigit() else None
    if response.status_code == 206:
        found = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        if not found:
            raise WeightsError("the hub sent a part of the file without saying which")
        offset, total = int(found[1]), int(found[2])
    return Body(offset, response.iter_raw(_CHUNK_BYTES), total, strong)


def _story(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__
