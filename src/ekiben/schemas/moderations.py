"""`POST /v1/moderations`, exactly as OpenAI has it, but that pictures come as data and not by address."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from ekiben.schemas.base import RequestModel, ResponseModel

MAX_INPUTS = 2_048
# What OpenAI's clients and users name when they mean the usual one.
DEFAULT_NAMES = frozenset({"omni-moderation-latest", "text-moderation-latest"})


class ImageUrl(RequestModel):
    """A picture as a `data:` URL."""

    url: Annotated[str, Field(min_length=1)]


class TextPart(RequestModel):
    """A text among other parts."""

    type: Literal["text"]
    text: Annotated[str, Field(min_length=1)]


class ImagePart(RequestModel):
    """A picture among other parts."""

    type: Literal["image_url"]
    image_url: ImageUrl


def _form(value: object) -> str | None:
    """Pick the form `input` has, so that an error is told about that form and not about all three."""
    if isinstance(value, str):
        return "<text>"
    if isinstance(value, list):
        return "<parts>" if value and isinstance(value[0], dict | RequestModel) else "<texts>"
    return None


Text = Annotated[str, Field(min_length=1)]
# fail_fast: one fault is reported, so 2,048 records of the same one would be work for nobody.
Texts = Annotated[list[Text], Field(min_length=1, max_length=MAX_INPUTS, fail_fast=True)]
Part = Annotated[TextPart | ImagePart, Field(discriminator="type")]
Parts = Annotated[list[Part], Field(min_length=1, max_length=MAX_INPUTS, fail_fast=True)]
Input = Annotated[
    Annotated[Text, Tag("<text>")] | Annotated[Texts, Tag("<texts>")] | Annotated[Parts, Tag("<parts>")],
    Discriminator(
        _form,
        custom_error_type="input_type",
        custom_error_message="should be a string, a list of strings or a list of text and image_url parts",
    ),
]


class ModerationRequest(RequestModel):
    """Texts, each judged on its own, or parts of one message, judged together."""

    model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    input: Input


class ModerationResult(ResponseModel):
    """One text's or message's.

    `category_applied_input_types` says for which kinds of input a category could be found at all: where it is
    empty, no classifier looked for it and its score is 0.
    """

    flagged: bool
    categories: dict[str, bool]
    category_scores: dict[str, float]
    category_applied_input_types: dict[str, list[Literal["text", "image"]]]


class ModerationResponse(ResponseModel):
    """A result per text, in the order of the texts; one for all parts of a message."""

    id: str
    model: str
    results: list[ModerationResult]
