"""From an image on this machine to one in a registry."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ekiben.deploy.program import run_program

if TYPE_CHECKING:
    from ekiben.deploy.image_build import Backend


class Pusher(Protocol):
    """Brings an image to a registry."""

    def push(self, image: str, uri: str, token: str) -> None:
        """Push it.

        Args:
            image: Its name here.
            uri: Registry, repository and tag.
            token: ECR's: user and password, in base 64.

        Raises:
            BuildError: The image is not here, or the registry refuses it.
        """
        ...


@dataclass(frozen=True, slots=True)
class ProgramPusher:
    """With docker, podman or buildah; the password goes through standard input and is in no argument."""

    backend: Backend

    def push(self, image: str, uri: str, token: str) -> None:
        """See the protocol."""
        program, here = self.backend.value, Path.cwd()
        user, _, password = base64.b64decode(token).decode().partition(":")
        registry = uri.partition("/")[0]
        run_program([program, "login", "--username", user, "--password-stdin", registry], folder=here, given=password)
        run_program([program, "tag", image, uri], folder=here)
        run_program([program, "push", uri], folder=here, watched=True)
