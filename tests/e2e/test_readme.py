"""Every block of the README and of docs/jobs.md is run as it stands, with this session's ports and folders."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.e2e.conftest import PROJECT, Platform, free_port
from tests.e2e.test_bentoml_services import bare_service
from tests.e2e.test_tritonclient import triton_python as triton_python

pytestmark = pytest.mark.slow

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_README = "\n".join((PROJECT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/jobs.md"))


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block, and the `text` block after it: what it prints."""

    language: str
    code: str
    prints: str | None


def _blocks() -> list[Block]:
    found = _FENCE.findall(_README)
    following = [*found[1:], ("", "")]
    return [
        Block(language, code, after[1] if after[0] == "text" else None)
        for (language, code), after in zip(found, following, strict=True)
        if language != "text"
    ]


_BLOCKS = _blocks()
_SERVES_ALONE = re.compile(r"^bentoml serve (\S+) --port 3001\n$")


@pytest.fixture(scope="session")
def bare_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What the README starts on port 3001."""
    target = next(found[1] for block in _BLOCKS if (found := _SERVES_ALONE.match(block.code)))
    with ExitStack() as stack:
        yield stack.enter_context(bare_service(target, tmp_path_factory.mktemp("bare") / "log"))


def test_every_block_says_what_it_is() -> None:
    assert {language for language, _ in _FENCE.findall(_README)} <= {"bash", "python", "text"}
    assert any(block.code == "scripts/serve\n" for block in _BLOCKS)


@pytest.mark.parametrize("block", [block for block in _BLOCKS if block.language == "python"], ids=lambda b: b.code[:40])
def test_python(block: Block, platform: Platform, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    interpreter = Path(sys.executable)
    code = block.code.replace("127.0.0.1:3000", platform.base_url.removeprefix("http://"))
    if "127.0.0.1:3001" in code:
        code = code.replace("http://127.0.0.1:3001", request.getfixturevalue("bare_url"))
    if "tritonclient" in code:
        interpreter = request.getfixturevalue("triton_python")
    written = tmp_path / "red-apple.png"
    code = code.replace(written.name, str(written))
    script = tmp_path / "example.py"
    script.write_text(code, encoding="utf-8")
    done = _run([str(interpreter), str(script)])
    assert done.returncode == 0, done.stderr
    assert block.prints is not None, "show what it prints"
    assert done.stdout == block.prints
    if str(written) in code:
        shown = PROJECT / "docs" / "pictures" / written.name
        assert written.name in _README
        assert np.abs(_pixels(written) - _pixels(shown)).max() <= 2  # as another processor rounds


def _pixels(path: Path) -> NDArray[np.int16]:
    return np.asarray(Image.open(path).convert("RGB"), dtype=np.int16)


@pytest.mark.parametrize(
    "block", [block for block in _BLOCKS if "curl" in block.code], ids=lambda block: block.code[:60]
)
def test_curl(block: Block, platform: Platform) -> None:
    done = _run(["bash", "-euo", "pipefail", "-c", block.code.replace("http://127.0.0.1:3000", platform.base_url)])
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer.get("object") == "job" or len(answer["data"]) == 2, answer


@pytest.mark.parametrize(
    "block",
    [block for block in _BLOCKS if block.code.startswith("ekiben ")],
    ids=lambda block: block.code[:40],
)
def test_commands(block: Block, platform: Platform, tmp_path: Path) -> None:
    code = block.code.replace("keys.jsonl", str(tmp_path / "keys.jsonl"))
    where = {"EKIBEN_RUN_DIR": str(platform.run_dir), "EKIBEN_STATE_DIR": str(platform.run_dir.parent / "state")}
    own = where if code.startswith("ekiben jobs") else {"EKIBEN_PORT": str(free_port())}
    done = _run(["bash", "-euo", "pipefail", "-c", code], own)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout


def test_every_block_is_run_by_one_of_these() -> None:
    others = [
        block.code
        for block in _BLOCKS
        if not (
            block.language == "python"
            or "curl" in block.code
            or block.code.startswith("ekiben ")
            or _SERVES_ALONE.match(block.code)
            or block.code == "scripts/serve\n"
        )
    ]
    assert others == []


def _run(command: list[str], environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    settings = {**os.environ, "PATH": path, **(environment or {})}
    return subprocess.run(command, cwd=PROJECT, env=settings, capture_output=True, text=True, timeout=120, check=False)
