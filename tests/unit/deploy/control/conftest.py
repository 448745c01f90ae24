from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulated_aws import simulated_aws
from tests.unit.deploy.control.account import Account


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with simulated_aws() as url:
        yield url


@pytest.fixture
def account(server: str) -> Account:
    return Account(server)
