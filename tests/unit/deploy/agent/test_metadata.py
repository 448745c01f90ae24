"""Reading the metadata service as EC2 documents it: sessions first, bounded answers."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from ekiben.deploy.agent.metadata import Metadata, MetadataError
from ekiben.errors import ConfigurationError
from ekiben.testing.instance_metadata import InstanceMetadata

_ID = "/latest/meta-data/instance-id"


async def test_nothing_is_said_without_a_token(service: InstanceMetadata) -> None:
    async with httpx.AsyncClient() as plain:
        assert (await plain.get(service.url + _ID)).status_code == 401
        for ttl in ("", "0", "21601", "x"):
            headers = {"X-aws-ec2-metadata-token-ttl-seconds": ttl}
            assert (await plain.put(f"{service.url}/latest/api/token", headers=headers)).status_code == 400


async def test_one_token_serves_many_documents(service: InstanceMetadata, metadata: Metadata) -> None:
    for _ in range(3):
        assert await metadata.get(_ID) == "i-0123456789abcdef0"
    assert service.tokens == 1


async def test_what_is_not_there_is_none(metadata: Metadata) -> None:
    assert await metadata.get("/latest/meta-data/spot/instance-action") is None


async def test_a_token_is_renewed_before_it_runs_out() -> None:
    now = [0.0]
    async with (
        InstanceMetadata(clock=lambda: now[0]) as service,
        Metadata(service.url, ttl_s=60, clock=lambda: now[0]) as metadata,
    ):
        for now[0] in (0.0, 29.0, 31.0, 59.0, 200.0):
            assert await metadata.get(_ID)
        assert service.tokens == 3


async def test_a_token_that_was_lost_is_replaced(service: InstanceMetadata, metadata: Metadata) -> None:
    await metadata.get(_ID)
    service.forget_tokens()
    assert await metadata.get(_ID) == "i-0123456789abcdef0"
    assert service.tokens == 2


async def test_too_long_an_answer_is_not_read_to_its_end(service: InstanceMetadata, metadata: Metadata) -> None:
    service.say("instance-id", "x" * 20_000)
    with pytest.raises(MetadataError, match="16,384"):
        await metadata.get(_ID)


async def test_an_answer_without_an_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.02)  # A slow sender, who is never silent for long.

    monkeypatch.setattr("ekiben.deploy.agent.metadata._WITHIN_S", 0.3)
    slow = await asyncio.start_server(trickle, "127.0.0.1", 0)
    async with slow, Metadata(f"http://127.0.0.1:{slow.sockets[0].getsockname()[1]}") as metadata:
        with pytest.raises(MetadataError, match=r"no end within 0\.3 s"):
            await asyncio.wait_for(metadata.get(_ID), 5)


async def test_nobody_listens() -> None:
    async with InstanceMetadata() as gone:
        url = gone.url
    async with Metadata(url) as metadata:
        with pytest.raises(MetadataError, match="Connect"):
            await metadata.get(_ID)


@pytest.mark.parametrize("endpoint", ["", "169.254.169.254", "file:///etc", "https://x", "http://"])
def test_an_address_that_is_none_is_named(endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match="AWS_EC2_METADATA_SERVICE_ENDPOINT"):
        Metadata(endpoint)
