"""The command where only the light client is installed."""

from __future__ import annotations

import sys

import pytest

from ekiben.cli.entry import main


def test_a_missing_package_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ekiben.cli.main", raising=False)
    monkeypatch.setitem(sys.modules, "typer", None)
    for name in [name for name in sys.modules if name.startswith("ekiben.cli.") and name != "ekiben.cli.entry"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == "ekiben: typer is not installed; the command needs: pip install 'ekiben[all]'"
