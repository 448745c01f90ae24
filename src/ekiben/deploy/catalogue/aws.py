"""Clients of what knows prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ekiben.deploy.aws import connect

if TYPE_CHECKING:
    from ekiben.deploy.catalogue.refresh import PricingClient
    from ekiben.deploy.catalogue.spot_prices import SpotClient

_PRICING_REGION = "us-east-1"  # one of the few that have the pricing API; it knows the prices of all


def pricing_client() -> PricingClient:
    """Of the pricing API.

    Raises:
        OperatorError: boto3 is not installed, or its profile is not there.
    """
    client: PricingClient = connect("pricing", _PRICING_REGION)
    return client


def ec2_client(region: str) -> SpotClient:
    """Of EC2.

    Raises:
        OperatorError: boto3 is not installed, or its profile is not there.
    """
    client: SpotClient = connect("ec2", region)
    return client
