"""The client's two environment variables.

The rest of the library reads the environment in `ekiben.settings` alone. That module needs pydantic-settings,
which the light client does without: this is the single exception.
"""

from __future__ import annotations

import os

DEFAULT_BASE_URL = "http://127.0.0.1:3000"


def base_url() -> str:
    """`EKIBEN_BASE_URL`, or the address a local server listens on."""
    return os.environ.get("EKIBEN_BASE_URL") or DEFAULT_BASE_URL


def api_key() -> str | None:
    """`EKIBEN_API_KEY`; an empty one is none."""
    return os.environ.get("EKIBEN_API_KEY") or None
