"""The OpenAPI document is true: schemathesis, which we did not write, tries what it says."""

from __future__ import annotations

import subprocess
import sys

import httpx
import pytest

from tests.e2e.conftest import Platform

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.mark.slow
def test_schemathesis_finds_nothing(platform: Platform) -> None:
    found = subprocess.run(
        [
            sys.executable,
            "-m",
            "schemathesis.cli",
            "run",
            f"{platform.base_url}/openapi.json",
            f"--checks={CHECKS}",
            "--max-examples=40",
            "--seed=1",
            "--no-color",
            "--request-timeout=60",  # longer than any request may take
        ],
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert found.returncode == 0, found.stdout[-8_000:] + found.stderr[-2_000:]
    assert httpx.get(f"{platform.base_url}/readyz").status_code == 200


def test_the_documentation_page_needs_nothing_from_outside(platform: Platform) -> None:
    page = httpx.get(f"{platform.base_url}/docs")
    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert asset in page.text
        assert httpx.get(f"{platform.base_url}/docs/assets/{asset}").status_code == 200
