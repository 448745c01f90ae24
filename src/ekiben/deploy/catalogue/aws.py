"""boto3's clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from ekiben.deploy.catalogue.refresh import PricingClient
    from ekiben.deploy.catalogue.spot_prices import SpotClient

_PRICING_REGION = "us-east-1"  # one of the few that have the pricing API; it knows the prices of all


def pricing_client() -> PricingClient:
    """Of the pricing API, with the credentials that boto3 finds by itself."""
    client: PricingClient = _client("pricing", _PRICING_REGION)
    return client


def ec2_client(region: str) -> SpotClient:
    """Of EC2, with the credentials that boto3 finds by itself."""
    client: SpotClient = _client("ec2", region)
    return client


def _client(service: str, region: str) -> Any:
    try:
        import boto3
    except ModuleNotFoundError:
        raise OperatorError("asking AWS needs boto3: pip install 'ekiben[spot]'") from None
    # Its stubs know a service by its literal name only.
    connect: Any = boto3.client
    return connect(service, region_name=region)
