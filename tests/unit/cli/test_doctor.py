"""Each check of `ekiben doctor` over facts made for it."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ekiben.cards.card import Card
from ekiben.cards.catalogue import load_catalogue
from ekiben.cli import doctor as checks
from ekiben.cli.main import app
from ekiben.devices.machine import Machine
from ekiben.settings import Settings

_CARDS = load_catalogue(Path(__file__).parents[3] / "models").served


@pytest.fixture
def facts(tmp_path: Path) -> checks.Facts:
    """A machine on which everything is well."""
    return checks.Facts(
        settings=Settings(run_dir=tmp_path / "run", bentoml_home=tmp_path, port=1),
        cards=_CARDS,
        machine=Machine(threads=64, memory_gib=512),
        python=(3, 12),
        environment={},
        free_bytes=2**40,
        open_files=65_536,
        modules={"uvloop": True, "httptools": True},
        gpu=False,
        providers=("CPUExecutionProvider",),
        neighbours=(),
    )


def _with(facts: checks.Facts, **settings: Any) -> checks.Facts:
    return replace(facts, settings=facts.settings.model_copy(update=settings))


_NEED_NO_STATE = [check for check in checks.CHECKS if check not in (checks.check_weights, checks.check_gateway_port)]


@pytest.mark.parametrize("check", _NEED_NO_STATE)
def test_a_good_machine_passes(check: Any, facts: checks.Facts) -> None:
    found = check(replace(facts, settings=facts.settings.model_copy(update={"run_dir": Path("/tmp/ekiben-x")})))
    assert found.grade == "ok", found
    assert found.advice == ""


@pytest.mark.parametrize(
    ("check", "change", "grade"),
    [
        (checks.check_python, {"python": (3, 14)}, "fail"),
        (checks.check_python, {"python": (3, 10)}, "fail"),
        (checks.check_disk, {"free_bytes": 10**9}, "warn"),
        (checks.check_memory, {"machine": Machine(threads=4, memory_gib=0.5)}, "fail"),
        (checks.check_threads, {"machine": Machine(threads=1, memory_gib=64)}, "warn"),
        (checks.check_speedups, {"modules": {"uvloop": True}}, "warn"),
        (checks.check_gpu, {"gpu": True}, "warn"),
        (checks.check_neighbours, {"neighbours": (7,)}, "warn"),
        (checks.check_containerized, {"environment": {"BENTOML_CONTAINERIZED": "true"}}, "warn"),
        (checks.check_open_files, {"open_files": 1024}, "warn"),
        (checks.check_proxies, {"environment": {"http_proxy": "http://proxy:8080"}}, "warn"),
        (checks.check_proxies, {"environment": {"HTTPS_PROXY": "http://proxy", "NO_PROXY": "localhost"}}, "warn"),
    ],
)
def test_what_is_wrong_is_told_with_advice(check: Any, change: dict[str, Any], grade: str, facts: checks.Facts) -> None:
    found = check(replace(facts, **change))
    assert found.grade == grade
    assert found.advice


def test_a_gpu_that_onnx_runtime_can_use_is_well(facts: checks.Facts) -> None:
    usable = replace(facts, gpu=True, providers=("CUDAExecutionProvider", "CPUExecutionProvider"))
    assert checks.check_gpu(usable).grade == "ok"


def test_excluded_local_addresses_make_a_proxy_harmless(facts: checks.Facts) -> None:
    environment = {"HTTP_PROXY": "http://proxy", "no_proxy": "localhost, 127.0.0.1"}
    assert checks.check_proxies(replace(facts, environment=environment)).grade == "ok"


def test_missing_weights_fail_and_name_the_command(facts: checks.Facts) -> None:
    found = checks.check_weights(facts)
    assert found.grade == "fail"
    assert "ekiben models pull" in found.found


def test_a_taken_port_fails(facts: checks.Facts) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert checks.check_gateway_port(_with(facts, port=port)).grade == "fail"
    assert checks.check_gateway_port(_with(facts, port=port)).grade == "ok"


def test_a_long_run_folder_fails(facts: checks.Facts) -> None:
    found = checks.check_run_dir(_with(facts, run_dir=Path("/tmp") / ("x" * 90)))
    assert found.grade == "fail"
    assert "too long" in found.found


def test_a_run_folder_others_can_write_to_fails(facts: checks.Facts, tmp_path: Path) -> None:
    short = Path("/tmp") / f"ekiben-doctor-{tmp_path.name[-20:]}"
    short.mkdir()
    try:
        short.chmod(0o777)
        assert checks.check_run_dir(_with(facts, run_dir=short)).grade == "fail"
        short.chmod(0o700)
        assert checks.check_run_dir(_with(facts, run_dir=short)).grade == "ok"
    finally:
        short.rmdir()


def test_an_open_host_without_keys_fails(facts: checks.Facts) -> None:
    assert checks.check_keys(_with(facts, host="0.0.0.0")).grade == "fail"


def test_a_keys_file_that_others_may_read_fails(facts: checks.Facts, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.touch(mode=0o644)
    keys.chmod(0o644)
    assert checks.check_keys(_with(facts, keys_file=keys)).grade == "fail"
    keys.chmod(0o600)
    found = checks.check_keys(_with(facts, keys_file=keys))
    assert (found.grade, found.found.split()[0]) == ("warn", "0")


def test_the_command_prints_json_and_fails_where_a_check_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path))
    result = CliRunner().invoke(app, ["doctor", "--json"])
    findings = {finding["check"]: finding for finding in json.loads(result.stdout)}
    assert findings["weights"]["grade"] == "fail"
    assert result.exit_code == 1


def test_a_bad_folder_of_cards_is_one_finding_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EKIBEN_MODELS_DIR", str(tmp_path / "none"))
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert result.stdout.startswith("fail  cards")
    assert "Python" in result.stdout


def test_only_supervising_processes_count_as_neighbours() -> None:
    assert checks._serves(["/x/bin/python", "-m", "bentoml", "serve", "services:Gateway"])
    assert checks._serves(["/x/bin/python", "/x/bin/bentoml", "serve"])
    assert not checks._serves(["/x/bin/python", "-m", "_bentoml_impl.worker.service", "serve"])
    assert not checks._serves([])


def test_cards_are_read_once(facts: checks.Facts) -> None:
    found: list[Card] = list(checks.gather(facts.settings, _CARDS).cards)
    assert found == list(_CARDS)
