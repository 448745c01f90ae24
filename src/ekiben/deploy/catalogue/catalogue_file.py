"""The catalogue as a file: the one that comes with the package, or the operator's refreshed one."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError

from ekiben.deploy.catalogue.instance import Catalogue
from ekiben.errors import OperatorError

_OWN = Path(__file__).with_name("instances.yaml")


def read_catalogue(path: Path | None = None) -> Catalogue:
    """Read a catalogue.

    Args:
        path: A YAML file; None: the one that comes with the package.

    Raises:
        OperatorError: It is not there, or is not a catalogue.
    """
    try:
        return Catalogue.model_validate(yaml.safe_load((path or _OWN).read_text("utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise OperatorError(f"{path or _OWN}: not a catalogue of instance types: {error}") from None


def write_catalogue(catalogue: Catalogue, path: Path) -> None:
    """Write a catalogue that `read_catalogue` reads."""
    path.write_text(yaml.safe_dump(catalogue.model_dump(mode="json"), sort_keys=False, width=120), "utf-8")
