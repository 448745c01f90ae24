"""What an operator says about a deployment: the file `deploy/spot.yaml`, checked."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from ekiben.deploy.spot.config_parts import Bucket, Budget, Control, Entrance, Network, Secrets, Section, Workers

Name = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$")]
Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]


class SpotConfig(Section):
    """A deployment.

    Args:
        name: Part of every name and tag; a lower-case DNS label of at most 20 characters.
        region: AWS region.
        zones: Availability zones; empty: all of the region.
        network: An existing network, or one of its own.
        control: The node with gateway and Valkey.
        workers: One entry for each model.
        entrance: Who may call, and how.
        secrets: Files that go into SSM parameters.
        bucket: How long old versions of objects stay.
        budget: When to warn.
        logs_days: Days for which logs are kept.
    """

    name: Name
    region: Region
    zones: tuple[str, ...] = ()
    network: Network = Network()
    control: Control
    workers: tuple[Workers, ...] = Field(min_length=1)
    entrance: Entrance
    secrets: Secrets
    bucket: Bucket = Bucket()
    budget: Budget | None = None
    logs_days: int = Field(default=14)

    @field_validator("logs_days")
    @classmethod
    def _days_that_aws_knows(cls, days: int) -> int:
        known = (
            1,
            3,
            5,
            7,
            14,
            30,
            60,
            90,
            120,
            150,
            180,
            365,
            400,
            545,
            731,
            1096,
            1827,
            2192,
            2557,
            2922,
            3288,
            3653,
        )
        if days not in known:
            raise ValueError(f"CloudWatch keeps logs for one of {', '.join(map(str, known))} days")
        return days

    @model_validator(mode="after")
    def _parts_agree(self) -> Self:
        models = [workers.model for workers in self.workers]
        if len(set(models)) < len(models):
            raise ValueError("workers: a model is listed twice")
        strange = [zone for zone in self.zones if not re.fullmatch(re.escape(self.region) + "[a-z]", zone)]
        if strange:
            raise ValueError(f"zones: {', '.join(strange)} is not a zone of {self.region}")
        if len(self.zones) == 1:
            raise ValueError("zones: a load balancer needs two at least")
        if self.zones and self.control.zone and self.control.zone not in self.zones:
            raise ValueError(f"control.zone: {self.control.zone} is not one of zones")
        if self.network.vpc and self.control.zone is None and self.control.valkey_url is None:
            raise ValueError("control.zone: say in which zone of your network the volume is to be")
        return self

    def of_model(self, model: str) -> Workers:
        """The workers of that model.

        Raises:
            KeyError: There are none.
        """
        return {workers.model: workers for workers in self.workers}[model]
