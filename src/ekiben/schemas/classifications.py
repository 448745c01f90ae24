"""`POST /v1/images/classifications`: a picture as a form upload, the most likely labels as the answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ekiben.schemas.base import RequestModel, ResponseModel

DEFAULT_TOP_K = 5
MAX_TOP_K = 100


class ClassificationForm(RequestModel):
    """The form's fields beside the file `image`; form values are text, so `top_k` is read from digits."""

    model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    top_k: Annotated[int, Field(ge=1, le=MAX_TOP_K)] = DEFAULT_TOP_K


class ClassificationInput(ClassificationForm):
    """The same without a form: its file as a `data:` URL."""

    image: str


class ClassLabel(ResponseModel):
    """One label: its class index in the model and its probability, 0 to 1."""

    label: str
    score: float
    index: int


class ClassificationResponse(ResponseModel):
    """The labels, most likely first; `created` is in Unix seconds."""

    object: Literal["image.classification"] = "image.classification"
    created: int
    model: str
    data: list[ClassLabel]
