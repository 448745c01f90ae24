"""Holds a built Bento against its blueprint, in a folder of its own away from the project."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ekiben.cards.catalogue import load_catalogue
from ekiben.deploy.bento import SBOM_FILE
from ekiben.deploy.program import plain_environment, run_program
from ekiben.deploy.secret_files import refuse_secrets
from ekiben.errors import BuildError, EkibenError
from ekiben.weights.digest import digest_of
from ekiben.weights.lock import LOCK_FILE, read_lock

if TYPE_CHECKING:
    from ekiben.deploy.bento import Bento
    from ekiben.deploy.blueprint import Blueprint

# Imports the entry point as BentoML does, and lists where every module of ours came from.
_IMPORT: Final = """
import importlib, sys
importlib.import_module(sys.argv[1])
for name, module in sorted(sys.modules.items()):
    if name.partition(".")[0] in ("ekiben", "services") and getattr(module, "__file__", None):
        print(module.__file__)
"""


def check_bento(bento: Bento, blueprint: Blueprint) -> None:
    """Everything that can be seen without starting it.

    Raises:
        BuildError: The Bento is not what it claims to be.
    """
    _check_identity(bento, blueprint)
    _check_models(bento, blueprint)
    _check_cards(bento, blueprint)
    _check_files(bento, blueprint)
    refuse_secrets(bento.path)
    _check_imports(bento, blueprint)


def _check_identity(bento: Bento, blueprint: Blueprint) -> None:
    """BentoML takes another service than the one asked for where a second description lies about."""
    _require(bento.tag == blueprint.tag, f"its tag is {bento.tag}")
    _require(bento.service == blueprint.bentofile.service, f"it serves {bento.service}")
    differing = {name for name, value in blueprint.labels.items() if bento.labels.get(name) != value}
    _require(not differing, f"its labels differ: {', '.join(sorted(differing))}")


def _check_models(bento: Bento, blueprint: Blueprint) -> None:
    """Weights stay in the model store; the Bento names them."""
    expected = {card.tag for card in blueprint.cards if card.has_weights}
    _require(bento.models == expected, f"it refers to the models {sorted(bento.models)}, not {sorted(expected)}")
    weights = [path for path in bento.source.rglob("*") if path.suffix in {".onnx", ".safetensors", ".gguf", ".pth"}]
    _require(not weights, f"it holds weights: {weights[:3]}")


def _check_cards(bento: Bento, blueprint: Blueprint) -> None:
    """What is served is decided by the cards inside."""
    models_dir = bento.source / "models"
    try:
        cards = {card.name: card for card in load_catalogue(models_dir).served}
        lock = read_lock(models_dir / LOCK_FILE)
        _require(set(cards) <= set(blueprint.names), f"it holds other cards too: {', '.join(cards)}")
        for expected in blueprint.cards:
            _require(expected.name in cards, f"the card of {expected.name} is missing")
            if expected.has_weights:
                lock.entry(cards[expected.name])
    except BuildError:
        raise
    except EkibenError as error:
        raise BuildError(f"{blueprint.tag}: {error.message}") from None


def _check_files(bento: Bento, blueprint: Blueprint) -> None:
    """The lock is the project's, byte for byte; licence, notice and bill of materials travel with the code."""
    lock, found = blueprint.bentofile.project / blueprint.bentofile.lock, bento.source / blueprint.bentofile.lock
    _require(found.is_file() and digest_of(found) == digest_of(lock), f"{blueprint.bentofile.lock} differs")
    for path in (bento.source / "LICENSE", bento.source / "NOTICE", bento.path / SBOM_FILE):
        _require(path.is_file(), f"{path.relative_to(bento.path)} is missing")


def _check_imports(bento: Bento, blueprint: Blueprint) -> None:
    """The entry point is imported from the Bento alone, not from the project that built it."""
    module = blueprint.bentofile.service.partition(":")[0]
    environment = plain_environment(
        PYTHONPATH=str(bento.source), EKIBEN_ONLY=",".join(blueprint.names), **ROOMY, PYTHONDONTWRITEBYTECODE="1"
    )
    listed = run_program([sys.executable, "-c", _IMPORT, module], folder=bento.source, environment=environment)
    files = listed.splitlines()
    strange = [path for path in files if not Path(path).is_relative_to(bento.source)]
    _require(bool(files) and not strange, f"it imports from elsewhere: {', '.join(strange[:3])}")


# A Bento is made for other machines than this one, whose memory and GPUs say nothing.
ROOMY: Final = {"EKIBEN_MEMORY_GIB": "65536", "EKIBEN_GPUS": "65536"}


def _require(fulfilled: bool, otherwise: str) -> None:
    if not fulfilled:
        raise BuildError(f"the Bento is not what it should be: {otherwise}")
