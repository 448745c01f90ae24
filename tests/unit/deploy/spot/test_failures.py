from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ekiben.deploy.spot.clients import Clients, make_clients
from ekiben.deploy.spot.config_file import read_config
from ekiben.deploy.spot.failures import MissingRight, told
from ekiben.deploy.spot.opening import open_world
from ekiben.errors import ConfigurationError, OperatorError
from tests.unit.deploy.spot.files import CONFIG, write_config


def _refused(code: str, message: str = "No.") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "CreateVpc")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ExpiredToken", "have expired"),
        ("RequestExpired", "have expired"),
        ("InvalidClientTokenId", "does not know these credentials"),
        ("AuthFailure", "does not know these credentials"),
        ("VpcLimitExceeded", "--service-code vpc --quota-code L-F678F1CE"),
        ("AddressLimitExceeded", "--service-code ec2 --quota-code L-0263D0A3"),
        ("VcpuLimitExceeded", "L-DB2E81BA"),
        ("MaxSpotInstanceCountExceeded", "L-3819A6DF"),
        ("InsufficientInstanceCapacity", "no capacity now"),
        ("SomethingElse", "SomethingElse"),
    ],
)
def test_what_aws_says_is_told_with_what_to_do(code: str, said: str) -> None:
    with pytest.raises(OperatorError, match=said), told():
        raise _refused(code)


def test_the_action_and_the_resource_that_aws_names_are_told() -> None:
    what = "iam:PassRole on resource: arn:aws:iam::1:role/r because no policy allows it"
    message = f"User: arn:aws:iam::1:user/a is not authorized to perform: {what}"
    with pytest.raises(MissingRight, match="iam:PassRole on arn:aws:iam::1:role/r") as found, told():
        raise _refused("AccessDenied", message)
    assert found.value.action == "iam:PassRole"


@pytest.mark.usefixtures("aws")
def test_no_credentials(config_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(OperatorError, match="no AWS credentials"):
        open_world(read_config(config_file), make_clients("us-east-1"))


@pytest.mark.parametrize(
    ("types", "said"),
    [
        ({"g9.xlarge": None}, "us-east-1 has no instance type g9.xlarge"),
        ({"g5.xlarge": None, "c5.xlarge": None}, "GPUs or none"),
    ],
)
def test_types_are_checked_before_anything_is_made(
    aws: Clients, tmp_path: Path, types: dict[str, Any], said: str
) -> None:
    config = write_config(tmp_path, workers=[{**CONFIG["workers"][0], "types": types}])
    with pytest.raises(ConfigurationError, match=said):
        open_world(read_config(config), aws)


def test_a_control_node_without_nvme_could_not_find_its_volume(aws: Clients, tmp_path: Path) -> None:
    old = {**CONFIG["control"], "instance_type": "t2.medium"}
    with pytest.raises(ConfigurationError, match=r"control\.instance_type: t2\.medium .* NVMe"):
        open_world(read_config(write_config(tmp_path, control=old)), aws)
    managed = write_config(tmp_path, control={**old, "valkey_url": "rediss://jobs.example.com:6379/0"})
    assert open_world(read_config(managed), aws).deployment.hardware["t2.medium"].nvme is False


def test_a_zone_without_the_type_is_told(aws: Clients, tmp_path: Path) -> None:
    config = write_config(
        tmp_path, zones=["us-east-1a", "us-east-1e"], control={**CONFIG["control"], "zone": "us-east-1e"}
    )
    with pytest.raises(ConfigurationError, match=r"us-east-1e has no t3\.medium; us-east-1a have it"):
        open_world(read_config(config), aws)
