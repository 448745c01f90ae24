"""Settings that are read from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from ekiben.errors import ConfigurationError
from ekiben.settings import load_settings


def test_a_file_is_a_setting_and_the_environment_stands_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ekiben_worker_token").write_text("from a file\n")
    (tmp_path / "EKIBEN_PORT").write_text("3001")
    (tmp_path / "ekiben_webhook_secrets").write_text('{"*": "whsec_abc"}')
    monkeypatch.setenv("EKIBEN_SECRETS_DIR", str(tmp_path))
    found = load_settings()
    assert found.worker_token is not None
    assert found.worker_token.get_secret_value() == "from a file"
    assert found.port == 3001
    assert found.webhook_secrets["*"].get_secret_value() == "whsec_abc"
    monkeypatch.setenv("EKIBEN_PORT", "3002")
    assert load_settings().port == 3002


def test_a_wrong_file_is_named_without_what_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ekiben_link_secret").write_text("hunter2")
    monkeypatch.setenv("EKIBEN_SECRETS_DIR", str(tmp_path))
    with pytest.raises(ConfigurationError, match="EKIBEN_LINK_SECRET") as raised:
        load_settings()
    assert "hunter2" not in str(raised.value)


def test_a_folder_that_is_not_there_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EKIBEN_SECRETS_DIR", str(tmp_path / "none"))
    with pytest.raises(ConfigurationError, match="EKIBEN_SECRETS_DIR"):
        load_settings()
