"""The request in a service's `example.yaml`, which a Bento must answer before it is kept."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import httpx
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ekiben.deploy.bentofile import PLATFORM, Bentofile
from ekiben.errors import BuildError

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


def read_examples(bentofile: Bentofile) -> tuple[Example, ...]:
    """The target's request; of the platform, those of all services.

    Raises:
        BuildError: A service has none, or it is wrong.
    """
    if bentofile.target == PLATFORM:
        paths = sorted((bentofile.project / "services").glob("*/example.yaml"))
    else:
        paths = [bentofile.path.with_name("example.yaml")]
    return tuple(map(_read, paths))


def _read(path: Path) -> Example:
    try:
        return Example.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BuildError(f"{path} cannot be read: {error.strerror}; a Bento is tried with the request in it") from None
    except (yaml.YAMLError, ValidationError) as error:
        raise BuildError(f"{path}: {error}") from None
