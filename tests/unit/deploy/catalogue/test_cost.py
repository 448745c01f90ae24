from __future__ import annotations

import pytest

from ekiben.deploy.catalogue.catalogue_file import read_catalogue
from ekiben.deploy.catalogue.cost import Market, quotes, usd_per_1000_images
from ekiben.deploy.catalogue.measurement import Measurement
from ekiben.errors import OperatorError


def test_a_thousand_pictures() -> None:
    assert usd_per_1000_images(3.6, 1.0) == pytest.approx(1.0)
    assert usd_per_1000_images(3.6, 1.0, utilization=0.5) == pytest.approx(2.0)


def test_both_markets_the_cheapest_first() -> None:
    measured = [
        Measurement(model="sd-1.5", instance_type="g5.xlarge", images_per_s=1),
        Measurement(model="sd-1.5", instance_type="p4d.24xlarge", images_per_s=8, gpus=8),
    ]
    found = quotes(measured, read_catalogue(), {"g5.xlarge": 0.4})
    assert [(q.measurement.instance_type, q.market) for q in found] == [
        ("g5.xlarge", Market.SPOT),
        ("g5.xlarge", Market.ON_DEMAND),
        ("p4d.24xlarge", Market.ON_DEMAND),
    ]
    assert found[0].usd_per_1000_images == pytest.approx(0.4 / 3.6)


def test_a_type_without_a_price() -> None:
    with pytest.raises(OperatorError):
        quotes([Measurement(model="x", instance_type="none", images_per_s=1)], read_catalogue(), {})
