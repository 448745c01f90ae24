"""Settings with which gateways and workers on different machines could not find each other stop the start."""

from __future__ import annotations

from typing import Any

import pytest

from ekiben.errors import ConfigurationError
from ekiben.policy.elsewhere import check_advertised, check_elsewhere, check_one_model
from ekiben.settings import load_settings

VALKEY = "valkey://10.0.0.2:6379"
URL = "http://10.0.1.17:3100"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"workers_elsewhere": "toi", "valkey_url": VALKEY}, "EKIBEN_WORKERS_ELSEWHERE names toi, not served here"),
        ({"workers_elsewhere": "toy"}, "EKIBEN_WORKERS_ELSEWHERE needs EKIBEN_VALKEY_URL"),
        ({"workers_elsewhere": "toy", "valkey_url": VALKEY, "worker_urls": {"toy": [URL]}}, "both name toy"),
    ],
)
def test_a_gateway_that_could_not_find_its_workers(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        check_elsewhere(["toy", "other"], load_settings(**given))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"valkey_url": VALKEY}, "EKIBEN_WORKER_ADVERTISE needs EKIBEN_WORKER_LISTEN"),
        ({"worker_listen": "0.0.0.0:3100"}, "EKIBEN_WORKER_ADVERTISE needs EKIBEN_VALKEY_URL"),
    ],
)
def test_a_worker_that_nobody_could_find(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        check_advertised(load_settings(worker_advertise=URL, **given))


def test_a_url_that_is_none_names_its_variable() -> None:
    with pytest.raises(ConfigurationError, match=r"EKIBEN_WORKER_ADVERTISE: .*http://host:port"):
        load_settings(worker_advertise="10.0.1.17:3100")


def test_what_is_right_passes() -> None:
    settings = load_settings(workers_elsewhere="toy, other", valkey_url=VALKEY)
    check_elsewhere(["toy", "other"], settings)
    assert (settings.is_elsewhere("other"), settings.is_elsewhere("third")) == (True, False)
    check_advertised(load_settings(worker_advertise=URL, worker_listen="0.0.0.0:3100", valkey_url=VALKEY))


def test_one_port_has_one_model_behind_it() -> None:
    settings = load_settings(worker_listen="127.0.0.1:3100")
    check_one_model(["toy"], settings)
    with pytest.raises(ConfigurationError, match="toy, other would be started"):
        check_one_model(["toy", "other"], settings)
    check_one_model(["toy", "other"], load_settings())
