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
    from ekiben.deploy.blueprint import draw
    from ekiben.deploy.revision import read_revision

    if version is not None and target is None:
        raise BuildError("--version is for one target: name it")
    project = find_project(Path.cwd())
    revision = read_revision(project, allow_dirty=dirty)
    catalogue = load_catalogue(project / "models")
    options = BuildOptions(load_settings(), start, lambda text: typer.echo(text, err=True))
    blueprints = [
        draw(read_bentofile(project, name), catalogue, revision, version)
        for name in ([target] if target else list_targets(project))
    ]
    for blueprint in blueprints:
        typer.echo(build_bento(blueprint, options).tag)
