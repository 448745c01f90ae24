"""`ekiben containerize`: an image of a Bento, with the supervisor as its first process."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ekiben.cli.project import find_project
from ekiben.errors import BuildError
from ekiben.settings import load_settings


def containerize(
    target: Annotated[str, typer.Argument(help="A folder of services/, or `platform`; `:VERSION` chooses one.")],
    *,
    model: Annotated[
        str | None, typer.Option(help="The model that the Bento was built for with --model.", show_default=False)
    ] = None,
    backend: Annotated[str, typer.Option(help="What builds: docker, podman or buildah.")] = "docker",
    cuda: Annotated[bool, typer.Option("--cuda", help="With ONNX Runtime for Nvidia's GPUs.")] = False,
    tag: Annotated[str, typer.Option(help="The image's name; default: the Bento's tag.", show_default=False)] = "",
    base: Annotated[
        str | None, typer.Option(help="An image with Python 3.11 and pip.", show_default="python:3.11-slim")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option("--opt", help="A further option of the builder; may be repeated.")
    ] = None,
    render: Annotated[bool, typer.Option("--render", help="Print the Containerfile and build nothing.")] = False,
) -> None:
    """Build an image; its name goes to standard output."""
    from ekiben.deploy.bento import bento_path, latest_tag, read_bento
    from ekiben.deploy.bentofile import read_bentofile
    from ekiben.deploy.containerfile import DEFAULT_BASE, render_containerfile
    from ekiben.deploy.image_build import ImageOptions, build_image, parse_backend

    name, _, version = target.partition(":")
    bentofile = read_bentofile(find_project(Path.cwd()), name)
    bento_name = model or bentofile.name
    home = load_settings().bentoml_home.expanduser()
    bento = read_bento(bento_path(home, f"{bento_name}:{version}" if version else latest_tag(home, bento_name)))
    if bento.service != bentofile.service:
        raise BuildError(f"{bento.tag} is no Bento of {name}: it serves {bento.service}")
    options = ImageOptions(parse_backend(backend), base or DEFAULT_BASE, tag, cuda, tuple(option or ()))
    if render:
        typer.echo(render_containerfile(bento, base=options.base, cuda=cuda), nl=False)
    else:
        typer.echo(build_image(bento, home, options))
