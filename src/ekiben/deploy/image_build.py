"""Builds an image with docker, podman or buildah."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from ekiben.deploy.image_context import CONTAINERFILE, write_context
from ekiben.deploy.program import run_program
from ekiben.errors import BuildError

if TYPE_CHECKING:
    from ekiben.deploy.bento import Bento


class Backend(StrEnum):
    """The program that builds."""

    DOCKER = "docker"
    PODMAN = "podman"
    BUILDAH = "buildah"


def parse_backend(name: str) -> Backend:
    """Return the backend of that name.

    Raises:
        BuildError: There is none.
    """
    try:
        return Backend(name)
    except ValueError:
        raise BuildError(f"--backend is {name!r}; it is one of {', '.join(Backend)}") from None


@dataclass(frozen=True, slots=True)
class ImageOptions:
    """How to build an image.

    Attributes:
        tag: Its name; empty: the Bento's tag, with `-cuda` for GPUs.
        base: The image it stands on.
        options: Further options of the program, such as `network=host` or `pull`.
    """

    backend: Backend
    base: str
    tag: str = ""
    cuda: bool = False
    options: tuple[str, ...] = ()

    def name(self, bento: Bento) -> str:
        """The image's name."""
        return self.tag or bento.tag + ("-cuda" if self.cuda else "")


def build_image(bento: Bento, bentoml_home: Path, options: ImageOptions) -> str:
    """Build it, with the program's output on the terminal, and return the image's name.

    Raises:
        BuildError: The program is not there or fails, or something must not go into an image.
    """
    with tempfile.TemporaryDirectory(prefix="ekiben-image-") as scratch:
        context = Path(scratch) / "context"
        write_context(context, bento, bentoml_home, base=options.base, cuda=options.cuda)
        run_program(_command(context, options, options.name(bento)), folder=context, watched=True)
    return options.name(bento)


def _command(context: Path, options: ImageOptions, name: str) -> list[str]:
    command = [options.backend.value, "build", "--tag", name, "--file", str(context / CONTAINERFILE)]
    if options.backend is not Backend.DOCKER:
        # OCI's own format has no health check. Docker keeps layers unasked.
        command += ["--format", "docker", "--layers"]
    return [*command, *(f"--{option}" for option in options.options), str(context)]
