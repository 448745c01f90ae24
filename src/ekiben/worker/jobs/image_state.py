"""The pictures of one job between two steps, written down together: some done, some in the making, some not begun.

A frame (`ekiben.inference.frames`): a line that says whose they are and what follows, then files of finished pictures
and the runtime's checkpoints of the others, joined. The runtime checks its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from ekiben.errors import CheckpointRefused, InvalidRequest
from ekiben.inference.frames import FrameReader, encode_frame
from ekiben.inference.image_generation import Facts, FinishedImage

FORMAT: Final = 1
_FACTS: Final[TypeAdapter[Facts]] = TypeAdapter(Facts)


@dataclass(frozen=True, slots=True)
class Begun:
    """A picture after `step` of its steps, as the runtime has written it down."""

    step: int
    data: bytes


@dataclass(frozen=True, slots=True)
class ImageState:
    """What is there of a job's pictures, by index.

    Attributes:
        model: Name and version of what draws them.
    """

    model: str
    finished: Mapping[int, FinishedImage] = field(default_factory=dict)
    begun: Mapping[int, Begun] = field(default_factory=dict)

    @property
    def step(self) -> int:
        """Steps behind it: of those in the making, and all of those that are finished."""
        done = sum(image.facts.steps for image in self.finished.values())
        return done + sum(begun.step for begun in self.begun.values())

    def to_bytes(self) -> bytes:
        """Write it down."""
        pictures: list[dict[str, Any]] = []
        files: list[bytes] = []
        for index, image in self.finished.items():
            pictures.append({"index": index, "facts": asdict(image.facts), "size": len(image.image)})
            files.append(image.image)
        for index, begun in self.begun.items():
            pictures.append({"index": index, "step": begun.step, "size": len(begun.data)})
            files.append(begun.data)
        return encode_frame({"format": FORMAT, "model": self.model, "pictures": pictures}, b"".join(files))

    @classmethod
    def from_bytes(cls, data: bytes, model: str) -> ImageState:
        """Read it.

        Raises:
            CheckpointRefused: It is damaged, of another format, or another model's.
        """
        content, attached = _frame(data)
        if content.get("format") != FORMAT or content.get("model") != model:
            raise _refused(f"it is of {content.get('model')!r:.100}, this is {model!r}, or of another format")
        finished: dict[int, FinishedImage] = {}
        begun: dict[int, Begun] = {}
        try:
            for picture in content["pictures"]:
                index, size = int(picture["index"]), int(picture["size"])
                file, attached = attached[:size], attached[size:]
                if "facts" in picture:
                    finished[index] = FinishedImage(index, file, _FACTS.validate_python(picture["facts"]))
                else:
                    begun[index] = Begun(int(picture["step"]), file)
        except (KeyError, TypeError, ValueError, ValidationError) as error:
            raise _refused("it cannot be read") from error
        return cls(model, finished, begun)


def _frame(data: bytes) -> tuple[Mapping[str, Any], bytes]:
    try:
        frames = FrameReader().feed(data)
    except InvalidRequest as error:
        raise _refused("it cannot be read") from error
    if len(frames) != 1:
        raise _refused("it is truncated")
    return frames[0].content, frames[0].attached


def _refused(reason: str) -> CheckpointRefused:
    return CheckpointRefused(f"The checkpoint is refused: {reason}.", param="checkpoint")
