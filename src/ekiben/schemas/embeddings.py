"""`POST /v1/embeddings`, exactly as OpenAI has it.

Limits here are the protocol's; a model's own (items, tokens) stand in its card and are checked later.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, StrictInt, Tag
from pydantic_core import PydanticCustomError

from ekiben.schemas.base import RequestModel, ResponseModel

MAX_INPUTS = 2_048

EncodingFormat = Literal["float", "base64"]


def _text_only(value: object) -> object:
    """Refuse `[1, 2]` and `[[1, 2], [3]]`, which OpenAI reads as token ids of its own tokenizers."""
    first = value[0] if isinstance(value, list) and value else None
    if isinstance(first, int | list) and not isinstance(first, bool):
        raise PydanticCustomError("token_ids", "token ids are not accepted, send text")
    return value


def _form(value: object) -> str | None:
    """Pick the form `input` has, so that an error is told about that form and not about both."""
    return "<text>" if isinstance(value, str) else "<texts>" if isinstance(value, list) else None


Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[
    # fail_fast: one fault is reported, so 2,048 records of the same one would be work for nobody.
    list[Text],
    Field(min_length=1, max_length=MAX_INPUTS, fail_fast=True),
    BeforeValidator(_text_only),
]
Input = Annotated[
    Annotated[Text, Tag("<text>")] | Annotated[Texts, Tag("<texts>")],
    Discriminator(
        _form,
        custom_error_type="input_type",
        custom_error_message="should be a string or a list of strings",
    ),
]


class EmbeddingsRequest(RequestModel):
    """Texts to embed.

    `user` is accepted for compatibility and not used.
    """

    model: Annotated[str, Field(min_length=1, max_length=200)]
    input: Input
    encoding_format: EncodingFormat = "float"
    dimensions: Annotated[StrictInt, Field(ge=1)] | None = None
    user: Annotated[str, Field(max_length=1_000)] | None = None

    @property
    def texts(self) -> list[str]:
        """The texts in order; a single one as a list of one."""
        return [self.input] if isinstance(self.input, str) else self.input


class Embedding(ResponseModel):
    """One vector: floats, or base64 of little-endian float32 when `encoding_format` was `base64`."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class Usage(ResponseModel):
    """Tokens counted by the model's own tokenizer, special tokens included."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingsResponse(ResponseModel):
    """A vector per text, in the order of the texts."""

    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str
    usage: Usage
