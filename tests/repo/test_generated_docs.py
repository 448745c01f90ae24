"""The documents made from code are as the code is now."""

from __future__ import annotations

from ekiben.settings import Settings
from scripts.lib import generated_docs
from tests.repo.paths import PROJECT


def test_the_settings_page_is_as_the_settings_are() -> None:
    found = (PROJECT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert found == generated_docs.settings_page(), "settings changed: run scripts/docs"


def test_every_setting_is_described() -> None:
    undescribed = [name for name, field in Settings.model_fields.items() if not field.description]
    assert undescribed == []


def test_the_public_interface_is_as_it_was() -> None:
    """A change here is a change for users: write a decision record, then run scripts/docs."""
    found = (PROJECT / "docs" / "openapi.json").read_text(encoding="utf-8")
    assert found == generated_docs.openapi_document(), (
        "the public interface changed: see docs/decisions, run scripts/docs"
    )
