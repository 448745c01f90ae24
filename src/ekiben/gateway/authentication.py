"""Who makes a request: by key, or anonymous where only this machine can ask."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import structlog
from starlette.requests import HTTPConnection

from ekiben.errors import ConfigurationError, PermissionDenied
from ekiben.policy.exposure import is_loopback
from ekiben.policy.keys import Keyring
from ekiben.policy.principals import ANONYMOUS, Principal

_log = structlog.get_logger("ekiben.gateway")

_MEND = "create a key with `ekiben keys create` and set EKIBEN_KEYS_FILE."


class Authentication:
    """Asks for a key where a keys file is set.

    Args:
        keys_file: None: everyone is anonymous, and only loopback is answered.

    Raises:
        ConfigurationError: The keys file cannot be used.
    """

    def __init__(self, keys_file: Path | None) -> None:
        self._keyring = Keyring.load(keys_file) if keys_file else None
        self._fault = ""

    def principal(self, request: HTTPConnection, authorization: str | None = None) -> Principal:
        """Who makes the request, or opens the connection.

        Args:
            request: What came.
            authorization: Instead of the header of that name.

        Raises:
            Unauthenticated: Keys are on and the request has none that is known.
            PermissionDenied: No keys are set and the request came in on an address that others can reach, which a
                bare `bentoml serve` opens by default.
        """
        if self._keyring is None:
            return _anonymous(request)
        self._refresh(self._keyring)
        return self._keyring.authenticate(authorization or request.headers.get("authorization"))

    def _refresh(self, keyring: Keyring) -> None:
        """Take changes of the keys file; while it cannot be used, the keys known before stay in force."""
        try:
            keyring.refresh()
            self._fault = ""
        except ConfigurationError as error:
            if error.message != self._fault:  # Once, not with every request.
                self._fault = error.message
                _log.error("the keys file cannot be used; the keys known before stay in force", reason=error.message)


def _anonymous(request: HTTPConnection) -> Principal:
    address = (request.scope.get("server") or ("",))[0]
    if not is_private(address):
        raise PermissionDenied(f"this server listens on {address} without keys and answers on loopback alone; {_MEND}")
    # A name that a web page elsewhere has pointed at this machine makes a browser here ask on that page's behalf.
    name = request.url.hostname or ""
    if not is_private(name):
        raise PermissionDenied(
            f"without keys only requests for localhost are answered, not for {name[:100]!r}; {_MEND}", param="host"
        )
    return ANONYMOUS


# Nearly every request has the same two; what else is asked for, by whom, is not worth keeping long.
@lru_cache(maxsize=16)
def is_private(host: str) -> bool:
    """Whether an address or name is a Unix socket's or this machine's own."""
    try:
        return host == "localhost" or host.startswith("/") or is_loopback(host)
    except ValueError:
        return False
