from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from ekiben.deploy.program import plain_environment, run_program
from ekiben.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path


def test_what_a_program_writes_comes_back(tmp_path: Path) -> None:
    code = "import os; print(os.getcwd())"
    assert run_program([sys.executable, "-c", code], folder=tmp_path).strip() == str(tmp_path)


def test_a_failure_shows_the_status_and_the_end_of_what_was_written(tmp_path: Path) -> None:
    code = "import sys; [print('line', n) for n in range(100)]; sys.exit('the reason')"
    with pytest.raises(BuildError, match=r"status 1[\s\S]*line 99\nthe reason") as caught:
        run_program([sys.executable, "-c", code], folder=tmp_path)
    assert "line 1\n" not in caught.value.message


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no-such-program is not installed"):
        run_program(["no-such-program"], folder=tmp_path)


def test_settings_of_this_process_do_not_reach_what_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EKIBEN_ONLY", "toy")
    monkeypatch.setenv("BENTOML_HOME", "/somewhere")
    environment = plain_environment(EKIBEN_PORT="1")
    assert "EKIBEN_ONLY" not in environment
    assert (environment["BENTOML_HOME"], environment["EKIBEN_PORT"]) == ("/somewhere", "1")
