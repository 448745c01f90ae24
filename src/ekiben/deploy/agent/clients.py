"""boto3's clients for an instance that has little time left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ekiben.deploy.agent.aws import Group, Targets
from ekiben.deploy.agent.metadata import Metadata, MetadataError
from ekiben.deploy.agent.terms import Terms
from ekiben.errors import ConfigurationError, OperatorError

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client


async def connect(terms: Terms, metadata: Metadata) -> tuple[Targets | None, Group | None]:
    """What AWS is told, as far as the terms ask for it.

    Raises:
        ConfigurationError: Which instance this is, or in which region, cannot be found out.
        OperatorError: boto3 is not installed.
    """
    if not terms.asks_aws:
        return None, None
    instance = await _fact(metadata, "instance-id", "is this an EC2 instance, with its metadata service on?")
    region = terms.region or await _fact(metadata, "placement/region", "set --region")
    targets = group = None
    if terms.target_groups:
        balancing: ElasticLoadBalancingv2Client = _client("elbv2", region)
        targets = Targets(balancing, terms.target_groups, instance)
    if terms.group:
        scaling: AutoScalingClient = _client("autoscaling", region)
        group = Group(scaling, terms.group, terms.hook, instance)
    return targets, group


async def _fact(metadata: Metadata, name: str, advice: str) -> str:
    try:
        found = await metadata.get(f"/latest/meta-data/{name}")
    except MetadataError as error:
        raise ConfigurationError(f"the metadata service does not say {name}: {error}; {advice}") from error
    if not found:
        raise ConfigurationError(f"the metadata service knows no {name}; {advice}")
    return found.strip()


def _client(service: str, region: str) -> Any:
    try:
        import boto3
        from botocore.config import Config
    except ModuleNotFoundError:
        raise OperatorError("telling AWS needs boto3: pip install 'ekiben[spot]'") from None
    # A call that hangs must not outlive its step's share of the time.
    config = Config(connect_timeout=2, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
    connect: Any = boto3.client  # Its stubs know a service by its literal name only.
    return connect(service, region_name=region, config=config)
