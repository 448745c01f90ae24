"""`POST /v1/completions`, OpenAI's: plain text to go on from, without a template."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictInt
from pydantic_core import PydanticCustomError

from ekiben.schemas.base import ResponseModel
from ekiben.schemas.generation import CompletionUsage, FinishReason, GenerationOptions, Unsupported

MAX_LOGPROBS = 5


def _one_text(value: object) -> object:
    """Take the text out of a list of one; several prompts, and token ids, are refused in words."""
    if not isinstance(value, list):
        return value
    if len(value) == 1 and isinstance(value[0], str):
        return value[0]
    raise PydanticCustomError("several_prompts", "should be one text; token ids and several prompts are not accepted")


class CompletionRequest(GenerationOptions):
    """A text to go on from."""

    prompt: Annotated[str, BeforeValidator(_one_text), Field(min_length=1)]
    logprobs: Annotated[StrictInt, Field(ge=0, le=MAX_LOGPROBS)] | None = None
    best_of: Literal[1] | None = None
    echo: Unsupported = None
    suffix: Unsupported = None


class CompletionLogprobs(ResponseModel):
    """Of every token: it, its log probability, the likeliest in its place, and where in the text it begins."""

    tokens: list[str]
    token_logprobs: list[float]
    top_logprobs: list[dict[str, float]] | None = None
    text_offset: list[int]


class CompletionChoice(ResponseModel):
    """The one answer, or more of it; a stream's last chunk says how it ended."""

    index: Literal[0] = 0
    text: str
    finish_reason: FinishReason | None = None
    logprobs: CompletionLogprobs | None = None


class Completion(ResponseModel):
    """An answer, or a chunk of a streamed one; `created` is in Unix seconds."""

    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: CompletionUsage | None = None
