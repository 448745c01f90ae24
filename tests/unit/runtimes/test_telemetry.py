"""Nothing is reported to the makers of an inference engine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_onnx_runtime_keeps_no_record_to_send(tmp_path: Path) -> None:
    """It makes a device id and a file of events when it is imported, except on CI."""
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "ORT_DISABLE_TELEMETRY")}
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    importing = "import ekiben.runtimes.onnx_session"
    subprocess.run([sys.executable, "-c", importing], env={**environment, **home}, check=True)
    assert not [path for path in tmp_path.rglob("*") if "onnxruntime" in path.name or path.name == "deviceid"]
