"""From a deployment's name to what is steered: its groups of workers, by their tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ekiben.deploy.catalogue.instance import Catalogue
from ekiben.deploy.control.controller import Steered
from ekiben.deploy.control.group import Group
from ekiben.deploy.control.prices import Prices, prices_now
from ekiben.deploy.control.seen import Seen
from ekiben.deploy.spot.deployment import model_of
from ekiben.deploy.spot.resources.groups import groups_of, role_of
from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_ec2 import EC2Client


class Steering:
    """A deployment's groups.

    Args:
        autoscaling: boto3's client.
        ec2: boto3's client.
        deployment: Its name.
        subnets: Ids of the subnets that workers may be in.
        catalogue: On-demand prices.
    """

    def __init__(
        self,
        autoscaling: AutoScalingClient,
        ec2: EC2Client,
        deployment: str,
        subnets: Sequence[str],
        catalogue: Catalogue,
    ) -> None:
        self._autoscaling, self._ec2, self._deployment = autoscaling, ec2, deployment
        self._subnets, self._catalogue = list(subnets), catalogue

    def groups(self) -> tuple[Steered, ...]:
        """Every group of workers that is there.

        Raises:
            OperatorError: There is none.
        """
        zones = self._zones()
        every = groups_of(self._autoscaling, self._deployment)
        found = tuple(self._steered(model, group, zones) for group in every if (model := model_of(role_of(group))))
        if not found:
            raise OperatorError(f"{self._deployment} has no groups of workers; `ekiben spot up` makes them")
        return found

    def _zones(self) -> dict[str, str]:
        found = self._ec2.describe_subnets(SubnetIds=self._subnets)["Subnets"]
        return {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in found}

    def _steered(self, model: str, group: Mapping[str, Any], zones: Mapping[str, str]) -> Steered:
        return Steered(
            model=model,
            group=Group(self._autoscaling, self._ec2, group["AutoScalingGroupName"], zones),
            prices=self._prices,
            cold_start_s=float(group["HealthCheckGracePeriod"]),
        )

    def _prices(self, seen: Seen) -> Prices:
        client: Any = self._ec2  # its stubs know no plain keywords
        return prices_now(client, self._catalogue, seen.settings.weights, datetime.now(UTC))
