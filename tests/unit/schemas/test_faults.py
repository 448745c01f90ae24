"""Whatever arrives is either valid or refused in one bounded, plain sentence."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from ekiben.errors import InvalidRequest
from ekiben.schemas import fault
from ekiben.schemas.base import RequestModel
from ekiben.schemas.classifications import ClassificationForm
from ekiben.schemas.embeddings import EmbeddingsRequest
from ekiben.schemas.faults import MAX_MESSAGE_CHARACTERS, MAX_PARAM_CHARACTERS


def refused(model: Any, value: Any) -> InvalidRequest:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(model).validate_python(value)
    return fault(caught.value)


GOOD = {"model": "m", "input": "text"}


@pytest.mark.parametrize(
    ("change", "param", "message"),
    [
        ({"input": ""}, "input", "'input': string should have at least 1 character"),
        ({"input": []}, "input", "'input': list should have at least 1 item, not 0"),
        ({"input": ["a", "b", "c", ""]}, "input[3]", "'input[3]': string should have at least 1 character"),
        ({"input": ["a", 3]}, "input[1]", "'input[1]' should be a valid string"),
        ({"input": [1, 2]}, "input", "'input': token ids are not accepted, send text"),
        ({"input": [[1], [2]]}, "input", "'input': token ids are not accepted, send text"),
        ({"input": None}, "input", "'input' should be a string or a list of strings"),
        ({"input": ["a"] * 2_049}, "input", "'input': list should have at most 2048 items, not 2049"),
        ({"dimensions": True}, "dimensions", "'dimensions' should be a valid integer"),
        ({"dimensions": 0}, "dimensions", "'dimensions' should be greater than or equal to 1"),
        ({"encoding_format": "hex"}, "encoding_format", "'encoding_format' should be 'float' or 'base64'"),
        ({"dimension": 3}, "dimension", "'dimension' is not a known field"),
        ({"model": ""}, "model", "'model': string should have at least 1 character"),
    ],
)
def test_says_what_is_wrong_and_where(change: dict[str, Any], param: str, message: str) -> None:
    found = refused(EmbeddingsRequest, GOOD | change)
    assert (found.param, found.message, found.code) == (param, message, "invalid_value")


def test_a_missing_field() -> None:
    assert refused(EmbeddingsRequest, {"input": "x"}).message == "'model' is required"


@pytest.mark.parametrize("body", [None, 5, [], "x", [GOOD]])
def test_a_body_that_is_no_object(body: Any) -> None:
    found = refused(EmbeddingsRequest, body)
    assert (found.message, found.param) == ("the request body should be a JSON object", None)


def test_a_body_that_is_no_json() -> None:
    with pytest.raises(ValidationError) as caught:
        EmbeddingsRequest.model_validate_json('{"model": ')
    assert fault(caught.value).message.startswith("the request body: invalid JSON")


def test_a_flood_of_fields_is_one_fault() -> None:
    flood = {f"x{number}": 1 for number in range(1_000)}
    assert "more than 100 fields" in refused(EmbeddingsRequest, flood).message


class Part(BaseModel):
    size: int


class Odd(RequestModel):
    mixed: list[int | list[str | None]] | dict[str, Part | list[Part]] | None = None
    named: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    json_: int = Field(0, alias="json")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"mixed": [1, ["a", 5]]}, "mixed[1][1]"),
        ({"mixed": {"x": {"size": "large"}}}, "mixed.x.size"),
        ({"mixed": {"x": [{"size": 1}, {}]}}, "mixed.x[1].size"),
        ({"mixed": {"x": {}}}, "mixed.x.size"),
        ({"named": {"a": -1}}, "named.a"),
        ({"json": "x"}, "json"),
    ],
)
def test_union_arms_are_not_part_of_the_path(body: dict[str, Any], param: str) -> None:
    assert refused(Odd, body).param == param


def test_long_names_are_cut_and_values_never_repeated() -> None:
    found = refused(EmbeddingsRequest, GOOD | {"n" * 10_000: 1})
    assert len(found.param or "") == MAX_PARAM_CHARACTERS
    assert "secret" not in refused(EmbeddingsRequest, GOOD | {"model": ["secret"]}).message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
FIELDS = st.sampled_from(["model", "input", "encoding_format", "dimensions", "user", "top_k", "mixed", "named"])


@given(
    st.sampled_from([EmbeddingsRequest, ClassificationForm, Odd]),
    JSON | st.dictionaries(FIELDS | st.text(), JSON | st.just("text"), max_size=6),
)
def test_anything_is_valid_or_refused_in_a_bounded_sentence(model: type[BaseModel], body: Any) -> None:
    try:
        model.model_validate(body)
    except ValidationError as error:
        found = fault(error)
        assert 0 < len(found.message) <= MAX_MESSAGE_CHARACTERS
        assert len(found.param or "") <= MAX_PARAM_CHARACTERS
        assert "<text" not in f"{found.param}" or "<text" in repr(body)
        json.dumps(found.payload(), ensure_ascii=False).encode("utf-8")
