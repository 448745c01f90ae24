from __future__ import annotations

from ekiben.deploy.catalogue.aws import ec2_client, pricing_client


def test_clients_are_boto3_s() -> None:
    assert hasattr(pricing_client(), "get_products")
    assert hasattr(ec2_client("eu-west-1"), "describe_spot_price_history")
