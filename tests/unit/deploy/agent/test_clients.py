"""Which instance is spoken of, and where AWS is asked."""

from __future__ import annotations

import pytest

from ekiben.deploy.agent.clients import connect
from ekiben.deploy.agent.metadata import Metadata
from ekiben.deploy.agent.terms import Terms
from ekiben.errors import ConfigurationError
from ekiben.testing.instance_metadata import InstanceMetadata


async def test_nobody_is_asked_where_nothing_is_told(service: InstanceMetadata, metadata: Metadata) -> None:
    assert await connect(Terms(service.url), metadata) == (None, None)
    assert service.asked == []


async def test_instance_and_region_are_the_metadata_services(service: InstanceMetadata, metadata: Metadata) -> None:
    targets, group = await connect(Terms(service.url, group="g", hook="h", target_groups=("arn",)), metadata)
    assert targets is not None
    assert group is not None
    assert targets.instance == group.instance == "i-0123456789abcdef0"
    assert group.client.meta.region_name == targets.client.meta.region_name == "eu-central-1"


async def test_a_machine_that_is_no_instance_is_told_so() -> None:
    async with InstanceMetadata() as gone:
        url = gone.url
    async with Metadata(url) as metadata:
        with pytest.raises(ConfigurationError, match="is this an EC2 instance"):
            await connect(Terms(url, group="g"), metadata)


def test_a_hook_needs_its_group() -> None:
    with pytest.raises(ConfigurationError, match="--group"):
        Terms("http://x", hook="h")
