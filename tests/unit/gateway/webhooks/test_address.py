"""Where webhooks may lead."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from ekiben.errors import InvalidRequest
from ekiben.gateway.webhooks.address import check_webhook, is_allowed

_PRIVATE = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::1",
]  # fmt: skip


@pytest.mark.parametrize("address", _PRIVATE)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_allowed(ip_address(address), ())


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses(address: str) -> None:
    assert is_allowed(ip_address(address), ())


def test_the_operators_networks_are_allowed_too() -> None:
    networks = (ip_network("10.1.0.0/16"),)
    assert is_allowed(ip_address("10.1.2.3"), networks)
    assert is_allowed(ip_address("::ffff:10.1.2.3"), networks)
    assert not is_allowed(ip_address("10.2.0.1"), networks)


@pytest.mark.parametrize(
    "url",
    ["http://example.com/h", "https://user:word@example.com/", "https://localhost/", "https://[::1]/", "https://10.0.0.1",
     "https://example.com/#a", "https://169.254.169.254/latest"],
)  # fmt: skip
def test_what_could_never_be_sent_is_refused_at_submission(url: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_webhook(url, ())
    assert caught.value.param == "webhook"


def test_a_public_name_is_taken() -> None:
    check_webhook("https://example.com/hook?a=b", ())
