from __future__ import annotations

from collections.abc import Iterator

import pytest

from ekiben.deploy.spot.clients import make_clients
from ekiben.deploy.spot.config import SpotConfig
from ekiben.deploy.spot.deployment import Deployment
from ekiben.deploy.spot.world import World
from tests.simulated_aws import ask, simulated_aws
from tests.unit.deploy.control.account import ZONES, Account


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with simulated_aws() as url:
        yield url


@pytest.fixture
def account(server: str) -> Account:
    return Account(server)


@pytest.fixture
def world(account: Account, server: str, monkeypatch: pytest.MonkeyPatch) -> World:
    """The account's group as a deployment of one model."""
    ask(server, monkeypatch)
    config = SpotConfig.model_validate(
        {
            "name": account.name,
            "region": "us-east-1",
            "control": {"image": "ekiben:1", "instance_type": "t3.small"},
            "workers": [
                {"model": "pictures", "image": "pictures:1", "types": {"g5.xlarge": None}, "most": 4, "start_s": 240}
            ],
            "entrance": {"allow": ["10.0.0.0/8"]},
            "secrets": {"keys_file": "keys.jsonl"},
        }
    )
    clients = make_clients("us-east-1")
    account.put_into(clients.ec2, clients.autoscaling)
    return World(clients, Deployment(config, "123456789012", "aws", ZONES))
