"""What docs/runbook-recovery.md has an operator do by hand, `up` and `down` go along with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ekiben.deploy.spot.clients import Clients
from tests.unit.deploy.spot.acting import differing, down, up
from tests.unit.deploy.spot.files import CONFIG, write_config

_BUCKET = "ekiben-pictures-123456789012-us-east-1"
_DEPLOYMENT = {"Key": "ekiben:deployment", "Value": "pictures"}
_SNAPSHOT = {"Key": "ekiben:resource", "Value": "data-snapshot"}


def test_a_volume_taken_out_of_the_deployment_stays_and_another_is_made_of_the_newest_snapshot(
    aws: Clients, config_file: Path
) -> None:
    up(aws, config_file)
    old = _volumes(aws)[0]["VolumeId"]
    snapshot = _snapshot(aws, old)
    aws.ec2.delete_tags(Resources=[old], Tags=[{"Key": "ekiben:deployment"}])
    assert [change.name for change in differing(aws, config_file)] == ["data-volume"]
    up(aws, config_file)
    assert {volume["VolumeId"]: volume["SnapshotId"] for volume in _volumes(aws) if volume["VolumeId"] != old} == {
        _made_of(aws, snapshot): snapshot
    }
    assert old in {volume["VolumeId"] for volume in _volumes(aws)}


def test_a_deployment_leaves_a_zone_without_its_volume(aws: Clients, tmp_path: Path) -> None:
    up(aws, write_config(tmp_path))
    old = _volumes(aws)[0]["VolumeId"]
    snapshot = _snapshot(aws, old)
    elsewhere = write_config(
        tmp_path, zones=["us-east-1b", "us-east-1c"], control={**CONFIG["control"], "zone": "us-east-1b"}
    )
    aws.ec2.delete_tags(Resources=[old], Tags=[{"Key": "ekiben:deployment"}])
    down(aws, elsewhere, keep_data=True)
    up(aws, elsewhere)
    made = {volume["VolumeId"]: volume["AvailabilityZone"] for volume in _volumes(aws)}
    assert made == {old: "us-east-1a", _made_of(aws, snapshot): "us-east-1b"}


def test_a_bucket_made_before_with_the_tag_is_taken_with_what_is_in_it(aws: Clients, config_file: Path) -> None:
    tagged: Any = {"Tags": [_DEPLOYMENT]}
    aws.s3.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration=tagged)
    aws.s3.put_object(Bucket=_BUCKET, Key="objects/jobs/a", Body=b"x")
    up(aws, config_file)
    assert differing(aws, config_file) == []
    assert aws.s3.get_bucket_versioning(Bucket=_BUCKET)["Status"] == "Enabled"
    aws.s3.delete_bucket_policy(Bucket=_BUCKET)  # It answers TLS alone, and moto speaks none.
    assert aws.s3.get_object(Bucket=_BUCKET, Key="objects/jobs/a")["Body"].read() == b"x"


def _snapshot(aws: Clients, volume: str) -> str:
    tags: Any = [{"ResourceType": "snapshot", "Tags": [_DEPLOYMENT, _SNAPSHOT]}]
    return aws.ec2.create_snapshot(VolumeId=volume, TagSpecifications=tags)["SnapshotId"]


def _made_of(aws: Clients, snapshot: str) -> str:
    found: str
    (found,) = (volume["VolumeId"] for volume in _volumes(aws) if volume.get("SnapshotId") == snapshot)
    return found


def _volumes(aws: Clients) -> Any:
    """All that were ever the deployment's."""
    filters: Any = [{"Name": "tag:ekiben:resource", "Values": ["data-volume"]}]
    return aws.ec2.describe_volumes(Filters=filters)["Volumes"]
