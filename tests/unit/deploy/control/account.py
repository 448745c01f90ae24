"""An account at moto's server with one Auto Scaling group of workers in two zones.

moto starts its instances on demand and takes none away, so that what is spot, and what AWS does to it, is put into
its answers.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import ClientError

from ekiben.deploy.control.group import Group

ZONES = ("us-east-1a", "us-east-1b")
TYPES = {"g5.xlarge": 1, "g5.12xlarge": 4}


class Account:
    """With a group of its own, of two replicas."""

    def __init__(self, server: str, model: str = "pictures") -> None:
        self.name = f"workers-{uuid.uuid4().hex[:8]}"
        session = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1")
        self.autoscaling = session.client("autoscaling", endpoint_url=server)
        self.ec2 = session.client("ec2", endpoint_url=server)
        self.on_demand: set[str] = set()
        self.ended: dict[str, str] = {}
        self.marked: set[str] = set()
        self.lifecycles: dict[str, str] = {}
        self.launched: dict[str, datetime] = {}
        self.refreshing = False
        self.failures: list[dict[str, Any]] = []
        self.role = f"workers-{model}"
        self.put_into(self.ec2, self.autoscaling)
        found = self.ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": list(ZONES)}])["Subnets"]
        self.subnets = {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in found}
        self._make(model)
        self.group = Group(self.autoscaling, self.ec2, self.name, self.subnets)

    def settings(self) -> dict[str, Any]:
        (found,) = self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])["AutoScalingGroups"]
        return dict(found)

    def ids(self) -> list[str]:
        return sorted(member["InstanceId"] for member in self.settings()["Instances"])

    def refuse(self, zone: str, message: str) -> None:
        self.failures.append(
            {
                "ActivityId": f"activity-{len(self.failures)}",
                "StartTime": datetime.now(UTC),
                "StatusCode": "Failed",
                "StatusMessage": message,
                "Details": f'{{"Availability Zone": "{zone}"}}',
            }
        )

    def weigh(self, weights: dict[str, int]) -> None:
        """Change what instances count for; the capacity goes along."""
        policy = self.settings()["MixedInstancesPolicy"]
        for override in policy["LaunchTemplate"]["Overrides"]:
            override["WeightedCapacity"] = str(weights[override["InstanceType"]])
        least, most = (size * weights["g5.xlarge"] for size in (1, 10))
        self.autoscaling.update_auto_scaling_group(
            AutoScalingGroupName=self.name,
            MinSize=least,
            MaxSize=most,
            DesiredCapacity=2 * weights["g5.xlarge"],
            MixedInstancesPolicy={"LaunchTemplate": _one_name(policy["LaunchTemplate"])},
        )

    def use_version(self, version: str) -> None:
        """Have the group launch that version of its template."""
        policy = self.settings()["MixedInstancesPolicy"]
        template = _one_name(policy["LaunchTemplate"])
        template["LaunchTemplateSpecification"]["Version"] = version
        changed: Any = {**policy, "LaunchTemplate": template}
        self.autoscaling.update_auto_scaling_group(AutoScalingGroupName=self.name, MixedInstancesPolicy=changed)

    def _make(self, model: str) -> None:
        data: Any = {"ImageId": "ami-12c6146b", "InstanceType": "g5.xlarge"}  # one that moto knows
        self.ec2.create_launch_template(LaunchTemplateName=self.name, LaunchTemplateData=data)
        overrides: Any = [{"InstanceType": name, "WeightedCapacity": str(weight)} for name, weight in TYPES.items()]
        template: Any = {
            "LaunchTemplateSpecification": {"LaunchTemplateName": self.name, "Version": "1"},
            "Overrides": overrides,
        }
        distribution: Any = {
            "OnDemandBaseCapacity": 0,
            "OnDemandPercentageAboveBaseCapacity": 0,
            "SpotAllocationStrategy": "price-capacity-optimized",
        }
        self.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=self.name,
            MinSize=1,
            MaxSize=10,
            DesiredCapacity=2,
            VPCZoneIdentifier=",".join(self.subnets.values()),
            HealthCheckGracePeriod=60,
            Tags=[
                {"Key": "ekiben:deployment", "Value": self.name, "PropagateAtLaunch": True},
                {"Key": "ekiben:resource", "Value": f"workers-{model}", "PropagateAtLaunch": True},
            ],
            MixedInstancesPolicy={"LaunchTemplate": template, "InstancesDistribution": distribution},
        )

    def put_into(self, ec2: Any, autoscaling: Any) -> None:
        """Have a pair of clients see what AWS does to spot instances."""
        ec2.meta.events.register("after-call.ec2.DescribeInstances", self._instances)
        ec2.meta.events.register("after-call.ec2.DescribeSpotInstanceRequests", self._requests)
        autoscaling.meta.events.register("after-call.auto-scaling.DescribeScalingActivities", self._activities)
        autoscaling.meta.events.register("after-call.auto-scaling.DescribeAutoScalingGroups", self._groups)
        autoscaling.meta.events.register("provide-client-params.auto-scaling.UpdateAutoScalingGroup", self._complete)

    def _complete(self, params: dict[str, Any], **_: Any) -> None:
        """AWS keeps what an update leaves out; moto forgets it. While a refresh runs, AWS refuses another mixture."""
        if self.refreshing and "MixedInstancesPolicy" in params:
            message = "An active instance refresh with a desired configuration exists."
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "UpdateAutoScalingGroup")
        if "MixedInstancesPolicy" in params and "LaunchTemplate" in params["MixedInstancesPolicy"]:
            return
        policy = self.settings()["MixedInstancesPolicy"]
        policy["LaunchTemplate"] = _one_name(policy["LaunchTemplate"])
        params["MixedInstancesPolicy"] = policy | params.get("MixedInstancesPolicy", {})

    def _instances(self, parsed: dict[str, Any], **_: Any) -> None:
        for reservation in parsed["Reservations"]:
            for instance in reservation["Instances"]:
                if instance["InstanceId"] not in self.on_demand:
                    instance["InstanceLifecycle"] = "spot"
                instance["LaunchTime"] = self.launched.get(instance["InstanceId"], instance["LaunchTime"])
                if instance["InstanceId"] in self.ended:
                    instance["StateReason"] = {"Code": self.ended[instance["InstanceId"]], "Message": ""}

    def _requests(self, parsed: dict[str, Any], **_: Any) -> None:
        parsed["SpotInstanceRequests"] = [{"InstanceId": name} for name in sorted(self.marked)]

    def _activities(self, parsed: dict[str, Any], **_: Any) -> None:
        parsed["Activities"] = list(self.failures)

    def _groups(self, parsed: dict[str, Any], **_: Any) -> None:
        for group in parsed["AutoScalingGroups"]:
            if group["AutoScalingGroupName"] == self.name:
                for tag in group["Tags"]:
                    tag["Value"] = self.role if tag["Key"] == "ekiben:resource" else tag["Value"]
            for member in group["Instances"]:
                member["LifecycleState"] = self.lifecycles.get(member["InstanceId"], member["LifecycleState"])


def _one_name(template: Any) -> Any:
    """AWS tells a template's id and its name, and takes only one of them."""
    template["LaunchTemplateSpecification"].pop("LaunchTemplateName", None)
    return template
