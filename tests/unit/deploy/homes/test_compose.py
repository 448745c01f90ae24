"""The compose file: valid, hardened, and every name in it leads somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any, Final

import pytest
import yaml

from ekiben.cards.catalogue import load_catalogue
from ekiben.settings import Settings
from scripts.lib.helm import PROJECT

_FOLDER: Final = PROJECT / "deploy" / "compose"
_TEXT: Final = (_FOLDER / "compose.yaml").read_text(encoding="utf-8")
_COMPOSE: Final[dict[str, Any]] = yaml.safe_load(_TEXT)
_SERVICES: Final[dict[str, dict[str, Any]]] = _COMPOSE["services"]
_LASTING: Final = [name for name in _SERVICES if name != "folders"]
_WORKERS: Final = [
    name for name, service in _SERVICES.items() if "EKIBEN_WORKER_LISTEN" in service.get("environment", {})
]
each_service = pytest.mark.parametrize("name", _LASTING)


def test_it_is_a_compose_file() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(_FOLDER / "compose.yaml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@each_service
def test_a_service_can_do_no_more_than_it_must(name: str) -> None:
    service = _SERVICES[name]
    assert service["user"].startswith("${EKIBEN_UID")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"cpus", "memory"} <= set(service["deploy"]["resources"]["limits"])
    assert re.search(r":[\w.-]+\}?$", service["image"])
    assert "latest" not in service["image"]


@each_service
def test_a_service_has_a_health_check(name: str) -> None:
    assert name in _WORKERS or _SERVICES[name]["healthcheck"]["test"], "a worker's is its image's"


def test_what_root_does_is_done_without_a_network() -> None:
    folders = _SERVICES["folders"]
    assert folders["cap_drop"] == ["ALL"]
    assert folders["cap_add"] == ["CHOWN"]
    assert folders["network_mode"] == "none"
    assert set(folders["command"]) == {volume.partition(":")[2] for volume in folders["volumes"]}
    assert {volume.partition(":")[0] for volume in folders["volumes"]} == set(_COMPOSE["volumes"])


def test_callers_see_the_proxy_and_nothing_else() -> None:
    published = {name: service["ports"] for name, service in _SERVICES.items() if "ports" in service}
    assert set(published) == {"proxy", "grafana"}
    assert all(port.startswith("127.0.0.1:") for port in published["grafana"])
    assert [name for name, service in _SERVICES.items() if "callers" in service.get("networks", [])] == [
        "proxy",
        "gateway",
    ]


def test_workers_and_valkey_have_no_way_out() -> None:
    assert _COMPOSE["networks"]["inside"] == {"internal": True}
    for name in [*_WORKERS, "valkey"]:
        assert _SERVICES[name]["networks"] == ["inside"]


@each_service
def test_secrets_and_folders_are_those_that_are_declared(name: str) -> None:
    service = _SERVICES[name]
    assert set(service.get("secrets", [])) <= set(_COMPOSE["secrets"])
    assert set(service["networks"]) <= set(_COMPOSE["networks"])
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        assert source in _COMPOSE["volumes"] or (_FOLDER / source).exists(), volume
    for path in re.findall(r"/run/secrets/(\w+)", str(service)):
        assert path in service["secrets"]


def test_settings_are_known_and_none_is_secret() -> None:
    known = {f"EKIBEN_{setting.upper()}" for setting in Settings.model_fields}
    for name in ["gateway", *_WORKERS]:
        given = {variable for variable in _SERVICES[name]["environment"] if variable.startswith("EKIBEN_")}
        assert given <= known, name
        assert not given & {"EKIBEN_VALKEY_URL", "EKIBEN_WORKER_TOKEN", "EKIBEN_LINK_SECRET"}, name
        files = {secret.upper() for secret in _SERVICES[name]["secrets"] if secret.startswith("ekiben_")}
        assert files <= known, name


def test_every_model_of_the_gateways_has_a_worker_and_a_card() -> None:
    environment = _SERVICES["gateway"]["environment"]
    models = environment["EKIBEN_ONLY"].split(",")
    assert environment["EKIBEN_WORKERS_ELSEWHERE"].split(",") == models
    assert {_SERVICES[name]["environment"]["EKIBEN_ONLY"] for name in _WORKERS} == set(models)
    assert set(models) <= {card.name for card in load_catalogue(PROJECT / "models").served}


def test_a_worker_has_the_time_that_its_drain_takes() -> None:
    drain_s = Settings.model_fields["drain_timeout_s"].default
    for name in _WORKERS:
        assert int(_SERVICES[name]["stop_grace_period"].removesuffix("s")) >= drain_s + 45
