from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ekiben.deploy.catalogue.catalogue_file import read_catalogue
from ekiben.deploy.control.prices import prices_now
from ekiben.errors import OperatorError
from tests.unit.deploy.control.account import Account

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_type_that_the_catalogue_does_not_have(account: Account) -> None:
    client: Any = account.ec2
    prices = prices_now(client, read_catalogue(None), {"g5.xlarge": 1, "g6e.xlarge": 2}, NOW)
    assert prices.by_type == {"g5.xlarge": 1.006}
    assert prices.on_demand == 1.006
    with pytest.raises(OperatorError, match=r"no on-demand price of g6e\.xlarge"):
        prices_now(client, read_catalogue(None), {"g6e.xlarge": 1}, NOW)
