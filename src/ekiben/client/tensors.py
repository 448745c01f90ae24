"""Tensors by the Open Inference Protocol; needs NumPy and orjson, which `ekiben[serve]` brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from ekiben.client.call import Answer, Call, CallOptions
from ekiben.client.errors import MissingPackageError, UnexpectedResponse
from ekiben.client.names import segment
from ekiben.client.reading import schema
from ekiben.errors import EkibenError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from ekiben.schemas.open_inference import ModelMetadata, StatisticsResponse

_HEADER_LENGTH = "inference-header-content-length"


def infer(
    model: str,
    inputs: Mapping[str, npt.NDArray[Any] | Sequence[Any]],
    outputs: Sequence[str] | None = None,
    **options: Unpack[CallOptions],
) -> Call[dict[str, npt.NDArray[Any]]]:
    """Run a model on tensors; the first dimension is the batch.

    Args:
        model: Served name of the model.
        inputs: Arrays by input name. Lists become arrays: floats float32, integers int64, text BYTES.
        outputs: Names of the outputs wanted; None: all.
        **options: `timeout`, `priority` and `request_id`.

    Raises:
        MissingPackageError: NumPy or orjson is not installed.
        InvalidRequest: An input that the protocol cannot carry.
    """
    body, header_length = _encoded(inputs, outputs)
    headers = {"content-type": "application/json" if header_length is None else "application/octet-stream"}
    if header_length is not None:
        headers[_HEADER_LENGTH] = str(header_length)
    path = f"/v2/models/{segment(model)}/infer"
    return Call("POST", path, _outputs, body={"content": body}, headers=headers, options=options)


def model_metadata(model: str, **options: Unpack[CallOptions]) -> Call[ModelMetadata]:
    """List the tensors a model takes and gives."""
    return Call("GET", f"/v2/models/{segment(model)}", schema("open_inference:ModelMetadata"), options=options)


def model_statistics(model: str, **options: Unpack[CallOptions]) -> Call[StatisticsResponse]:
    """Count and time a model's inferences since its server started."""
    path = f"/v2/models/{segment(model)}/stats"
    return Call("GET", path, schema("open_inference:StatisticsResponse"), options=options)


def _encoded(
    inputs: Mapping[str, npt.NDArray[Any] | Sequence[Any]], outputs: Sequence[str] | None
) -> tuple[bytes, int | None]:
    try:
        from ekiben.client import tensor_encoding
    except ImportError:
        raise MissingPackageError("infer needs NumPy and orjson: pip install 'ekiben[serve]'") from None
    return tensor_encoding.encode(inputs, outputs)


def _outputs(answer: Answer) -> dict[str, npt.NDArray[Any]]:
    from ekiben.inference.open_inference import decode_response, parse_header_length

    try:
        length = parse_header_length(answer.headers.get(_HEADER_LENGTH))
        return dict(decode_response(answer.body, length).outputs)
    except EkibenError as error:
        raise UnexpectedResponse(error.message, request_id=answer.request_id) from error
