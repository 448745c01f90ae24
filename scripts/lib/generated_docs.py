"""The documents that are made from code: docs/settings.md and docs/openapi.json.

`scripts/docs` writes them; tests/repo compares them.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any, Final

import httpx
from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ekiben.cards.catalogue import load_catalogue
from ekiben.gateway.app import build_app
from ekiben.gateway.host import build_state
from ekiben.settings import Settings

PROJECT: Final = Path(__file__).resolve().parents[2]

# What a default is where it depends on the machine.
_COMPUTED: Final = {
    "run_dir": "a folder under the temporary folder",
    "worker_urls": "{}",
    "instance": "the host name",
    "upstream_keys": "{}",
    "webhook_secrets": "{}",
    "cache_dir": "~/.cache/ekiben",
    "state_dir": "~/.local/state/ekiben",
    "bentoml_home": "~/bentoml",
}

_SETTINGS_HEAD: Final = """# Settings

Settings are environment variables, read once at the start. An empty variable counts as unset. A wrong value stops the
start and names the variable. Written by `scripts/docs` from `src/ekiben/settings.py`; a test compares the two.

| variable | default | meaning |
|---|---|---|
"""

_SETTINGS_END: Final = """
The Python client reads two more, and no others:

| variable | default | meaning |
|---|---|---|
| `EKIBEN_BASE_URL` | `http://127.0.0.1:3000` | Where the server is. |
| `EKIBEN_API_KEY` | unset | The key to send. |

The scripts read `EKIBEN_PYTHON`: the interpreter that makes the environment, where the first on the `PATH` will not do.
"""


def settings_page() -> str:
    """docs/settings.md."""
    rows = "".join(
        f"| `{_variable(name, field)}` | {_default(name, field)} | {_cell(field.description or '')} |\n"
        for name, field in Settings.model_fields.items()
    )
    return _SETTINGS_HEAD + rows + _SETTINGS_END


def openapi_document() -> str:
    """docs/openapi.json: what the gateway serves at /openapi.json."""
    return json.dumps(asyncio.run(_openapi()), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


async def _openapi() -> dict[str, Any]:
    # model_construct: the document must not depend on this machine's environment.
    defaults = {name: field.get_default(call_default_factory=True) for name, field in Settings.model_fields.items()}
    with tempfile.TemporaryDirectory() as state_dir:
        settings = Settings.model_construct(**{**defaults, "state_dir": Path(state_dir)})
        app = build_app(build_state(load_catalogue(PROJECT / "models").served, settings))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        document: dict[str, Any] = (await client.get("/openapi.json")).json()
        return document


def _variable(name: str, field: FieldInfo) -> str:
    if isinstance(field.validation_alias, AliasChoices):
        return str(field.validation_alias.choices[-1])
    return f"EKIBEN_{name.upper()}"


def _default(name: str, field: FieldInfo) -> str:
    if name in _COMPUTED:
        return f"`{_COMPUTED[name]}`" if not _COMPUTED[name].startswith("a ") else _COMPUTED[name]
    if field.default is PydanticUndefined:
        raise ValueError(f"{name}: say in _COMPUTED what its default is")
    if field.default in (None, "", ()):
        return "unset"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    (PROJECT / "docs" / "settings.md").write_text(settings_page(), encoding="utf-8")
    (PROJECT / "docs" / "openapi.json").write_text(openapi_document(), encoding="utf-8")
