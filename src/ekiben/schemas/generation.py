"""What chats and plain completions have in common, as OpenAI has it.

A field that our models cannot honour is refused by name rather than ignored; one that changes nothing about the answer
(bookkeeping, hints) is taken and ignored.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool, StrictFloat, StrictInt
from pydantic_core import PydanticCustomError

from ekiben.schemas.base import RequestModel, ResponseModel

MAX_STOPS = 4
MAX_TOP_LOGPROBS = 20
_MAX_STOP_CHARACTERS = 200

FinishReason = Literal["stop", "length"]


def _nothing(value: object) -> None:
    """Take what says nothing, as some clients send it for every field they know."""
    if value not in (None, [], {}, False, "none"):
        raise PydanticCustomError("unsupported", "is not supported by the models served here; leave it out")


Unsupported = Annotated[None, BeforeValidator(_nothing)]
Ignored = Annotated[Any, Field(description="Accepted for compatibility and not used.")]
Number = StrictInt | StrictFloat
MaxTokens = Annotated[StrictInt, Field(ge=1)]
Stop = Annotated[str, Field(min_length=1, max_length=_MAX_STOP_CHARACTERS)]


class StreamOptions(RequestModel):
    """`include_usage` adds a last chunk that counts the tokens; the padding is not made."""

    include_usage: StrictBool = False
    include_obfuscation: Ignored = None


class ResponseFormat(RequestModel):
    """Text, and nothing else."""

    type: Literal["text"] = "text"


class GenerationOptions(RequestModel):
    """How to write; what is left out is the model's own choice."""

    model: Annotated[str, Field(min_length=1, max_length=200)]
    max_tokens: MaxTokens | None = None
    n: Annotated[Literal[1] | None, Field(description="One answer a request.")] = None
    stop: Stop | Annotated[list[Stop], Field(max_length=MAX_STOPS)] | None = None
    temperature: Annotated[Number, Field(ge=0, le=2)] | None = None
    top_p: Annotated[Number, Field(gt=0, le=1)] | None = None
    presence_penalty: Annotated[Number, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[Number, Field(ge=-2, le=2)] | None = None
    seed: Annotated[StrictInt, Field(ge=-(2**63), lt=2**63)] | None = None
    stream: StrictBool | None = None
    stream_options: StreamOptions | None = None
    user: Ignored = None
    metadata: Ignored = None
    store: Ignored = None
    service_tier: Ignored = None
    prompt_cache_key: Ignored = None
    safety_identifier: Ignored = None
    logit_bias: Unsupported = None

    @property
    def stops(self) -> tuple[str, ...]:
        """The texts before which the answer ends."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())

    @property
    def includes_usage(self) -> bool:
        """Whether a stream ends with a chunk that counts the tokens."""
        return self.stream_options is not None and self.stream_options.include_usage


class CompletionUsage(ResponseModel):
    """Tokens by the model's own tokenizer; the prompt's with those of its template."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
