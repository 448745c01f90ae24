"""Signatures of Standard Webhooks: HMAC-SHA256 over id, time and body.

The published library of that name brings an HTTP client and four packages more for these lines; its own test vector is
among our tests.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from pydantic import SecretStr

from ekiben.errors import ConfigurationError

_PREFIX: Final = "whsec_"
_LEAST_BYTES: Final = 24
_OTHERS: Final = "*"


def signed_headers(secret: bytes, message_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """The headers of one attempt.

    Args:
        secret: The key's.
        message_id: The same for every attempt.
        at_s: Unix seconds of this attempt; receivers refuse old ones.
        body: What is sent.
    """
    digest = hmac.digest(secret, f"{message_id}.{at_s}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def read_secrets(stated: Mapping[str, SecretStr]) -> dict[str, bytes]:
    """The secrets of the settings, by id of a key.

    Raises:
        ConfigurationError: One of them is not `whsec_` and base64 of at least 24 bytes.
    """
    return {name: _decoded(name, secret.get_secret_value()) for name, secret in stated.items()}


def secret_of(secrets: Mapping[str, bytes], principal: str) -> bytes | None:
    """The secret of a key; None: it has none."""
    return secrets.get(principal, secrets.get(_OTHERS))


def _decoded(name: str, secret: str) -> bytes:
    try:
        found = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) < _LEAST_BYTES or not secret.startswith(_PREFIX):
        raise ConfigurationError(
            f"EKIBEN_WEBHOOK_SECRETS: the secret of {name!r} must be whsec_ and base64 of at least {_LEAST_BYTES} bytes"
        )
    return found
