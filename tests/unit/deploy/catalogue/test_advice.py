from __future__ import annotations

import pytest

from ekiben.deploy.catalogue.advice import right_size
from ekiben.deploy.catalogue.catalogue_file import read_catalogue
from ekiben.deploy.catalogue.cost import quotes
from ekiben.deploy.catalogue.measurement import Measurement


def test_the_cheapest_size_that_is_not_too_busy() -> None:
    measured = [
        Measurement(model="m", instance_type="g5.xlarge", images_per_s=1),
        Measurement(model="m", instance_type="g5.12xlarge", images_per_s=4, gpus=4),
    ]
    small, large = right_size(quotes(measured, read_catalogue(), {}), images_per_s=2)
    assert (small.quote.measurement.instance_type, small.instances) == ("g5.xlarge", 3)
    assert (large.instances, large.utilization) == (1, 0.5)
    assert small.usd_per_month == pytest.approx(3 * 1.006 * 730)
    assert small.usd_per_1000_images == pytest.approx(1000 * 3 * 1.006 / 7200)
