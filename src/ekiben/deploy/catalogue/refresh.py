"""Today's on-demand prices, from AWS's pricing API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Protocol

from ekiben.deploy.catalogue.instance import Catalogue, InstanceType
from ekiben.errors import OperatorError


class PricingClient(Protocol):
    """What is used of boto3's `pricing` client, which exists in few regions; us-east-1 has it."""

    def get_products(self, **arguments: Any) -> Mapping[str, Any]:
        """A page of price lists."""
        ...


def refresh(catalogue: Catalogue, client: PricingClient, today: date) -> Catalogue:
    """The same types with the prices of today, in the catalogue's region.

    Args:
        catalogue: Which types.
        client: boto3's; it needs the right `pricing:GetProducts`.
        today: The day that is noted.

    Raises:
        OperatorError: AWS names no price, or several, for a type.
        botocore.exceptions.BotoCoreError, ClientError: AWS cannot be reached or refuses.
    """
    types = tuple(
        kind.model_copy(update={"usd_per_h": _price(kind, catalogue.region, client)}) for kind in catalogue.types
    )
    return Catalogue(region=catalogue.region, as_of=today, types=types)


def _price(kind: InstanceType, region: str, client: PricingClient) -> float:
    wanted = {
        "instanceType": kind.name,
        "regionCode": region,
        "operatingSystem": "Linux",
        "preInstalledSw": "NA",
        "tenancy": "Shared",
        "capacitystatus": "Used",
        "marketoption": "OnDemand",
    }
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()]
    prices = {price for product in _products(client, filters) for price in _on_demand(product) if price > 0}
    if len(prices) != 1:
        raise OperatorError(f"AWS states {len(prices)} on-demand prices for {kind.name} in {region}; one was expected")
    return prices.pop()


def _products(client: PricingClient, filters: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    token: dict[str, str] = {}
    while True:
        page = client.get_products(ServiceCode="AmazonEC2", Filters=filters, **token)
        yield from (json.loads(product) for product in page["PriceList"])
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def _on_demand(product: dict[str, Any]) -> Iterator[float]:
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            if dimension["unit"] == "Hrs":
                yield float(dimension["pricePerUnit"]["USD"])
