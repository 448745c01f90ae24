from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ekiben.cli.spot import app
from ekiben.errors import OperatorError


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["simulate", *arguments], catch_exceptions=False)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "toy.csv"
    path.write_text("".join(f"0,add,{node}\n" for node in "abcd") + "3600000,remove,a\n7200000,add,e\n")
    return path


def test_a_table_of_a_trace(trace: Path) -> None:
    result = run(str(trace), "--demand", "3", "--cold-start", "60")
    assert result.exit_code == 0
    assert "toy: 2.0 h, 1 pool, cold start 60 s" in result.stdout
    assert "SpotHedge +1" in result.stdout


def test_json_is_the_same_for_the_same_seed() -> None:
    arguments = ("--demand", "4", "--hours", "3", "--seed", "5", "--json")
    first, second = run(*arguments), run(*arguments)
    assert first.stdout == second.stdout
    (found,) = json.loads(first.stdout)
    assert len(found["pools"]) == 9
    assert found["strategies"][0]["name"] == "ekiben"


def test_files_as_zones_of_one_deployment(trace: Path) -> None:
    (found,) = json.loads(run(str(trace), str(trace), "--together", "--json").stdout)
    assert len(found["pools"]) == 2


def test_the_exact_optimum_and_plots(trace: Path, tmp_path: Path) -> None:
    pytest.importorskip("highspy")
    pytest.importorskip("matplotlib")
    (found,) = json.loads(run(str(trace), "--exact", "--json", "--plots", str(tmp_path / "plots")).stdout)
    assert found["optimum"]["exact"]
    assert len(list((tmp_path / "plots").glob("*.png"))) == 2


def test_less_availability_costs_less() -> None:
    def cost(availability: str) -> float:
        (found,) = json.loads(run("--cold-start", "120", "--availability", availability, "--json").stdout)
        return float(found["strategies"][0]["cost"])

    assert cost("0.95") < cost("0.999")


def test_an_unknown_level() -> None:
    with pytest.raises(OperatorError, match="low, medium, high"):
        run("--generate", "extreme")
