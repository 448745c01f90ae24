"""What is asked for beside a job's input, in the queue's own units."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import orjson
from starlette.requests import HTTPConnection

from ekiben.errors import InvalidRequest
from ekiben.gateway.call import Call
from ekiben.gateway.webhooks.rules import WebhookRules
from ekiben.schemas.jobs import MAX_DELAY_S, JobTerms, Moment

IDEMPOTENCY_KEY: Final = "idempotency-key"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Terms:
    """See the module; `delay_s` and `deadline_s` are seconds from now."""

    priority: int = 0
    delay_s: float = 0.0
    deadline_s: float | None = None
    webhook: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


def terms_of(asked: JobTerms, call: Call, webhooks: WebhookRules) -> Terms:
    """The terms of a body; the priority may stand in the request's headers instead.

    Raises:
        InvalidRequest: A time that has passed or is too far away, or a webhook that could not be sent.
    """
    deadline_s = _from_now(asked.deadline, "deadline")
    if deadline_s == 0:
        raise InvalidRequest("deadline has passed already.", param="deadline")
    delay_s = _from_now(asked.not_before, "not_before") or 0.0
    if deadline_s is not None and delay_s >= deadline_s:
        raise InvalidRequest("not_before is not before the deadline.", param="not_before")
    if asked.webhook is not None:
        webhooks.check(str(asked.webhook), call.principal.id)
    return Terms(
        priority=asked.priority or call.priority,
        delay_s=delay_s,
        deadline_s=deadline_s,
        webhook=str(asked.webhook) if asked.webhook else None,
        metadata=asked.metadata,
    )


def header_terms(call: Call) -> Terms:
    """The terms of a request to a synchronous route: its priority; the time that it allows is for the answer alone."""
    return Terms(priority=call.priority)


def idempotency_key(request: HTTPConnection) -> str | None:
    """The request's idempotency key.

    Raises:
        InvalidRequest: It is not 1 to 255 printable ASCII characters.
    """
    stated = request.headers.get(IDEMPOTENCY_KEY)
    if stated is not None and not _KEY.fullmatch(stated):
        raise InvalidRequest("the idempotency key must be 1 to 255 visible ASCII characters.", param=IDEMPOTENCY_KEY)
    return stated


def fingerprint(*said: object) -> str:
    """Digest of what a caller said: JSON values and bytes.

    Raises:
        InvalidRequest: See `encoded`.
    """
    digest = sha256()
    for each in said:
        part = each if isinstance(each, bytes) else encoded(each)
        digest.update(len(part).to_bytes(8) + part)
    return digest.hexdigest()


def encoded(said: object, param: str | None = None) -> bytes:
    """A value as JSON, its keys sorted.

    Raises:
        InvalidRequest: It holds a number beyond 64 bits, or is nested too deeply to be written down again.
    """
    try:
        return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise InvalidRequest(f"{param or 'the body'} cannot be kept: {error}.", param=param) from None


def _from_now(moment: Moment | None, param: str) -> float | None:
    """Seconds from now; a moment that has passed is 0."""
    if moment is None:
        return None
    if not isinstance(moment, datetime):
        return float(moment)
    seconds = (moment - datetime.now(UTC)).total_seconds()
    if seconds > MAX_DELAY_S:
        raise InvalidRequest(f"{param} is more than {MAX_DELAY_S // 86_400} days away.", param=param)
    return max(0.0, seconds)
