"""What settings must say before workers on one machine and gateways on another can find each other."""

from __future__ import annotations

from collections.abc import Iterable

from ekiben.errors import ConfigurationError
from ekiben.settings import Settings


def check_elsewhere(models: Iterable[str], settings: Settings) -> None:
    """Refuse a gateway that could not find the workers of `EKIBEN_WORKERS_ELSEWHERE`.

    Args:
        models: The served ones.
        settings: The gateway's.

    Raises:
        ConfigurationError: Naming the variable.
    """
    named, served = settings.workers_elsewhere, list(models)
    if unknown := [name for name in named if name not in served]:
        raise ConfigurationError(
            f"EKIBEN_WORKERS_ELSEWHERE names {', '.join(unknown)}, not served here; there are: {', '.join(served)}"
        )
    if twice := [name for name in named if name in settings.worker_urls]:
        raise ConfigurationError(
            f"EKIBEN_WORKERS_ELSEWHERE and EKIBEN_WORKER_URLS both name {', '.join(twice)}; name each in one of them"
        )
    if named and settings.valkey_url is None:
        raise ConfigurationError(
            "EKIBEN_WORKERS_ELSEWHERE needs EKIBEN_VALKEY_URL: the Valkey server at which those workers announce"
            " themselves"
        )


def check_advertised(settings: Settings) -> None:
    """Refuse a worker that would announce a URL which leads nowhere, or could announce it to nobody.

    Raises:
        ConfigurationError: Naming the variable that is missing.
    """
    if settings.worker_advertise is None:
        return
    if not settings.worker_listen:
        raise ConfigurationError(
            "EKIBEN_WORKER_ADVERTISE needs EKIBEN_WORKER_LISTEN: the host:port to which that URL leads"
        )
    if settings.valkey_url is None:
        raise ConfigurationError(
            "EKIBEN_WORKER_ADVERTISE needs EKIBEN_VALKEY_URL: the Valkey server that the gateways use too"
        )


def check_one_model(models: Iterable[str], settings: Settings) -> None:
    """Refuse several models behind one port, where requests for one would reach the workers of another.

    Raises:
        ConfigurationError: `EKIBEN_WORKER_LISTEN` is set and more than one model is started here.
    """
    started = list(models)
    if settings.worker_listen and len(started) > 1:
        raise ConfigurationError(
            f"EKIBEN_WORKER_LISTEN is one port for the workers of one model, and {', '.join(started)} would be"
            " started; serve one of them, as in `ekiben serve --only MODEL`"
        )
