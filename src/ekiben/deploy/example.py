"""The request in a service's `example.yaml`, which a Bento must answer before it is kept."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ekiben.deploy.bentofile import PLATFORM, Bentofile, list_targets, read_bentofile
from ekiben.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ekiben.cards.card import Card

_TIMEOUT_S: Final = 120.0


class Example(BaseModel):
    """One POST.

    Attributes:
        path: The gateway's route.
        body: Sent as JSON; `json` in the file.
        fields: Form fields, for routes that take a form.
        files: Form field → file, relative to the project.
        answer_has: A text that the answer holds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(pattern=r"^/")
    body: dict[str, Any] | None = Field(None, alias="json")
    fields: dict[str, str] = {}
    files: dict[str, Path] = {}
    answer_has: str

    @property
    def model(self) -> str | None:
        """The served name that is asked, where the request says one."""
        return (self.body or {}).get("model") or self.fields.get("model")

    def of(self, model: str) -> Example:
        """The same request to another model, where it names one."""
        body = self.body | {"model": model} if self.body and "model" in self.body else self.body
        fields = self.fields | {"model": model} if "model" in self.fields else self.fields
        return self.model_copy(update={"body": body, "fields": fields})

    def ask(self, base_url: str, project: Path) -> None:
        """Send it.

        Raises:
            BuildError: The answer is not 200, or lacks the text.
        """
        with ExitStack() as opened:
            files = {name: opened.enter_context((project / path).open("rb")) for name, path in self.files.items()}
            try:
                reply = httpx.post(
                    base_url + self.path,
                    json=self.body,
                    data=self.fields,
                    files=files or None,
                    timeout=_TIMEOUT_S,
                    trust_env=False,
                )
            except httpx.HTTPError as error:
                raise BuildError(f"{self.path} gave no answer: {error!r}") from None
        if reply.status_code != httpx.codes.OK or self.answer_has not in reply.text:
            raise BuildError(f"{self.path} answered {reply.status_code}: {reply.text[:500]}")


def read_examples(bentofile: Bentofile, cards: Sequence[Card]) -> tuple[Example, ...]:
    """The target's request to one of the cards; of the platform, those of all services that have one of them.

    Raises:
        BuildError: A service has none, or it is wrong.
    """
    project, targets = bentofile.project, [bentofile]
    if bentofile.target == PLATFORM:
        targets = [read_bentofile(project, target) for target in list_targets(project) if target != PLATFORM]
    read = [(_read(target.path.with_name("example.yaml")), target.cards(cards)) for target in targets]
    return tuple(_to_one_of(example, own) for example, own in read if own)


def _to_one_of(example: Example, cards: Sequence[Card]) -> Example:
    """The model that the file names is asked where it is there, else the first."""
    names = [card.name for card in cards]
    return example if example.model in names else example.of(names[0])


def _read(path: Path) -> Example:
    try:
        return Example.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BuildError(f"{path} cannot be read: {error.strerror}; a Bento is tried with the request in it") from None
    except (yaml.YAMLError, ValidationError) as error:
        raise BuildError(f"{path}: {error}") from None
