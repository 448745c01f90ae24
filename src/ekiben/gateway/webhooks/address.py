"""Which addresses a webhook may lead to.

A caller names the address and this server calls it: without a check, callers could reach whatever only this server can.
Names are looked up once and the connection goes to the address that was checked, so that a name which leads elsewhere
the second time (DNS rebinding) gains nothing; redirects are not followed.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from ekiben.errors import InvalidRequest

MAX_URL_CHARACTERS: Final = 2_000

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

# Addresses that stand for IPv4 ones: whoever translates them may stand in a private network.
_TRANSLATED: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("2002::/16"))


def is_allowed(address: Address, networks: Sequence[Network], *, is_plain: bool = False) -> bool:
    """Whether an address may be called: one in the operator's `networks`; a public one too, unless in plain http."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return is_allowed(address.ipv4_mapped, networks, is_plain=is_plain)
    if any(address.version == network.version and address in network for network in networks):
        return True
    if is_plain:
        return False
    if isinstance(address, IPv6Address) and (address.teredo or any(address in each for each in _TRANSLATED)):
        return False
    return address.is_global and not address.is_multicast


def check_webhook(url: str, networks: Sequence[Network]) -> None:
    """Refuse at once what could never be sent; names are looked up when it is.

    Raises:
        InvalidRequest: Not https, a user name or fragment in it, or an address that is not public.
    """
    if len(url) > MAX_URL_CHARACTERS:
        raise InvalidRequest(f"webhook is longer than {MAX_URL_CHARACTERS} characters.", param="webhook")
    parts = urlsplit(url)
    if parts.username or parts.password or parts.fragment:
        raise InvalidRequest("webhook must have no user name, password or fragment.", param="webhook")
    if parts.scheme != "https" and not networks:
        raise InvalidRequest("webhook must begin with https://.", param="webhook")
    address = literal(parts.hostname or "")
    is_plain = parts.scheme != "https"
    if (address is not None and not is_allowed(address, networks, is_plain=is_plain)) or (
        parts.hostname or ""
    ).lower() == "localhost":
        raise InvalidRequest("webhook must lead to a public address.", param="webhook")


def literal(host: str) -> Address | None:
    """The address that a host is written as; None: it is a name."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None
