"""Rules and dashboards ask for what is exported, and alerts come when they should."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from ekiben.settings import Settings
from scripts.lib.helm import PROJECT
from tests.unit.deploy.homes.exported import exported
from tests.unit.deploy.homes.tools import tool

_FOLDER: Final = PROJECT / "deploy" / "prometheus"
_RULES: Final = sorted((_FOLDER / "rules").glob("*.yaml"))
_DASHBOARDS: Final = sorted((PROJECT / "deploy" / "grafana").glob("*.json"))
_EXAMPLES: Final = sorted((PROJECT / "deploy" / "kubernetes").glob("*.yaml"))
_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_:]*")
_ADDED: Final = {"instance", "job", "worker", "model", "namespace"}
"""Labels of scrapes, and of what gateways pass on of their workers."""


def _rules() -> Iterator[dict[str, Any]]:
    for path in _RULES:
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            yield from group["rules"]


def _panels(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["panels"]
    return found


def _expressions() -> dict[str, str]:
    """By where they stand."""
    found = {str(rule.get("record") or rule["alert"]): str(rule["expr"]) for rule in _rules()}
    for path in _DASHBOARDS:
        for panel in _panels(path):
            found |= {f"{path.stem}: {panel['title']} {each['refId']}": each["expr"] for each in panel["targets"]}
    for path in _EXAMPLES:
        found |= {f"{path.stem}: {query}": query for query in re.findall(r"query: (.+)", path.read_text())}
    return found


_EXPRESSIONS: Final = _expressions()
_RECORDED: Final = {rule["record"] for rule in _rules() if "record" in rule}


@pytest.mark.parametrize("where", _EXPRESSIONS)
def test_every_metric_that_is_asked_for_is_there(where: str) -> None:
    bare = re.sub(r'"[^"]*"', '""', _EXPRESSIONS[where])
    asked = {name for name in _NAME.findall(bare) if "ekiben" in name}
    assert asked or "up{" in bare
    assert asked <= set(exported()) | _RECORDED


@pytest.mark.parametrize("where", _EXPRESSIONS)
def test_every_label_that_is_asked_for_is_there(where: str) -> None:
    known = exported()
    for name, selector in re.findall(r"(\bekiben_\w+)\{([^}]*)\}", _EXPRESSIONS[where]):
        if name in known:
            assert set(re.findall(r"(\w+)\s*[=!]~?\"", selector)) <= known[name] | _ADDED, name


def test_bounds_of_histograms_that_are_asked_for_are_there() -> None:
    buckets = (
        ("ekiben_request_duration_seconds", "ekiben.gateway.metrics"),
        ("ekiben_agent_drain_seconds", "ekiben.deploy.agent.metrics"),
    )
    for metric, module in buckets:
        bounds = {str(float(bound)) for bound in __import__(module, fromlist=["_SECONDS"])._SECONDS}
        asked = {
            bound
            for text in _EXPRESSIONS.values()
            for bound in re.findall(rf'{metric}_bucket{{[^}}]*le="([^"]+)"', text)
        }
        assert asked
        assert asked <= bounds


def test_every_recorded_series_is_used() -> None:
    used = {name for text in _EXPRESSIONS.values() for name in _NAME.findall(text)}
    assert sorted(_RECORDED - used) == []


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    for rule in _rules():
        if "alert" in rule:
            assert rule["labels"]["severity"] in {"page", "ticket"}, rule["alert"]
            assert {"summary", "action"} == set(rule["annotations"]), rule["alert"]


@pytest.mark.parametrize("path", _DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_is_laid_out_and_takes_its_source_by_name(path: Path) -> None:
    panels = _panels(path)
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
        assert panel["datasource"]["uid"] == "${source}"


def test_promtool_takes_rules_and_dashboards(tmp_path: Path) -> None:
    """It has no check of single expressions: those of dashboards become rules."""
    queries = [text.replace("$model", "m") for where, text in _EXPRESSIONS.items() if ": " in where]
    rules = [{"record": f"dashboards:{number}", "expr": text} for number, text in enumerate(queries)]
    (tmp_path / "dashboards.yaml").write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": rules}]}))
    files = [*map(str, _RULES), str(tmp_path / "dashboards.yaml")]
    _promtool("check", "rules", "--lint-fatal", *files)


def test_alerts_come_when_they_should_and_not_otherwise() -> None:
    _promtool("test", "rules", *map(str, sorted((_FOLDER / "tests").glob("*.yaml"))))


def test_every_alert_is_tried_or_too_simple_to_be() -> None:
    tried = set(
        re.findall(r"alertname: (\w+)", "".join(path.read_text() for path in (_FOLDER / "tests").glob("*.yaml")))
    )
    alerts = {rule["alert"] for rule in _rules() if "alert" in rule}
    assert tried <= alerts
    assert alerts - tried == {"EkibenGatewayGone", "EkibenDrainFailed", "EkibenAgentBlind"}


def test_promtool_takes_the_scrape_configuration(tmp_path: Path) -> None:
    text = (_FOLDER / "prometheus.yaml").read_text(encoding="utf-8")
    (tmp_path / "key").write_text("k")
    text = text.replace("/run/secrets/metrics_key", str(tmp_path / "key")).replace("/etc/prometheus", str(_FOLDER))
    (tmp_path / "prometheus.yaml").write_text(text)
    _promtool("check", "config", str(tmp_path / "prometheus.yaml"))
    (job,) = [each for each in yaml.safe_load(text)["scrape_configs"] if each["job_name"] == "ekiben"]
    assert job["dns_sd_configs"][0]["port"] == Settings.model_fields["port"].default


def _promtool(*arguments: str) -> None:
    done = subprocess.run([tool("promtool", "prometheus"), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
