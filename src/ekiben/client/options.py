"""What a client is set up with, checked once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from ekiben.client import environment
from ekiben.client.pace import Pace
from ekiben.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """Settings of one client.

    Attributes:
        base_url: Where the server is, without a slash at the end; a path prefix is kept.
        api_key: Sent as a bearer token; shown nowhere.
        timeout_s: Bound of a whole call, retries and the waits between them included.
        max_retries: Further attempts after the first.
    """

    base_url: str
    api_key: str | None = field(repr=False)
    timeout_s: float
    max_retries: int
    pace: Pace = field(default_factory=Pace, repr=False, compare=False)


def client_options(
    base_url: str | None, api_key: str | None, timeout_s: float, max_retries: int, pace: Pace | None
) -> ClientOptions:
    """Fill in what the environment says and check everything.

    Raises:
        ConfigurationError: A value that no call could work with; a key is never repeated.
    """
    if not (math.isfinite(timeout_s) and timeout_s > 0):
        raise ConfigurationError(f"timeout must be a positive number of seconds, not {timeout_s!r}")
    if max_retries < 0:
        raise ConfigurationError(f"max_retries must be 0 or more, not {max_retries!r}")
    return ClientOptions(
        base_url=_checked_url(base_url or environment.base_url()),
        api_key=_checked_key(api_key or environment.api_key()),
        timeout_s=timeout_s,
        max_retries=max_retries,
        pace=pace or Pace(),
    )


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        # Asked here and not kept: neither may object at the first call.
        _ = parts.port, httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        raise ConfigurationError("base_url is not a valid URL") from None
    if parts.username is not None or parts.password is not None:
        # Not repeated: what stands before the @ is a secret.
        raise ConfigurationError("base_url must not hold a user name or password; pass api_key instead")
    if parts.scheme not in {"http", "https"} or not parts.hostname or " " in url:
        raise ConfigurationError(f"base_url must look like http://host:port, not {url[:100]!r}")
    if parts.query or parts.fragment:
        raise ConfigurationError("base_url must end with the path: no '?' or '#'")
    return url.rstrip("/")


def _checked_key(key: str | None) -> str | None:
    """Refuse here what the HTTP library would refuse later, with the key in its message."""
    if key is not None and not (key.isascii() and key.isprintable() and " " not in key):
        raise ConfigurationError("api_key holds a space, a line break or a character outside ASCII")
    return key
