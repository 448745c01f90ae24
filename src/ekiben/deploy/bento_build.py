"""Builds one Bento and keeps it only when it is what it claims to be."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ekiben.deploy.bento import bento_path, read_bento
from ekiben.deploy.bento_check import ROOMY, check_bento
from ekiben.deploy.example import read_examples
from ekiben.deploy.program import plain_environment, run_program
from ekiben.deploy.sbom import write_sbom
from ekiben.deploy.trial import Trial, try_bento
from ekiben.errors import BuildError
from ekiben.weights.store import check_stored

if TYPE_CHECKING:
    from ekiben.deploy.bento import Bento
    from ekiben.deploy.blueprint import Blueprint
    from ekiben.settings import Settings


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How to build.

    Attributes:
        settings: Where BentoML's stores are.
        start: Whether the Bento is started and asked before it is kept.
        say: Told about each step.
    """

    settings: Settings
    start: bool
    say: Callable[[str], None]


def build_bento(blueprint: Blueprint, options: BuildOptions) -> Bento:
    """Build, complete, check and try; a Bento that fails is removed from the store again.

    Raises:
        BuildError: The tag is taken, BentoML fails, or the Bento is not as it should be.
        WeightsError: The weights are not in the model store.
    """
    home = options.settings.bentoml_home.expanduser()
    path = bento_path(home, blueprint.tag)
    _refuse_taken(blueprint, path)
    check_stored(blueprint.cards, options.settings)
    options.say(f"{blueprint.tag}: building")
    _run_bentoml_build(blueprint)
    try:
        bento = read_bento(path)
        write_sbom(bento, blueprint)
        start = options.start and bool(blueprint.computed_here)
        options.say(f"{blueprint.tag}: checking" + (" and starting" if start else ", not starting"))
        _prove(bento, blueprint, start=start)
    except BaseException:
        _remove(blueprint)
        raise
    return bento


def _refuse_taken(blueprint: Blueprint, path: Path) -> None:
    if path.exists():
        owner = "src/ekiben/version.py" if len(blueprint.cards) > 1 else "the card"
        raise BuildError(
            f"{blueprint.tag} is in the store already, and a version never changes: raise it in {owner}, give another"
            f" with --version, or remove the old one with: bentoml delete {blueprint.tag}"
        )


def _run_bentoml_build(blueprint: Blueprint) -> None:
    bentofile = blueprint.bentofile
    labels = [part for name, value in blueprint.labels.items() for part in ("--label", f"{name}={value}")]
    with tempfile.TemporaryDirectory(prefix="ekiben-bentofile-") as scratch:
        description = Path(scratch) / "bentofile.yaml"
        description.write_text(blueprint.description, encoding="utf-8")
        # Always by file and from the root: given a service's name, BentoML builds whatever description lies about.
        command = ["build", "--bentofile", str(description), "--version", blueprint.version, "--output", "tag", *labels]
        run_program(
            [sys.executable, "-m", "bentoml", *command, str(bentofile.project)],
            folder=bentofile.project,
            environment=plain_environment(**ROOMY, EKIBEN_MODEL=_model(blueprint)),
        )


def _model(blueprint: Blueprint) -> str:
    """The card of a service on its own; the platform has no one card."""
    return blueprint.cards[0].name if len(blueprint.cards) == 1 else ""


def _prove(bento: Bento, blueprint: Blueprint, *, start: bool) -> None:
    """Look at a copy: started in the store, it might leave something behind there."""
    with tempfile.TemporaryDirectory(prefix="ekiben-bento-") as scratch:
        copy = replace(bento, path=Path(scratch) / "bento")
        shutil.copytree(bento.path, copy.path)
        check_bento(copy, blueprint)
        if start:
            here, project = blueprint.computed_here, blueprint.bentofile.project
            trial = Trial(tuple(card.name for card in here), read_examples(blueprint.bentofile, here), project)
            try_bento(copy, trial, Path(scratch))


def _remove(blueprint: Blueprint) -> None:
    project = blueprint.bentofile.project
    run_program(
        [sys.executable, "-m", "bentoml", "delete", "--yes", blueprint.tag],
        folder=project,
        environment=plain_environment(),
    )
