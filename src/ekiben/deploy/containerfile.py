"""The Containerfile of a Bento, from the template beside this file."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, StrictUndefined

from ekiben.deploy.blueprint import SYSTEM_LABEL
from ekiben.deploy.image_packages import read_image_packages

if TYPE_CHECKING:
    from ekiben.deploy.bento import Bento

DEFAULT_BASE: Final = "docker.io/library/python:3.11-slim"
# Above what a distribution's own users have; fixed, so that mounted files can be given to it.
UID: Final = 10001


def render_containerfile(bento: Bento, *, base: str = DEFAULT_BASE, cuda: bool = False) -> str:
    """Return the text; the same for the same Bento.

    Args:
        bento: What goes in.
        base: An image with Python 3.11 as `python3`, with pip.
        cuda: Whether it is for Nvidia's GPUs.

    Raises:
        BuildError: The Bento was not built by `ekiben build`, or nothing in it computes on a GPU.
    """
    packages = read_image_packages(bento, cuda=cuda)
    template = resources.files(__package__).joinpath("containerfile.j2").read_text(encoding="utf-8")
    # A Containerfile is no HTML; escaping would change the commands.
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True, autoescape=False)  # noqa: S701
    name, _, version = bento.tag.partition(":")
    return environment.from_string(template).render(
        tag=bento.tag,
        title=name,
        version=version,
        base=base,
        cuda=cuda,
        cuda_lock=cuda and packages.has_onnxruntime,
        before=packages.before,
        uid=UID,
        models=",".join(bento.names),
        libraries=bento.labels.get(SYSTEM_LABEL, ""),
        revision=bento.labels["git_revision"],
        licences=" AND ".join(sorted({"Apache-2.0", *_licences(bento)})),
    )


def _licences(bento: Bento) -> list[str]:
    return [value for name, value in bento.labels.items() if name.endswith((".licence_code", ".licence_weights"))]
