"""Whether the server is there and how it is: probes want the first answer, so none of them is retried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from ekiben.client.call import Answer, Call, CallOptions
from ekiben.client.errors import ConnectionFailed, RequestTimedOut
from ekiben.client.reading import schema

if TYPE_CHECKING:
    from ekiben.errors import EkibenError
    from ekiben.schemas.health import HealthReport

_OK_OR_UNAVAILABLE = frozenset({200, 503})


def health(**options: Unpack[CallOptions]) -> Call[HealthReport]:
    """Report on every component; an unhealthy server's report is returned, not raised."""
    parse = schema("health:HealthReport")
    return Call("GET", "/health", parse, accept=_OK_OR_UNAVAILABLE, retry=False, options=options)


def ready(**options: Unpack[CallOptions]) -> Call[bool]:
    """Whether the server takes requests now; False also when it cannot be reached."""
    return _probe("/readyz", options)


def live(**options: Unpack[CallOptions]) -> Call[bool]:
    """Whether the server's process answers at all."""
    return _probe("/livez", options)


def metrics(**options: Unpack[CallOptions]) -> Call[str]:
    """Read the server's metrics, in Prometheus' text format."""
    return Call("GET", "/metrics", _text, retry=False, options=options)


def _probe(path: str, options: CallOptions) -> Call[bool]:
    return Call(
        "GET",
        path,
        _is_ok,
        accept=_OK_OR_UNAVAILABLE,
        retry=False,
        recover=_false_if_unreachable,
        options=options,
    )


def _is_ok(answer: Answer) -> bool:
    return answer.status == 200


def _false_if_unreachable(error: EkibenError) -> bool:
    """Take silence for an answer; a wrong key or address is a mistake to hear of."""
    if isinstance(error, ConnectionFailed | RequestTimedOut):
        return False
    raise error


def _text(answer: Answer) -> str:
    return answer.body.decode("utf-8", "replace")
