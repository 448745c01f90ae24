"""boto3's clients for an instance that has little time left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ekiben.deploy import aws
from ekiben.deploy.agent.aws import Group, Targets
from ekiben.deploy.agent.metadata import Metadata, MetadataError
from ekiben.deploy.agent.terms import Terms
from ekiben.errors import ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

# A call that hangs must not outlive its step's share of the time.
_BRIEFLY: Final[dict[str, Any]] = {
    "connect_timeout": 2,
    "read_timeout": 3,
    "retries": {"mode": "standard", "total_max_attempts": 2},
}


async def connect(terms: Terms, metadata: Metadata) -> tuple[Targets | None, Group | None]:
    """What AWS is told, as far as the terms ask for it.

    Raises:
        ConfigurationError: Which instance this is, or in which region, cannot be found out.
        OperatorError: boto3 is not installed, or its profile is not there.
    """
    if not terms.asks_aws:
        return None, None
    instance = await _fact(metadata, "instance-id", "is this an EC2 instance, with its metadata service on?")
    region = terms.region or await _fact(metadata, "placement/region", "set --region")
    targets = group = None
    if terms.target_groups:
        balancing: ElasticLoadBalancingv2Client = aws.connect("elbv2", region, **_BRIEFLY)
        targets = Targets(balancing, terms.target_groups, instance)
    if terms.group:
        scaling: AutoScalingClient = aws.connect("autoscaling", region, **_BRIEFLY)
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
