"""The sections of `deploy/spot.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, field_validator, model_validator

InstanceTypeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$")]
Image = Annotated[str, Field(pattern=r"^[\w./:@-]+:[\w][\w.-]{0,127}$")]
"""A local image with its tag, such as `ekiben:0.1.0`; the tag names it in ECR too."""
Zone = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d[a-z]$")]

# A model of that name would have the name of something that all workers share, or of another node.
_PARTS: Final = {"control", "gateway", "workers", "firewall", "firewall-rules", "role", "profile"}


class Section(BaseModel):
    """A part of the file; what it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Network(Section):
    """An existing VPC with its subnets, or the addresses of a VPC of the deployment's own.

    Args:
        vpc: Id of an existing VPC; unset: one is made.
        subnets: Ids of its public subnets, one for each zone.
        cidr: Addresses of one's own.
    """

    vpc: Annotated[str, Field(pattern=r"^vpc-[0-9a-f]+$")] | None = None
    subnets: tuple[Annotated[str, Field(pattern=r"^subnet-[0-9a-f]+$")], ...] = ()
    cidr: Annotated[str, Field(pattern=r"^\d+\.\d+\.0\.0/16$")] = "10.83.0.0/16"

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if bool(self.vpc) != (len(self.subnets) > 1):
            raise ValueError("give vpc together with two subnets or more, in different zones; or neither")
        return self


class Control(Section):
    """The node that runs the gateway, and Valkey unless a managed one is named.

    Args:
        image: Image of the gateway: any image of `ekiben containerize` for the node's processor.
        instance_type: Its type, on demand.
        zone: Where its volume is; unset: the first of the deployment's zones.
        volume_gib: Of the jobs' volume.
        snapshots_kept: Daily snapshots of it.
        valkey_url: Address of a managed Valkey, without password; no volume is made then.
        valkey_durable: Your word that the managed one loses nothing it has confirmed; without it no job is accepted.
        scaling: Name of the scaling policy, `EKIBEN_SCALING`.
    """

    image: Image
    instance_type: InstanceTypeName
    zone: Zone | None = None
    volume_gib: int = Field(default=20, ge=1, le=16384)
    snapshots_kept: int = Field(default=7, ge=1, le=365)
    valkey_url: Annotated[str, Field(pattern=r"^(valkeys?|rediss?)://[^@/\s]+(/\d+)?$")] | None = None
    valkey_durable: bool = False
    scaling: Annotated[str, Field(pattern=r"^[a-z][a-z-]*$")] = "traffic-and-backlog"


class Workers(Section):
    """The instances of one model.

    Args:
        model: Its served name.
        image: Its image.
        types: Instance types, each with what was measured on it: pictures or requests in a second. Without a
            measurement (`null`) for all of them, every instance counts alike.
        least: Replicas that always run.
        most: Replicas that never are exceeded.
        on_demand_base: How many of them are bought on demand to begin with; the controller moves it afterwards.
        spot_usd_per_h_most: Highest spot price; unset: the on-demand price, as AWS advises.
        disk_gib: Of an instance.
        start_s: Seconds from launch until it serves; unhealthy before that is no reason to replace it.
        image_id: AMI; unset: the newest that AWS names for the type.
    """

    model: Annotated[str, Field(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$", max_length=63)]
    image: Image
    types: dict[InstanceTypeName, Annotated[float, Field(gt=0)] | None] = Field(min_length=1)
    least: int = Field(default=0, ge=0)
    most: int = Field(ge=1)
    on_demand_base: int = Field(default=0, ge=0)
    spot_usd_per_h_most: float | None = Field(default=None, gt=0)
    disk_gib: int = Field(default=80, ge=30, le=16384)
    start_s: int = Field(default=300, ge=60, le=7200)  # a lifecycle hook waits no longer
    image_id: Annotated[str, Field(pattern=r"^ami-[0-9a-f]+$")] | None = None

    @field_validator("model")
    @classmethod
    def _not_a_part(cls, model: str) -> str:
        if model in _PARTS:
            raise ValueError(f"a part of every deployment is called {model}")
        return model

    @model_validator(mode="after")
    def _numbers_agree(self) -> Self:
        if not self.least <= self.most:
            raise ValueError(f"least ({self.least}) is more than most ({self.most})")
        if self.on_demand_base > self.most:
            raise ValueError(f"on_demand_base ({self.on_demand_base}) is more than most ({self.most})")
        measured = [rate for rate in self.types.values() if rate is not None]
        if measured and len(measured) < len(self.types):
            raise ValueError("types: measure all of them, or give null for all of them; weights need both sides")
        return self


class Entrance(Section):
    """The load balancer.

    Args:
        allow: Addresses that may call.
        certificate_arn: ACM's certificate for https; without it http, and then only for named networks.
    """

    allow: tuple[IPvAnyNetwork, ...] = Field(min_length=1)
    certificate_arn: Annotated[str, Field(pattern=r"^arn:aws[\w-]*:acm:[\w-]+:\d{12}:certificate/\S+$")] | None = None

    @field_validator("allow", mode="after")
    @classmethod
    def _ordered(cls, allow: tuple[IPvAnyNetwork, ...]) -> tuple[IPvAnyNetwork, ...]:
        return tuple(sorted(set(allow), key=str))

    @model_validator(mode="after")
    def _keys_stay_secret(self) -> Self:
        if self.certificate_arn is None and any(network.prefixlen == 0 for network in self.allow):
            raise ValueError("allow: everybody needs certificate_arn; over http, keys would travel in clear")
        return self


class Secrets(Section):
    """Files whose contents go into SSM parameters; what is not given is generated there once.

    Args:
        keys_file: API keys, hashed, as `ekiben keys create` writes them.
        valkey_password_file: Password of a managed Valkey.
        webhook_secrets_file: Secrets that sign webhooks, as the JSON of `EKIBEN_WEBHOOK_SECRETS`; unset: none are sent.
    """

    keys_file: Path
    valkey_password_file: Path | None = None
    webhook_secrets_file: Path | None = None


class Bucket(Section):
    """The bucket of pictures, inputs and results."""

    old_versions_days: int = Field(default=7, ge=1)


class Budget(Section):
    """When a mail is sent: at 80 % and 100 % spent, and when the forecast is beyond it."""

    usd_per_month: float = Field(gt=0)
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
