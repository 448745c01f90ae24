"""A deployment, and AWS simulated over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ekiben.deploy.spot.clients import Clients, make_clients
from tests.simulated_aws import ask, simulated_aws
from tests.unit.deploy.spot.account import emptied
from tests.unit.deploy.spot.files import write_config
from tests.unit.deploy.spot.missing import complete, mend_moto


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    mend_moto()
    with simulated_aws() as url:
        yield url


@pytest.fixture
def aws(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Clients:
    """Clients of an account with nothing but AWS's own things in it."""
    ask(moto_url, monkeypatch)
    emptied(moto_url)
    clients = make_clients("us-east-1")
    complete(clients, make_clients("us-east-1"))
    return clients


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    return write_config(tmp_path)
