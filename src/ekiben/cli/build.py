"""`ekiben build`: versioned Bentos of the services and of the platform."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ekiben.cards.catalogue import load_catalogue
from ekiben.cli.project import find_project
from ekiben.errors import BuildError
from ekiben.settings import load_settings


def build(
    target: Annotated[
        str | None, typer.Argument(help="A folder of services/, or `platform`; none: all of them.", show_default=False)
    ] = None,
    *,
    model: Annotated[
        str | None,
        typer.Option(
            help="Which of the service's models; names the Bento. Needed if there are several.", show_default=False
        ),
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="Another version than the card's, or the project's.", show_default=False)
    ] = None,
    dirty: Annotated[
        bool, typer.Option("--dirty", help="Build from a tree that differs from its commit; the labels say so.")
    ] = False,
    start: Annotated[
        bool, typer.Option("--start/--no-start", help="Start each Bento and have it answer before it is kept.")
    ] = True,
) -> None:
    """Build, check and try Bentos; their tags go to standard output."""
    from ekiben.deploy.bento_build import BuildOptions, build_bento
    from ekiben.deploy.bentofile import list_targets, read_bentofile
    from ekiben.deploy.drawing import draw, draw_each
    from ekiben.deploy.revision import read_revision

    if target is None and (version is not None or model is not None):
        raise BuildError("--version and --model are for one target: name it")
    project = find_project(Path.cwd())
    revision = read_revision(project, allow_dirty=dirty)
    catalogue = load_catalogue(project / "models")
    options = BuildOptions(load_settings(), start, lambda text: typer.echo(text, err=True))
    if target is not None:
        blueprints = [draw(read_bentofile(project, target), catalogue, revision, version, model)]
    else:
        files = [read_bentofile(project, name) for name in list_targets(project)]
        blueprints = [blueprint for file in files for blueprint in draw_each(file, catalogue, revision)]
    for blueprint in blueprints:
        typer.echo(build_bento(blueprint, options).tag)
