"""What calls for pictures return."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ekiben.client.errors import MissingPackageError
from ekiben.client.results import Result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture as a file; `content` is its bytes."""

    content: bytes = field(repr=False)

    @property
    def image(self) -> Image:
        """The picture, decoded.

        Raises:
            MissingPackageError: Pillow is not installed.
        """
        try:
            import PIL.Image
        except ImportError:
            raise MissingPackageError("image needs Pillow: pip install pillow") from None
        return PIL.Image.open(io.BytesIO(self.content))

    def save(self, path: str | Path) -> Path:
        """Write the file as it is, whatever the path's ending; returns where.

        Raises:
            OSError: It cannot be written.
        """
        written = Path(path)
        written.write_bytes(self.content)
        return written


@dataclass(frozen=True, slots=True)
class PromptMatch:
    """How much of a prompt a model of a small world knows.

    Attributes:
        score: From 0 to 1.
        things: What the known words stand for.
        unknown: Words that it does not know.
    """

    score: float
    things: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GeneratedImage(PictureFile):
    """A finished picture, and how it was made: with the same words and numbers it is made again.

    Attributes:
        width: In pixels.
        height: In pixels.
        steps: Denoising steps.
        output_format: png, jpeg or webp.
        timing: Milliseconds by stage.
        prompt_match: How much of the prompt was understood; told by models that know a list of things.
    """

    seed: int
    width: int
    height: int
    steps: int
    guidance_scale: float
    scheduler: str
    model: str
    model_version: str
    output_format: str
    timing: Mapping[str, float]
    prompt_match: PromptMatch | None = None


@dataclass(frozen=True, slots=True)
class ImagePreview(PictureFile):
    """What a picture looks like after so many of its steps; `number` counts previews from 0."""

    number: int
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Images(Result):
    """Pictures, in the order of their seeds; `created` is in Unix seconds."""

    data: Sequence[GeneratedImage]
    created: int

    @property
    def first(self) -> GeneratedImage:
        """The first, which is the only one unless `n` was given."""
        return self.data[0]
