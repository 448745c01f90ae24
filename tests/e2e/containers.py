"""Containers without a daemon: what `docker run --read-only --tmpfs /tmp` gives, from the kernel's own parts.

The image's first process gets number 1 in a process-id namespace, its root is the image mounted read-only, and its
user, folder, environment and command are what the image says.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Platform, free_port

BASE_IMAGE = "docker.io/library/python:3.11-slim"
# Root in a sandbox may not make the namespaces that buildah wants by itself, and there is no registry to ask.
BUILDER_OPTIONS = ("--opt", "isolation=chroot", "--opt", "network=host", "--opt", "pull-never")

_MOUNTS = """\
set -e
root=$1 secrets=$2
shift 2
mount --make-rprivate /
mount --bind "$root" "$root"
mount --bind /etc/hosts "$root/etc/hosts"
mount -o remount,ro,bind "$root"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/run"
mkdir "$root/run/secrets"
mount --bind "$secrets" "$root/run/secrets"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec "$@"
"""


def require_builder() -> None:
    """Skip where no image can be built and run."""
    missing = [name for name in ("buildah", "unshare", "nsenter") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    if os.geteuid():
        pytest.skip("mounting an image needs root")
    if not _run("buildah", "images", "--quiet", "--filter", f"reference={BASE_IMAGE}"):
        pytest.skip(f"no base image; fetch it with: buildah pull {BASE_IMAGE}")


@dataclass(frozen=True, slots=True)
class Image:
    """An image mounted in a folder; `config` is what it says of itself, in Docker's words."""

    name: str
    root: Path
    config: dict[str, Any]

    @property
    def user(self) -> int:
        """The number that its processes run under."""
        return int(self.config["User"].partition(":")[0])

    @property
    def command(self) -> list[str]:
        """What is started when nothing else is asked for."""
        return [*self.config["Entrypoint"], *self.config["Cmd"]]


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of an image, uncompressed."""

    digest: str
    size_bytes: int


def layers(name: str) -> list[Layer]:
    """An image's own layers, without those of its base."""
    everything, below = _layers(f"localhost/{name}"), _layers(BASE_IMAGE)
    assert everything[: len(below)] == below
    return everything[len(below) :]


def _layers(image: str) -> list[Layer]:
    manifest = json.loads(json.loads(_run("buildah", "inspect", "--type", "image", image))["Manifest"])
    return [Layer(layer["digest"], layer["size"]) for layer in manifest["layers"]]


@contextmanager
def mounted(name: str) -> Iterator[Image]:
    """An image's files."""
    container = _run("buildah", "from", "--pull-never", f"localhost/{name}")
    try:
        config = json.loads(_run("buildah", "inspect", "--type", "image", f"localhost/{name}"))["Docker"]["config"]
        yield Image(name, Path(_run("buildah", "mount", container)), config)
    finally:
        _run("buildah", "rm", container)


@dataclass(frozen=True, slots=True)
class Container:
    """A running container."""

    image: Image
    platform: Platform
    environment: Mapping[str, str]

    @property
    def first_process(self) -> int:
        """Its process 1, by this machine's number."""
        children = Path(f"/proc/{self.platform.process.pid}/task/{self.platform.process.pid}/children")
        return int(children.read_text().split()[0])

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`docker exec`: a command inside, as the image's user; once the container is ready."""
        user = str(self.image.user)
        inside = ["nsenter", "--target", str(self.first_process), "--mount", "--pid", "--root", "--wd"]
        drop = ["--setuid", user, "--setgid", user]
        variables = [f"{name}={value}" for name, value in {**self.environment, **environment}.items()]
        return subprocess.run(
            [*inside, *drop, "/usr/bin/env", "-i", *variables, *command], capture_output=True, text=True, check=False
        )

    def healthy(self, **environment: str) -> bool:
        """Whether the image's own health check is content."""
        kind, *command = self.image.config["Healthcheck"]["Test"]
        assert kind == "CMD"
        return self.run(*command, **environment).returncode == 0

    def stop(self) -> int:
        """`docker stop`: SIGTERM for process 1; returns the exit status."""
        os.kill(self.first_process, signal.SIGTERM)
        return self.platform.process.wait(60)


@contextmanager
def running(image: Image, folder: Path, secrets: Path, **environment: str) -> Iterator[Container]:
    """Start an image's command on a free port of this machine; killed at the end if it still runs."""
    port = free_port()
    own = dict(pair.split("=", 1) for pair in image.config["Env"])
    variables = {**own, "EKIBEN_PORT": str(port), **environment}
    log = folder / "container.log"
    user = f"--userspec={image.user}:{image.user}"
    inside = ["sh", "-c", 'cd "$0" && exec "$@"', image.config["WorkingDir"], *image.command]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *("unshare", "--mount", "--pid", "--fork", "--kill-child"),
                *("bash", "-c", _MOUNTS, "mounts", str(image.root), str(secrets)),
                *("chroot", user, "--groups=", str(image.root), "/usr/bin/env", "-i"),
                *(f"{name}={value}" for name, value in variables.items()),
                *inside,
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    platform = Platform(process, port, f"http://127.0.0.1:{port}", Path("/tmp"), log)
    try:
        yield Container(image, platform, variables)
    finally:
        process.kill()
        process.wait()


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr[-2_000:]}"
    return done.stdout.strip()
