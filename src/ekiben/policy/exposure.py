"""A gateway without keys is for its own machine only."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

from ekiben.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def check_exposure(host: str, keys_file: Path | None) -> None:
    """Refuse to listen where others can connect and nobody is asked for a key.

    Args:
        host: The address or name the gateway is to listen on.
        keys_file: The file of API keys; None where no key is asked for.

    Raises:
        ConfigurationError: `host` is not a loopback address, or a name that resolves to none.
    """
    if keys_file is not None:
        return
    exposed = next((address for address in _addresses(host) if not is_loopback(address)), None)
    if exposed is not None:
        raise ConfigurationError(
            f"EKIBEN_HOST is {host!r} ({_reach(exposed)}), and no API key is asked for: anyone who can"
            " reach it could use the models. Make a key with `ekiben keys create --name NAME --file FILE`"
            " and set EKIBEN_KEYS_FILE to that file, or listen on 127.0.0.1"
        )


def check_worker_exposure(address: str, *, has_token: bool) -> None:
    """Refuse to answer other machines' gateways without a shared secret.

    Raises:
        ConfigurationError: `address` (`host:port`) is not loopback and there is no token.
    """
    host = address.rpartition(":")[0].strip("[]")
    if not has_token and not all(map(is_loopback, _addresses(host))):
        raise ConfigurationError(
            f"EKIBEN_WORKER_LISTEN is {address!r}, which other machines can reach; set EKIBEN_WORKER_TOKEN to the"
            " secret that their gateways have too"
        )


def _addresses(host: str) -> list[str]:
    """Every address that `host` stands for; servers take an empty one for all interfaces."""
    if not host:
        return ["0.0.0.0", "::"]  # noqa: S104 - nothing is bound here
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ConfigurationError(f"EKIBEN_HOST is {host!r}, which cannot be resolved to an address") from None
    return [str(address[0]) for *_, address in found]


def is_loopback(address: str) -> bool:
    """Whether the IP address reaches this machine alone; raises ValueError for anything but an address."""
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback


def _reach(address: str) -> str:
    return "every interface" if ipaddress.ip_address(address).is_unspecified else f"address {address}"
