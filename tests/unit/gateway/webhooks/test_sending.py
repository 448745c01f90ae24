"""Connections to checked addresses alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from ipaddress import ip_network

import aiohttp
import pytest

from ekiben.gateway.webhooks.sending import Outcome, Sender
from tests.unit.gateway.webhooks.receiver import Receiver, receiving


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found


async def test_an_allowed_address_gets_the_bytes(receiver: Receiver) -> None:
    sender = Sender([ip_network("127.0.0.0/8")])
    assert await sender.send(f"{receiver.url}/h", b"{}", {"webhook-id": "m"}) == Outcome(status=200)
    await sender.close()
    assert receiver.bodies == [b"{}"]
    assert (receiver.headers[0]["webhook-id"], receiver.headers[0]["content-type"]) == ("m", "application/json")


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.statuses = [302]
    sender = Sender([ip_network("127.0.0.0/8")])
    assert await sender.send(f"{receiver.url}/h", b"{}", {}) == Outcome(status=302)
    await sender.close()
    assert len(receiver.bodies) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"])
async def test_a_private_address_is_never_called(receiver: Receiver, host: str) -> None:
    sender = Sender([])
    port = receiver.url.rpartition(":")[2]
    outcome = await sender.send(f"http://{host}:{port}/", b"{}", {})
    await sender.close()
    assert outcome.status is None
    assert receiver.bodies == []


async def test_a_name_that_leads_elsewhere_the_second_time_gains_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is looked up once for an attempt, and that answer is both checked and called."""
    answers = iter(["127.0.0.1", "10.0.0.1"])
    asked: list[str] = []

    async def resolve(_: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
        asked.append(host)
        return [{"hostname": host, "host": next(answers), "port": port, "family": family, "proto": 0, "flags": 0}]

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", resolve)
    sender = Sender([ip_network("127.0.0.0/8")])
    port = receiver.url.rpartition(":")[2]
    assert await sender.send(f"http://rebind.example:{port}/", b"{}", {}) == Outcome(status=200)
    assert asked == ["rebind.example"]
    assert (await sender.send(f"http://rebind.example:{port}/", b"{}", {})).status is None
    await sender.close()
    assert len(receiver.bodies) == 1


async def test_nobody_there_is_told_without_the_systems_words() -> None:
    sender = Sender([ip_network("127.0.0.0/8")])
    outcome = await sender.send("http://127.0.0.1:1/", b"{}", {})
    await sender.close()
    assert (outcome.status, outcome.error) == (None, "ClientConnectorError")


@pytest.mark.parametrize("host", ["8.8.8.8", "dns.example"])
async def test_plain_http_leads_into_the_operators_networks_alone(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    async def resolve(_: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
        return [{"hostname": host, "host": "8.8.8.8", "port": port, "family": family, "proto": 0, "flags": 0}]

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", resolve)
    sender = Sender([ip_network("127.0.0.0/8")])
    outcome = await sender.send(f"http://{host}/", b"{}", {})
    await sender.close()
    assert outcome.error in ("the address is not public", "ClientConnectorDNSError")  # refused before connecting
