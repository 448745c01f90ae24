"""The `bentofile.yaml` of a service, or of the platform: BentoML's own description of what a Bento holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import yaml
from pathspec import PathSpec
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ekiben.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ekiben.cards.card import Card

PLATFORM: Final = "platform"
_FILE: Final = "bentofile.yaml"


class _Python(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    requirements_txt: str
    lock_packages: bool
    is_src_layout: bool


class _Docker(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    # Names go into a command line; Debian's are of these characters.
    system_packages: tuple[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9+.-]+$")], ...] = ()


class Bentofile(BaseModel):
    """What is needed here of one file; BentoML reads the rest.

    Attributes:
        project: The folder that every path in it is relative to.
        target: What it is called on the command line: the service's folder, or `platform`.
        service: The entry point, `module:name`.
        name: The Bento's name.
        include: Patterns of the files in the Bento, as git's ignore files have them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    project: Path
    target: str
    service: str
    name: str
    include: tuple[str, ...]
    python: _Python
    docker: _Docker = _Docker()

    @property
    def path(self) -> Path:
        """Where the file is."""
        return _path(self.project, self.target)

    @property
    def lock(self) -> Path:
        """The exact packages, relative to the project."""
        return Path(self.python.requirements_txt)

    def cards(self, served: Iterable[Card]) -> tuple[Card, ...]:
        """Those of the cards that the Bento holds."""
        included = PathSpec.from_lines("gitignore", self.include)
        return tuple(card for card in served if included.match_file(self.inside(card)))

    def inside(self, card: Card) -> str:
        """Where a card's file is, relative to the project."""
        return (card.folder / f"{card.name}.yaml").relative_to(self.project).as_posix()


def read_bentofile(project: Path, target: str) -> Bentofile:
    """Read one target's file.

    Raises:
        BuildError: There is none, or it lacks what a Bento of Ekiben needs.
    """
    path = _path(project, target)
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        bentofile = Bentofile.model_validate({**values, "project": project, "target": target})
    except FileNotFoundError:
        names = ", ".join(list_targets(project))
        raise BuildError(f"{target!r} cannot be built: there is no {path}; there are: {names}") from None
    except (yaml.YAMLError, TypeError) as error:
        raise BuildError(f"{path} is not a bentofile: {error}") from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise BuildError(f"{path}: {faults}") from None
    _check(bentofile)
    return bentofile


def list_targets(project: Path) -> tuple[str, ...]:
    """Everything that can be built, the platform last."""
    services = sorted(path.parent.name for path in (project / "services").glob(f"*/{_FILE}"))
    return (*services, *([PLATFORM] if (project / _FILE).is_file() else []))


def _check(bentofile: Bentofile) -> None:
    """Refuse what BentoML would build without a word and nobody could start."""
    if not bentofile.python.is_src_layout:
        raise BuildError(f"{bentofile.path}: python.is_src_layout must be true, or src/ is not importable in the Bento")
    if bentofile.python.lock_packages:
        raise BuildError(f"{bentofile.path}: python.lock_packages must be false; {bentofile.lock} has the hashes")
    if not (bentofile.project / bentofile.lock).is_file():
        raise BuildError(f"{bentofile.path}: there is no {bentofile.lock}; run scripts/lock")


def _path(project: Path, target: str) -> Path:
    return project / _FILE if target == PLATFORM else project / "services" / target / _FILE
