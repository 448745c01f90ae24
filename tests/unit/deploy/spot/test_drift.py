"""What somebody changed by hand, or in the file, is shown and mended; what is not ours stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ekiben.deploy.spot.clients import Clients
from ekiben.deploy.spot.config_file import read_config
from ekiben.deploy.spot.opening import open_world
from ekiben.deploy.spot.plan import Action
from ekiben.deploy.spot.resource import SomebodyElses
from tests.unit.deploy.spot.account import account
from tests.unit.deploy.spot.acting import differing, down, up
from tests.unit.deploy.spot.files import CONFIG, write_config

_ALLOW_ALL = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


def test_changes_by_hand_are_shown_and_mended(aws: Clients, config_file: Path) -> None:
    up(aws, config_file)
    bucket = "ekiben-pictures-123456789012-us-east-1"
    aws.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    aws.autoscaling.delete_lifecycle_hook(
        AutoScalingGroupName="ekiben-pictures-sd-1.5", LifecycleHookName="terminating"
    )
    aws.iam.put_role_policy(
        RoleName="ekiben-pictures-workers-us-east-1",
        PolicyName="more",
        PolicyDocument=_ALLOW_ALL,
    )
    groups = aws.ec2.describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["ekiben-pictures-control-firewall"]}]
    )
    aws.ec2.authorize_security_group_ingress(
        GroupId=groups["SecurityGroups"][0]["GroupId"],
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )
    aws.logs.delete_log_group(logGroupName="/ekiben/pictures/control")

    shown = {change.name: change for change in differing(aws, config_file)}
    fields = {name: {difference.field for difference in change.differences} for name, change in shown.items()}
    assert fields == {
        "bucket": {"versioning"},
        "workers-sd-1.5": {"hooks"},
        "workers-role": {"policies"},
        "control-firewall-rules": {"inbound"},
        "logs-control": set(),
    }
    assert shown["logs-control"].action is Action.CREATE
    up(aws, config_file)
    assert differing(aws, config_file) == []


def test_a_template_s_version_made_by_hand_is_shown_and_another_takes_its_place(
    aws: Clients, config_file: Path
) -> None:
    up(aws, config_file)
    names: Any = {"LaunchTemplateName": "ekiben-pictures-sd-1.5"}
    bare: Any = {"ImageId": "ami-12c6146b", "InstanceType": "m5.large"}
    number = aws.ec2.create_launch_template_version(**names, LaunchTemplateData=bare)["LaunchTemplateVersion"]
    aws.ec2.modify_launch_template(**names, DefaultVersion=str(number["VersionNumber"]))
    (shown,) = differing(aws, config_file)
    assert shown.name == "template-sd-1.5"
    assert {"IamInstanceProfile", "SecurityGroupIds", "UserData"} <= {each.field for each in shown.differences}
    up(aws, config_file)
    assert differing(aws, config_file) == []
    (template,) = aws.ec2.describe_launch_templates(LaunchTemplateNames=["ekiben-pictures-sd-1.5"])["LaunchTemplates"]
    assert (template["DefaultVersionNumber"], template["LatestVersionNumber"]) == (3, 3)


def test_what_the_controller_moves_is_no_drift(aws: Clients, config_file: Path) -> None:
    up(aws, config_file)
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName="ekiben-pictures-sd-1.5", DesiredCapacity=60)
    assert differing(aws, config_file) == []


def test_a_change_keeps_the_version_and_the_on_demand_base(aws: Clients, tmp_path: Path) -> None:
    def group() -> Any:
        named = ["ekiben-pictures-sd-1.5"]
        return aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=named)["AutoScalingGroups"][0]

    up(aws, write_config(tmp_path))
    policy = group()["MixedInstancesPolicy"]
    policy["LaunchTemplate"]["LaunchTemplateSpecification"].pop("LaunchTemplateName", None)
    policy["InstancesDistribution"]["OnDemandBaseCapacity"] = 20
    aws.autoscaling.update_auto_scaling_group(
        AutoScalingGroupName="ekiben-pictures-sd-1.5", MixedInstancesPolicy=policy
    )
    new = {**CONFIG["workers"][0], "image": "text_to_image:1.1.0-cuda", "most": 6}
    up(aws, write_config(tmp_path, workers=[new]))
    after = group()
    assert after["MaxSize"] == 60
    assert after["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"]["Version"] == "1"
    assert after["MixedInstancesPolicy"]["InstancesDistribution"]["OnDemandBaseCapacity"] == 20


def test_a_model_that_is_no_longer_named_goes(aws: Clients, tmp_path: Path) -> None:
    other = {**CONFIG["workers"][0], "model": "emoji-128"}
    up(aws, write_config(tmp_path, workers=[*CONFIG["workers"], other]))
    less = write_config(tmp_path)
    removed = {change.name for change in differing(aws, less) if change.action is Action.DELETE}
    assert removed == {"workers-emoji-128", "template-emoji-128", "repository-emoji-128", "logs-emoji-128"}
    up(aws, less)
    assert differing(aws, less) == []


def test_others_in_the_account_are_left_alone(aws: Clients, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    up(aws, write_config(tmp_path / "theirs", name="pictures-2"))
    vpc = aws.ec2.create_vpc(CidrBlock="10.83.0.0/16")["Vpc"]["VpcId"]
    aws.ec2.create_security_group(GroupName="ekiben-pictures-control-firewall", Description="theirs", VpcId=vpc)
    aws.iam.create_role(RoleName="ekiben-pictures-theirs", AssumeRolePolicyDocument="{}")
    aws.logs.create_log_group(logGroupName="/ekiben/pictures/theirs")
    aws.ssm.put_parameter(Name="/ekiben/pictures/theirs", Value="x", Type="String")
    aws.ecr.create_repository(repositoryName="ekiben/pictures/theirs")
    before = account(aws)
    ours = write_config(tmp_path)
    up(aws, ours)
    down(aws, ours)
    assert account(aws) == before


@pytest.mark.parametrize("what", ["bucket", "role", "logs", "repository", "parameter", "profile"])
def test_a_name_that_is_taken_stops_up_and_is_passed_by_down(aws: Clients, config_file: Path, what: str) -> None:
    role = "ekiben-pictures-control-us-east-1"
    _take(aws, what, role)
    before = account(aws)
    with pytest.raises(SomebodyElses, match="somebody else's"):
        up(aws, config_file)
    down(aws, config_file)
    assert account(aws) == before


def _take(aws: Clients, what: str, role: str) -> None:
    match what:
        case "bucket":
            tags: Any = {"Tags": [{"Key": "owner", "Value": "them"}]}
            aws.s3.create_bucket(Bucket="ekiben-pictures-123456789012-us-east-1", CreateBucketConfiguration=tags)
        case "role":
            aws.iam.create_role(RoleName=role, AssumeRolePolicyDocument="{}")
        case "logs":
            aws.logs.create_log_group(logGroupName="/ekiben/pictures/control")
        case "repository":
            aws.ecr.create_repository(repositoryName="ekiben/pictures/gateway")
        case "parameter":
            aws.ssm.put_parameter(Name="/ekiben/pictures/keys", Value="x", Type="SecureString")
        case "profile":
            aws.iam.create_instance_profile(InstanceProfileName=role)


def test_data_is_kept_when_asked_and_taken_up_again(aws: Clients, config_file: Path) -> None:
    bucket = "ekiben-pictures-123456789012-us-east-1"
    up(aws, config_file)
    volume = _volume(aws)
    aws.s3.delete_bucket_policy(Bucket=bucket)  # It asks for TLS, which moto does not speak.
    aws.s3.put_object(Bucket=bucket, Key="objects/a", Body=b"x")
    down(aws, config_file, keep_data=True)
    assert aws.s3.get_object(Bucket=bucket, Key="objects/a")["Body"].read() == b"x"
    up(aws, config_file)
    assert _volume(aws) == volume
    aws.s3.delete_bucket_policy(Bucket=bucket)
    down(aws, config_file)
    assert bucket not in account(aws)["buckets"]


def test_the_bucket_answers_tls_only(aws: Clients, config_file: Path) -> None:
    up(aws, config_file)
    with pytest.raises(aws.s3.exceptions.ClientError, match="403"):
        aws.s3.put_object(Bucket="ekiben-pictures-123456789012-us-east-1", Key="objects/a", Body=b"x")


def test_a_volume_that_is_gone_is_restored_from_its_newest_snapshot(aws: Clients, config_file: Path) -> None:
    up(aws, config_file)
    deployment = open_world(read_config(config_file), aws).deployment
    tags = deployment.tagged("snapshot", "data-snapshot")
    snapshot = aws.ec2.create_snapshot(VolumeId=_volume(aws), TagSpecifications=tags)["SnapshotId"]
    aws.ec2.delete_volume(VolumeId=_volume(aws))
    up(aws, config_file)
    found = aws.ec2.describe_volumes(VolumeIds=[_volume(aws)])["Volumes"][0]
    assert found["SnapshotId"] == snapshot
    assert found["Encrypted"]


def test_a_volume_moves_to_another_zone_with_its_data(aws: Clients, tmp_path: Path) -> None:
    up(aws, write_config(tmp_path))
    old = _volume(aws)
    moved = write_config(tmp_path, control={**CONFIG["control"], "zone": "us-east-1b"})
    down(aws, moved, keep_data=True)
    up(aws, moved)
    found = aws.ec2.describe_volumes(VolumeIds=[_volume(aws)])["Volumes"][0]
    assert found["VolumeId"] != old
    assert found["AvailabilityZone"] == "us-east-1b"
    snapshots = aws.ec2.describe_snapshots(SnapshotIds=[str(found["SnapshotId"])])["Snapshots"]
    assert snapshots[0]["VolumeId"] == old


def _volume(aws: Clients) -> str:
    filters: Any = [{"Name": "tag:ekiben:resource", "Values": ["data-volume"]}]
    volumes = aws.ec2.describe_volumes(Filters=filters)["Volumes"]
    assert len(volumes) == 1
    return volumes[0]["VolumeId"]
