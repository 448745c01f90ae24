"""A deployment in an account: names and tags of everything it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ekiben.deploy.spot.config import SpotConfig
    from ekiben.deploy.spot.hardware import Hardware

DEPLOYMENT_TAG: Final = "ekiben:deployment"
RESOURCE_TAG: Final = "ekiben:resource"
GATEWAY_PORT: Final = 3000
WORKER_PORT: Final = 3100
VALKEY_PORT: Final = 6379
_WORKERS_OF: Final = "workers-"


@dataclass(frozen=True, slots=True)
class Deployment:
    """See the module.

    Args:
        config: What the operator wants.
        account: Id of the account.
        partition: `aws`, or that of China or the US government.
        zones: Availability zones, in order.
        given_subnets: In an existing network, the subnet of each zone.
        hardware: Of each instance type that is named.
        amis: Machine image of the control node (`control`) and of each model.
    """

    config: SpotConfig
    account: str
    partition: str
    zones: tuple[str, ...]
    given_subnets: Mapping[str, str] = field(default_factory=dict)
    hardware: Mapping[str, Hardware] = field(default_factory=dict)
    amis: Mapping[str, str] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """Begins the name of everything that has one."""
        return f"ekiben-{self.config.name}"

    @property
    def region(self) -> str:
        """AWS region."""
        return self.config.region

    @property
    def control_zone(self) -> str:
        """Where the control node and its volume are."""
        return self.config.control.zone or self.zones[0]

    @property
    def bucket(self) -> str:
        """Names of buckets are everybody's, so that this one has account and region in it."""
        return f"{self.prefix}-{self.account}-{self.region}"

    @property
    def registry(self) -> str:
        """Address of the account's ECR."""
        suffix = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
        return f"{self.account}.dkr.ecr.{self.region}.{suffix}"

    @property
    def path(self) -> str:
        """Begins the names of parameters and log groups."""
        return f"/ekiben/{self.config.name}"

    @property
    def private_domain(self) -> str:
        """Names within the network."""
        return f"{self.config.name}.ekiben.internal"

    def arn(self, service: str, rest: str, *, region: bool = True) -> str:
        """The ARN of something in this account."""
        return f"arn:{self.partition}:{service}:{self.region if region else ''}:{self.account}:{rest}"

    def tags(self, resource: str) -> Any:
        """Tags of a resource; each of AWS's services has a type of its own for the same list."""
        return [
            {"Key": "Name", "Value": f"{self.prefix}-{resource}"},
            {"Key": DEPLOYMENT_TAG, "Value": self.config.name},
            {"Key": RESOURCE_TAG, "Value": resource},
        ]

    def tagged(self, kind: str, resource: str) -> Any:
        """EC2's way to tag while something is made."""
        return [{"ResourceType": kind, "Tags": self.tags(resource)}]

    def filters(self, resource: str) -> Any:
        """EC2's way to find what is tagged."""
        return [
            {"Name": f"tag:{DEPLOYMENT_TAG}", "Values": [self.config.name]},
            {"Name": f"tag:{RESOURCE_TAG}", "Values": [resource]},
        ]

    def owns(self, tags: Any) -> bool:
        """Whether tags, in the form of `tags`, say that something is this deployment's."""
        return any(tag["Key"] == DEPLOYMENT_TAG and tag["Value"] == self.config.name for tag in tags)


def workers_of(model: str) -> str:
    """The resource that a model's group of workers is."""
    return f"{_WORKERS_OF}{model}"


def model_of(resource: str) -> str:
    """The model whose group of workers a group is; empty: it is another one."""
    return resource.removeprefix(_WORKERS_OF) if resource.startswith(_WORKERS_OF) else ""
