"""A queue as the settings say."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ekiben.errors import ConfigurationError
from ekiben.jobs.embedded import EmbeddedValkey
from ekiben.jobs.object_blobs import ObjectBlobs
from ekiben.jobs.rules import QueueRules
from ekiben.jobs.store import Store
from ekiben.objects.location import open_store as open_objects
from ekiben.settings import Settings

QUEUE_SOCKET: Final = "valkey.sock"
"""In the run folder: where the server of our own listens."""
_OBJECTS_FOLDER: Final = "objects"


def embedded_valkey(settings: Settings) -> EmbeddedValkey | None:
    """The server for the supervisor to own; None where the settings name another."""
    if settings.valkey_url is not None:
        return None
    return EmbeddedValkey(settings.state_dir / "valkey", _socket(settings))


def open_store(settings: Settings, rules: QueueRules | None = None) -> Store:
    """The store, not yet connected: the named server's, or that of the supervisor's.

    Raises:
        ConfigurationError: The address is none.
    """
    rules = rules or _rules(settings)
    if settings.valkey_url is None:
        return Store(f"unix://{_socket(settings)}", rules=rules)
    try:
        return Store(settings.valkey_url.get_secret_value(), rules=rules, declared_durable=settings.valkey_durable)
    except ValueError as error:
        # Without the address, which may hold a password.
        raise ConfigurationError(
            "EKIBEN_VALKEY_URL must begin with valkey://, valkeys:// (TLS) or unix:// and name a server"
        ) from error


def open_blobs(settings: Settings) -> ObjectBlobs:
    """Where the jobs' bytes lie: beside every other object.

    Raises:
        ConfigurationError: Neither a folder that can be written to nor a bucket.
    """
    return ObjectBlobs(open_objects(settings.objects, settings.state_dir / _OBJECTS_FOLDER))


def _rules(settings: Settings) -> QueueRules:
    return QueueRules(
        lease_ms=round(settings.job_lease_s * 1_000),
        retention_ms=round(settings.job_retention_s * 1_000),
        max_kept_each=settings.job_max_kept,
    )


def _socket(settings: Settings) -> Path:
    return settings.run_dir.resolve() / QUEUE_SOCKET
