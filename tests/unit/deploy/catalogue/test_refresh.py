"""The pricing API by botocore's stub, which checks requests and answers against AWS's own description of the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from ekiben.deploy.catalogue.catalogue_file import read_catalogue
from ekiben.deploy.catalogue.instance import Catalogue
from ekiben.deploy.catalogue.refresh import refresh
from ekiben.errors import OperatorError

TODAY = date(2026, 1, 2)


@pytest.fixture
def pricing() -> Any:
    return boto3.client("pricing", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")


@pytest.fixture
def stub(pricing: Any) -> Iterator[Stubber]:
    with Stubber(pricing) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def one_type() -> Catalogue:
    full = read_catalogue()
    return Catalogue(region=full.region, as_of=full.as_of, outdated=("g5.xlarge",), types=(full.get("g5.xlarge"),))


def product(usd: str, unit: str = "Hrs") -> str:
    dimension = {"unit": unit, "pricePerUnit": {"USD": usd}}
    return json.dumps({"terms": {"OnDemand": {"one": {"priceDimensions": {"one": dimension}}}}})


def expected(**more: str) -> dict[str, Any]:
    return {"ServiceCode": "AmazonEC2", "Filters": ANY, **more}


def test_the_price_of_today_over_several_pages(pricing: Any, stub: Stubber) -> None:
    stub.add_response("get_products", {"PriceList": [product("0.0")], "NextToken": "next"}, expected())
    stub.add_response("get_products", {"PriceList": [product("1.1")]}, expected(NextToken="next"))
    found = refresh(one_type(), pricing, TODAY)
    assert found.types[0].usd_per_h == 1.1
    assert (found.as_of, found.outdated) == (TODAY, ())


@pytest.mark.parametrize("prices", [[], [product("1.0"), product("2.0")], [product("1.0", unit="Quantity")]])
def test_no_price_and_two_prices_are_refused(pricing: Any, stub: Stubber, prices: list[str]) -> None:
    stub.add_response("get_products", {"PriceList": prices}, expected())
    with pytest.raises(OperatorError, match=r"on-demand prices for g5\.xlarge"):
        refresh(one_type(), pricing, TODAY)
