"""What AWS is told: against moto's server, and where moto has no such call, botocore's own stubber."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from ekiben.deploy.agent.aws import Group, Targets
from tests.simulated_aws import simulated_aws

_REGION = "eu-central-1"
_NAMES = {"AutoScalingGroupName": "pictures", "LifecycleHookName": "ending", "InstanceId": "i-1"}
_OVER = "No active Lifecycle Action found with instance ID i-1"


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with simulated_aws() as url:
        yield url


def _client(service: str, url: str | None = None) -> Any:
    connect: Any = boto3.client
    return connect(
        service, region_name=_REGION, endpoint_url=url, aws_access_key_id="test", aws_secret_access_key="test"
    )


async def test_the_instance_leaves_every_target_group(moto: str) -> None:
    ec2, balancing = _client("ec2", moto), _client("elbv2", moto)
    instance = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    groups = [
        balancing.create_target_group(Name=name, Protocol="HTTP", Port=3000, VpcId=vpc)["TargetGroups"][0][
            "TargetGroupArn"
        ]
        for name in ("one", "two")
    ]
    for arn in groups:
        balancing.register_targets(TargetGroupArn=arn, Targets=[{"Id": instance}])
    assert await Targets(balancing, (groups[0],), instance).deregister() == 1
    balancing.register_targets(TargetGroupArn=groups[0], Targets=[{"Id": instance}])
    gone = groups[0].replace("/one/", "/none/")
    with pytest.raises(ClientError):
        await Targets(balancing, (gone, *groups), instance).deregister()
    for arn in groups:
        health = balancing.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        assert [each for each in health if each["TargetHealth"]["State"] not in {"unused", "draining"}] == []


async def test_the_group_is_told_of_an_unhealthy_instance(moto: str) -> None:
    ec2, scaling = _client("ec2", moto), _client("autoscaling", moto)
    zone = ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
    scaling.create_launch_configuration(LaunchConfigurationName="c", ImageId="ami-12c6146b", InstanceType="g5.xlarge")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="pictures",
        LaunchConfigurationName="c",
        MinSize=1,
        MaxSize=1,
        AvailabilityZones=[zone],
    )
    (instance,) = scaling.describe_auto_scaling_instances()["AutoScalingInstances"]
    await Group(scaling, "pictures", "", instance["InstanceId"]).call_unhealthy()
    (after,) = scaling.describe_auto_scaling_instances(InstanceIds=[instance["InstanceId"]])["AutoScalingInstances"]
    assert after["HealthStatus"].lower() == "unhealthy"


async def test_the_hook_is_told_to_go_on() -> None:
    scaling = _client("autoscaling")
    with Stubber(scaling) as stub:
        stub.add_response("complete_lifecycle_action", {}, {**_NAMES, "LifecycleActionResult": "CONTINUE"})
        assert await Group(scaling, "pictures", "ending", "i-1").acknowledge()
        stub.assert_no_pending_responses()


async def test_a_hook_that_does_not_wait_is_no_failure() -> None:
    scaling = _client("autoscaling")
    with Stubber(scaling) as stub:
        stub.add_client_error("complete_lifecycle_action", "ValidationError", _OVER)
        assert not await Group(scaling, "pictures", "ending", "i-1").acknowledge()


async def test_a_hook_that_waits_later_is_told_then_whatever_fails_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ekiben.deploy.agent.aws._AGAIN_S", 0.01)
    scaling = _client("autoscaling")
    with Stubber(scaling) as stub:
        stub.add_client_error("complete_lifecycle_action", "ValidationError", _OVER)
        stub.add_client_error("complete_lifecycle_action", "Throttling", "Rate exceeded")
        stub.add_response("complete_lifecycle_action", {}, {**_NAMES, "LifecycleActionResult": "CONTINUE"})
        assert await Group(scaling, "pictures", "ending", "i-1").acknowledge_later(5)
        stub.assert_no_pending_responses()


async def test_a_missing_right_is_told() -> None:
    scaling = _client("autoscaling")
    with Stubber(scaling) as stub:
        stub.add_client_error("complete_lifecycle_action", "AccessDenied", "autoscaling:CompleteLifecycleAction")
        with pytest.raises(ClientError, match="CompleteLifecycleAction"):
            await Group(scaling, "pictures", "ending", "i-1").acknowledge()


async def test_heartbeats_end_with_the_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ekiben.deploy.agent.aws.HEARTBEAT_S", 0.01)
    scaling = _client("autoscaling")
    with Stubber(scaling) as stub:
        stub.add_response("record_lifecycle_action_heartbeat", {}, _NAMES)
        stub.add_client_error("record_lifecycle_action_heartbeat", "Throttling", "Rate exceeded")
        stub.add_response("record_lifecycle_action_heartbeat", {}, _NAMES)
        stub.add_client_error("record_lifecycle_action_heartbeat", "ValidationError", _OVER)
        await asyncio.wait_for(Group(scaling, "pictures", "ending", "i-1").keep_waiting(), 5)
        stub.assert_no_pending_responses()
