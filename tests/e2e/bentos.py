"""Building Bentos into a store of the test's own, beside the weights that this machine already has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ekiben.settings import load_settings
from tests.e2e.conftest import PROJECT


def bento_home(folder: Path) -> Path:
    """A home for BentoML with the real one's models; what is built there disturbs nobody."""
    (folder / "models").symlink_to(load_settings().bentoml_home.expanduser() / "models")
    return folder


def run_build(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`scripts/build`."""
    return subprocess.run(
        [PROJECT / "scripts" / "build", *arguments],
        env={**os.environ, "BENTOML_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def build(home: Path, *arguments: str, start: bool = False) -> list[str]:
    """Build from the tree as it is; returns the tags."""
    done = run_build(home, *arguments, "--dirty", *([] if start else ["--no-start"]))
    assert done.returncode == 0, done.stderr[-4_000:]
    return done.stdout.splitlines()


def copy_project(folder: Path) -> Path:
    """A copy of all that Bentos are built from, for a test to change."""
    for name in ("services", "models", "src", "locks", "tests/data"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("LICENSE", "NOTICE", "bentofile.yaml", ".bentoignore"):
        shutil.copy(PROJECT / name, folder / name)
    return folder


def build_in(project: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`ekiben build` in another project than this one."""
    command = "from ekiben.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", command, "build", *arguments, "--dirty"],
        cwd=project,
        env={**os.environ, "BENTOML_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
