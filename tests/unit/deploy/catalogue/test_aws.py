from __future__ import annotations

import pytest
from botocore.exceptions import NoCredentialsError

from ekiben.deploy.catalogue.aws import ec2_client, pricing_client, refused
from ekiben.errors import OperatorError


def test_clients_are_boto3_s() -> None:
    assert hasattr(pricing_client(), "get_products")
    assert hasattr(ec2_client("eu-west-1"), "describe_spot_price_history")


def test_what_aws_says_is_one_line_of_ours() -> None:
    with (
        pytest.raises(OperatorError, match="AWS does not tell spot prices: Unable to locate credentials"),
        refused("spot prices"),
    ):
        raise NoCredentialsError
