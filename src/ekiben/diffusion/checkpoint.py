"""A picture in the making, written down: it can be continued in another process, on another machine.

The format is one safetensors file (data only, nothing in it is ever executed):

    bytes 0-7     length of the header, little-endian
    header        JSON; `__metadata__.ekiben` holds `CheckpointHeader` as JSON text
    tensors       `latents`        in the denoiser's form, first dimension 1
                  `generator`      state of the request's noise generator, bytes
                  `scheduler.*`    what the scheduler has changed so far (`scheduler_state`)
                  `repaint.*`      mask, image and noise, where a masked image is inpainted
                  `channels`       for denoisers that take mask and masked image as input

The prompt's encoding is not in it; it is computed again from the text. Whatever changes in this layout, or in the
fields of a scheduler, raises `FORMAT`; a checkpoint of another format is refused, never guessed at.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import diffusers
import safetensors.torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from torch import Tensor

from ekiben.diffusion.identity import ModelIdentity
from ekiben.diffusion.request import ImageRequest
from ekiben.errors import CheckpointRefused

FORMAT = 1
_MAX_BYTES = 2**30
_MAX_HEADER_BYTES = 2**20
_MAX_TENSORS = 64
_KEY = "ekiben"


class CheckpointHeader(BaseModel):
    """Everything about a checkpoint that is not a tensor.

    Attributes:
        format: Version of this layout.
        engine: Version of Ekiben that wrote it; for reports, not compared.
        diffusers: Version whose schedulers' state it holds.
        model: The weights it belongs to.
        family: How they are run.
        request: What was asked for.
        has_source: Whether it began from a source image, which is not needed any more.
        step: Timesteps behind it; at least one is left.
        scheduler: The class's fields, as `scheduler_state.capture` describes them.
        encode_s: Seconds spent so far; with the next three, so that times in the answer stay true.
        denoise_s: As above.
        evaluations: Forwards so far.
        rows: Denoiser rows in those, summed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    format: int
    engine: Annotated[str, Field(max_length=100)]
    diffusers: Annotated[str, Field(max_length=100)]
    model: ModelIdentity
    family: Annotated[str, Field(max_length=100)]
    request: ImageRequest
    has_source: bool
    step: Annotated[int, Field(ge=1, le=10_000)]
    scheduler: dict[str, Any]
    encode_s: Annotated[float, Field(ge=0)] = 0.0
    denoise_s: Annotated[float, Field(ge=0)] = 0.0
    evaluations: Annotated[int, Field(ge=0)] = 0
    rows: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """Header and tensors; made by `run_state.capture`, read by `run_state.resume`."""

    header: CheckpointHeader
    tensors: Mapping[str, Tensor]

    def to_bytes(self) -> bytes:
        """Write it in the format above."""
        tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in self.tensors.items()}
        return safetensors.torch.save(tensors, {_KEY: self.header.model_dump_json()})

    @classmethod
    def from_bytes(cls, data: bytes) -> Checkpoint:
        """Read it back, trusting nothing.

        Raises:
            CheckpointRefused: Truncated, not a checkpoint, too large, or of another format.
        """
        header = _read_header(data)
        try:
            tensors = safetensors.torch.load(data)
        except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise _refused("its tensors cannot be read") from error
        if len(tensors) > _MAX_TENSORS:
            raise _refused(f"it holds more than {_MAX_TENSORS} tensors")
        return cls(header, tensors)

    def check_model(self, model: ModelIdentity, family: str) -> None:
        """Refuse to continue with other weights or another version of the schedulers.

        Raises:
            CheckpointRefused: Saying what it belongs to and what is here.
        """
        header = self.header
        if header.model != model or header.family != family:
            raise _refused(f"it belongs to {header.model} ({header.family}), this model is {model} ({family})")
        if header.diffusers != diffusers.__version__:
            raise _refused(f"it was written with diffusers {header.diffusers}, here is {diffusers.__version__}")


def _read_header(data: bytes) -> CheckpointHeader:
    if not 8 < len(data) <= _MAX_BYTES:
        raise _refused(f"it has {len(data)} bytes; from 9 to {_MAX_BYTES} are possible")
    (length,) = struct.unpack("<Q", data[:8])
    if length > min(_MAX_HEADER_BYTES, len(data) - 8):
        raise _refused("it is truncated, or not a checkpoint")
    try:
        written = json.loads(data[8 : 8 + length])["__metadata__"][_KEY]
        found = json.loads(written)["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _refused("its header cannot be read") from error
    if found != FORMAT:
        raise _refused(f"its format is {found!r:.40}, this engine reads {FORMAT}")
    try:
        return CheckpointHeader.model_validate_json(written)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        raise _refused(f"{'.'.join(map(str, fault['loc']))[:100]}: {fault['msg']}") from error


def _refused(reason: str) -> CheckpointRefused:
    return CheckpointRefused(f"The checkpoint is refused: {reason}.", param="checkpoint")
