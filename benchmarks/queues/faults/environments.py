"""An environment for each library that the queue is compared with; they do not agree on one version of their client."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[3]
_FOLDER: Final = ROOT / ".queue-peers"
_CLIENT: Final = "valkey==6.2.0"  # For the effects that are counted.

REQUIREMENTS: Final = {
    "arq": ["arq==0.28.0"],
    "celery": ["celery[redis]==5.7.0"],
    "celery_default": ["celery[redis]==5.7.0"],
    "dramatiq": ["dramatiq[redis]==2.2.1"],
    "saq": ["saq[redis]==0.26.4", "typing_extensions"],
    "streaq": ["streaq==7.2.0"],
    "taskiq": ["taskiq==0.13.0", "taskiq-redis==1.2.4"],
}


def interpreter(library: str) -> str:
    """Path of the Python that has the library; its environment is made when it is not there. Ours is this one."""
    if library not in REQUIREMENTS:
        return sys.executable
    folder = _FOLDER / library
    python, done = folder / "bin" / "python", folder / "installed"
    wanted = "\n".join([*REQUIREMENTS[library], _CLIENT])
    if not done.is_file() or done.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *REQUIREMENTS[library], _CLIENT], check=True)
        done.write_text(wanted)
    return str(python)
