"""NVIDIA's tritonclient, in an environment of its own, infers over /v2 with binary tensors."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import PROJECT, Platform


@pytest.fixture(scope="session")
def triton_python() -> Path:
    """The interpreter of an environment with tritonclient; made once for each state of its lock."""
    lock = PROJECT / "locks" / "tritonclient.txt"
    folder = PROJECT / ".cache" / f"tritonclient-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)]
        subprocess.run(install, check=True, timeout=600)
        (folder / "complete").touch()
    return python


@pytest.mark.slow
def test_every_call(platform: Platform, triton_python: Path) -> None:
    address = platform.base_url.removeprefix("http://")
    script = Path(__file__).with_name("triton_calls.py")
    done = subprocess.run([triton_python, script, address], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["live"], found["ready"], found["server"]) == (True, True, "ekiben")
    assert found["inputs"] == ["image", "pixels"]
    assert found["index"] == ["READY"] * 3
    assert (found["id"], found["shape"]) == ("7", [2, 384])
    assert found["cosine"] > 0.6
    assert found["sums"] == pytest.approx([1, 1], abs=1e-4)
    assert found["difference"] < 1e-6
    assert found["inferences"] >= 2
    assert "nope" in found["refused"]
