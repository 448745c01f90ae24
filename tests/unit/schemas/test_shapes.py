"""Bodies are read and written as their protocols have them; requests strictly, responses leniently."""

from __future__ import annotations

import subprocess
import sys

import openai.types
import pytest
from pydantic import ValidationError

from ekiben.cards.moderation import OPENAI_CATEGORIES
from ekiben.errors import QueueFull
from ekiben.schemas.classifications import ClassificationForm
from ekiben.schemas.embeddings import Embedding, EmbeddingsRequest, EmbeddingsResponse, Usage
from ekiben.schemas.errors import ErrorResponse
from ekiben.schemas.health import HealthReport
from ekiben.schemas.models import ModelList, ModelObject
from ekiben.schemas.moderations import ModerationRequest, ModerationResponse, ModerationResult
from ekiben.schemas.open_inference import ModelStatistics


def test_embeddings_request_defaults() -> None:
    request = EmbeddingsRequest.model_validate({"model": "m", "input": "text", "user": "u"})
    assert (request.texts, request.encoding_format, request.dimensions) == (["text"], "float", None)
    assert EmbeddingsRequest.model_validate({"model": "m", "input": ["a", "b"]}).texts == ["a", "b"]


def test_embeddings_request_takes_what_openai_takes() -> None:
    """Every parameter of the official client's method is a field here."""
    from openai.types import EmbeddingCreateParams

    assert set(EmbeddingCreateParams.__annotations__) == set(EmbeddingsRequest.model_fields)


def test_responses_are_openai_s() -> None:
    embeddings = EmbeddingsResponse(
        data=[Embedding(index=0, embedding=[0.5])], model="m", usage=Usage(prompt_tokens=1, total_tokens=1)
    )
    read = openai.types.CreateEmbeddingResponse.model_validate_json(embeddings.model_dump_json())
    assert read.data[0].embedding == [0.5]
    models = ModelList(data=[ModelObject(id="m", created=1, owned_by="x")])
    assert openai.types.Model.model_validate(models.model_dump()["data"][0]).id == "m"


def test_moderation_request_takes_what_openai_takes() -> None:
    from openai.types import ModerationCreateParams

    assert set(ModerationCreateParams.__annotations__) == set(ModerationRequest.model_fields)
    parts = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:,"}}]
    assert len(ModerationRequest.model_validate({"input": parts}).input) == 2


def test_moderation_responses_are_openai_s() -> None:
    names = {field.alias or name for name, field in openai.types.moderation.Categories.model_fields.items()}
    assert names == set(OPENAI_CATEGORIES)
    result = ModerationResult(
        flagged=True,
        categories=dict.fromkeys(OPENAI_CATEGORIES, True),
        category_scores=dict.fromkeys(OPENAI_CATEGORIES, 1.0),
        category_applied_input_types={name: ["text"] for name in OPENAI_CATEGORIES},
    )
    sent = ModerationResponse(id="modr-1", model="m", results=[result]).model_dump_json()
    read = openai.types.ModerationCreateResponse.model_validate_json(sent)
    assert read.results[0].categories.self_harm_intent


def test_a_form_reads_digits() -> None:
    assert ClassificationForm.model_validate({"top_k": "7"}).top_k == 7
    assert ClassificationForm().top_k == 5
    for wrong in ("0", "101", "seven", "1.5"):
        with pytest.raises(ValidationError):
            ClassificationForm.model_validate({"top_k": wrong})


def test_errors_fit_their_schema() -> None:
    sent = QueueFull("full", param="input").payload("id-1")
    assert ErrorResponse.model_validate(sent).model_dump() == sent


def test_statistics_have_triton_s_shape() -> None:
    shown = ModelStatistics(name="m", version="1").model_dump()
    assert shown["inference_stats"]["compute_infer"] == {"count": 0, "ns": 0}
    assert shown["batch_stats"] == []


def test_schemas_are_frozen_and_responses_ignore_what_is_new() -> None:
    report = HealthReport.model_validate({"status": "ok", "version": "1", "a_newer_field": 1})
    with pytest.raises(ValidationError):
        report.status = "degraded"  # type: ignore[misc]


def test_schemas_need_pydantic_alone() -> None:
    code = (
        "import sys, ekiben.schemas.embeddings, ekiben.schemas.open_inference, ekiben.schemas.health\n"
        "print([name for name in ('numpy', 'fastapi', 'pydantic_settings', 'orjson', 'httpx') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
