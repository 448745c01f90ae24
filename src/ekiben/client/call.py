"""The vocabulary between what a method means and how it travels."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypedDict, TypeVar

from ekiben.client.errors import UnexpectedResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from ekiben.errors import EkibenError

T = TypeVar("T")
OK = frozenset({200})


class CallOptions(TypedDict, total=False):
    """What every call can be told.

    timeout: Seconds for the whole call, instead of the client's.
    priority: -10 (can wait) to 10 (urgent); 0 is usual.
    request_id: Instead of one made for the caller; it stands in the server's log.
    """

    timeout: float | None
    priority: int | None
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP response; `body` is decompressed."""

    status: int
    headers: httpx.Headers
    body: bytes
    request_id: str

    def json(self) -> Any:
        """Parse the body.

        Raises:
            UnexpectedResponse: It is not JSON.
        """
        try:
            return json.loads(self.body)
        except ValueError:
            raise UnexpectedResponse(
                f"the answer (HTTP status {self.status}) is not JSON", request_id=self.request_id
            ) from None


@dataclass(frozen=True, slots=True)
class Opened(Answer):
    """A response whose body is still to come, from a connection of its own.

    Attributes:
        response: httpx's, blocking or asynchronous as the client is.
        deadline: Of the whole call, on the clock of the client's `Pace`.
        send: What it answers, for errors.
    """

    response: httpx.Response
    deadline: float
    send: Send


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One call of the API, before it travels.

    Attributes:
        path: From the base URL on, quoted.
        parse: Makes the result of an answer with one of the statuses in `accept`.
        body: What httpx makes the request's body of: `json`, `content` or `data` and `files`. Never a stream,
            since a retry sends it again.
        retry: Whether to try again; every call is safe to repeat, but a probe wants the first answer.
        recover: Makes the result of the last error, where failing is an answer too.
        stream: Whether `parse` is given an `Opened` answer, as soon as its head is there.
    """

    method: str
    path: str
    parse: Callable[[Answer], T]
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    accept: frozenset[int] = OK
    retry: bool = True
    recover: Callable[[EkibenError], T] | None = None
    options: CallOptions = field(default_factory=CallOptions)
    stream: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    """A step: carry out one request within `timeout_s` seconds."""

    method: str
    url: str
    headers: httpx.Headers
    body: Mapping[str, Any]
    timeout_s: float
    request_id: str
    stream: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """A step: let `seconds` pass."""

    seconds: float
