"""What the commands about a deployment have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ekiben.deploy.spot.world import World

Config = Annotated[Path, typer.Option("--config", metavar="FILE", help="The deployment.")]
DEFAULT_CONFIG = Path("deploy/spot.yaml")
CatalogueFile = Annotated[
    Path | None, typer.Option("--catalogue", metavar="FILE", help="On-demand prices, of `ekiben cost --refresh`.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def world_of(config: Path) -> World:
    """Read the file, and ask AWS what the deployment's names depend on.

    Raises:
        OperatorError: The file is wrong, or AWS refuses.
    """
    from ekiben.deploy.spot.clients import make_clients
    from ekiben.deploy.spot.config_file import read_config
    from ekiben.deploy.spot.opening import open_world

    found = read_config(config)
    return open_world(found, make_clients(found.region))
