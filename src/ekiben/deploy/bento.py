"""A Bento that is built, read from its own folder in BentoML's store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from ekiben.deploy.blueprint import MODELS_LABEL
from ekiben.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Mapping

SBOM_FILE: Final = "sbom.cdx.json"


@dataclass(frozen=True, slots=True)
class Bento:
    """What `bento.yaml` says.

    Attributes:
        service: The entry point, `module:name`.
        models: Tags in BentoML's model store that it refers to.
    """

    path: Path
    tag: str
    service: str
    labels: Mapping[str, str]
    models: frozenset[str]

    @property
    def source(self) -> Path:
        """The folder that programs run in: `ekiben`, `services` and `models` lie there."""
        return self.path / "src"

    @property
    def name(self) -> str:
        """The tag without its version."""
        return self.tag.partition(":")[0]

    @property
    def names(self) -> tuple[str, ...]:
        """The served names it was built for.

        Raises:
            BuildError: It was not built by `ekiben build`.
        """
        names = self.labels.get(MODELS_LABEL, "")
        if not names:
            raise BuildError(f"{self.tag} has no label {MODELS_LABEL!r}: build it with scripts/build")
        return tuple(names.split(","))


def bento_path(bentoml_home: Path, tag: str) -> Path:
    """Where a Bento is, or would be."""
    name, _, version = tag.partition(":")
    return bentoml_home / "bentos" / name / version


def latest_tag(bentoml_home: Path, name: str) -> str:
    """The tag of the newest Bento of that name.

    Raises:
        BuildError: There is none.
    """
    try:
        version = (bentoml_home / "bentos" / name / "latest").read_text(encoding="utf-8").strip()
    except OSError:
        raise BuildError(f"there is no Bento {name!r} in {bentoml_home}; make it with scripts/build") from None
    return f"{name}:{version}"


def read_bento(path: Path) -> Bento:
    """Read one Bento's folder.

    Raises:
        BuildError: There is none, or it cannot be read.
    """
    try:
        info: dict[str, Any] = yaml.safe_load((path / "bento.yaml").read_text(encoding="utf-8"))
        named = [*info["models"], *(model for service in info["services"] for model in service["models"])]
        return Bento(
            path=path,
            tag=f"{info['name']}:{info['version']}",
            service=info["service"],
            labels=info["labels"],
            models=frozenset(model["tag"] for model in named),
        )
    except OSError as error:
        raise BuildError(f"no Bento can be read in {path}: {error.strerror}") from None
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise BuildError(f"{path}/bento.yaml is not as BentoML writes it: {error!r}") from None
