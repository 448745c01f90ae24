"""Which model a picture or a checkpoint belongs to."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class ModelIdentity(BaseModel):
    """The exact weights.

    Attributes:
        name: The served name.
        version: The card's version.
        digest: Of the weights' files; empty where nobody computed one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, Field(min_length=1, max_length=200)]
    version: Annotated[str, Field(max_length=200)]
    digest: Annotated[str, Field(max_length=200)] = ""

    def __str__(self) -> str:
        return f"{self.name}:{self.version}" + (f" ({self.digest[:12]})" if self.digest else "")
