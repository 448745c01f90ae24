from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ekiben.deploy.spot.config_file import read_config
from ekiben.errors import ConfigurationError
from tests.repo.paths import PROJECT
from tests.unit.deploy.spot.files import CONFIG, write_config

CONTROL, WORKERS = CONFIG["control"], CONFIG["workers"][0]
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"


def test_the_example_is_valid() -> None:
    assert read_config(PROJECT / "deploy" / "spot.yaml").name == "pictures"


def test_files_are_looked_for_beside_the_configuration(tmp_path: Path) -> None:
    assert read_config(write_config(tmp_path)).secrets.keys_file == tmp_path / "keys.jsonl"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "Pictures"}, "name"),
        ({"name": "a-name-of-more-than-twenty"}, "name"),
        ({"colour": "red"}, "colour"),
        ({"zones": ["us-east-1a"]}, "zones"),
        ({"zones": ["us-east-1a", "eu-west-1a"]}, "zones"),
        ({"logs_days": 10}, "logs_days"),
        ({"network": {"vpc": "vpc-0123"}}, "network"),
        ({"control": {**CONTROL, "image": "ekiben"}}, "control.image"),
        ({"control": {**CONTROL, "zone": "us-east-1f"}}, "control.zone"),
        ({"control": {**CONTROL, "valkey_url": "valkey://:password@jobs:6379"}}, "control.valkey_url"),
        ({"workers": []}, "workers"),
        ({"workers": [WORKERS, WORKERS]}, "workers"),
        ({"workers": [{**WORKERS, "least": 9}]}, "workers.0"),
        ({"workers": [{**WORKERS, "model": "control"}]}, "workers.0.model"),
        ({"workers": [{**WORKERS, "model": "firewall"}]}, "workers.0.model"),
        ({"workers": [{**WORKERS, "types": {"g5.xlarge": 1.0, "g6.xlarge": None}}]}, "workers.0"),
        ({"workers": [{**WORKERS, "start_s": 7201}]}, "workers.0.start_s"),
        ({"entrance": {"allow": ["0.0.0.0/0"]}}, "entrance"),
        ({"entrance": {"allow": ["everybody"]}}, "entrance.allow"),
        ({"budget": {"usd_per_month": 10, "email": "nobody"}}, "budget.email"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigurationError, match=field.replace(".", r"\.")):
        read_config(write_config(tmp_path, **changes))


def test_everybody_may_call_over_https(tmp_path: Path) -> None:
    config = read_config(write_config(tmp_path, entrance={"allow": ["0.0.0.0/0"], "certificate_arn": CERTIFICATE}))
    assert config.entrance.certificate_arn == CERTIFICATE


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--config names another"):
        read_config(tmp_path / "spot.yaml")
