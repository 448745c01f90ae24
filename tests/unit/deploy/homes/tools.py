"""Programs that are not Python's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from scripts.lib.helm import PROJECT

_FETCHED: Final = PROJECT / ".cache" / "tools" / "usr" / "bin"


def tool(name: str, package: str) -> str:
    """Where a program is; without it the test is left out, but in continuous integration, which must have it."""
    found = shutil.which(name) or shutil.which(name, path=_FETCHED)
    if found is None:
        reason = f"no {name}: scripts/test fetches it on Debian and Ubuntu, where it is in the package {package}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def bash_faults(text: str) -> str:
    """What shellcheck says of a command; empty: nothing."""
    command = [str(Path(sys.executable).with_name("shellcheck")), "--shell", "bash", "--severity", "style", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False).stdout
