"""What each method sends and makes of the answer; both clients alike."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ekiben.client.results import Classification, Embeddings, Usage
from ekiben.errors import InvalidRequest
from ekiben.inference import protocol
from ekiben.inference.open_inference import decode_request, encode_response
from tests.unit.client.conftest import Caller, Reply, Server, reply

if TYPE_CHECKING:
    from ekiben.schemas.health import HealthReport
    from ekiben.schemas.open_inference import ModelMetadata, StatisticsResponse

USAGE = {"prompt_tokens": 5, "total_tokens": 5}


def embeddings(*vectors: object) -> Reply:
    data = [{"object": "embedding", "index": i, "embedding": vector} for i, vector in enumerate(vectors)]
    sent = {"object": "list", "data": data, "model": "minilm", "usage": USAGE}
    return reply(sent, x_request_id="srv-9", server_timing='queue;dur=1.5, infer;desc="a, b";dur=3')


def packed(*values: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()


def test_embeddings(call: Caller, server: Server) -> None:
    server.answers(embeddings(packed(1.0, -2.5), packed(0.0, 0.25)))
    found: Embeddings = call(lambda client: client.embeddings.create(["a", "b"], model="minilm", dimensions=2))
    sent = server.received[0]
    assert (sent.method, sent.path) == ("POST", "/v1/embeddings")
    assert sent.json == {"model": "minilm", "input": ["a", "b"], "dimensions": 2, "encoding_format": "base64"}
    assert [each.embedding for each in found.data] == [[1.0, -2.5], [0.0, 0.25]]
    assert (found.model, found.usage, found.request_id) == ("minilm", Usage(5, 5), "srv-9")
    assert found.timing == {"queue": 1.5, "infer": 3.0}
    array = found.to_numpy()
    assert (array.shape, array.dtype, array.flags.writeable) == ((2, 2), np.dtype(np.float32), True)
    assert array.tolist() == [[1.0, -2.5], [0.0, 0.25]]


def test_embeddings_of_a_server_that_sends_numbers(call: Caller, server: Server) -> None:
    server.answers(embeddings([0.5, 0.25]))
    assert call(lambda client: client.embeddings.create("a")).data[0].embedding == [0.5, 0.25]


def test_headers(call: Caller, server: Server) -> None:
    server.answers(reply({"data": []}))
    call(lambda client: client.models.list(priority=-3, request_id="abc"), api_key="k-1")
    call(lambda client: client.models.list())
    first, second = (each.headers for each in server.received)
    assert (first[protocol.PRIORITY], first[protocol.REQUEST_ID]) == ("-3", "abc")
    assert first["authorization"] == "Bearer k-1"
    assert first["user-agent"].startswith("ekiben-python/")
    assert 0 < int(second[protocol.TIMEOUT_MS]) <= 60_000
    assert len(second[protocol.REQUEST_ID]) == 32
    assert protocol.PRIORITY not in second
    assert "authorization" not in second


@pytest.mark.parametrize("options", [{"priority": 11}, {"request_id": "a\nb"}, {"request_id": ""}])
def test_options_out_of_range(call: Caller, server: Server, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        call(lambda client: client.models.list(**options))
    assert caught.value.param in options
    assert server.received == []


def test_models(call: Caller, server: Server) -> None:
    model = {"id": "a/b", "object": "model", "created": 1, "owned_by": "x", "a_newer_field": 1}
    server.answers(reply({"object": "list", "data": [model]}), reply(model))
    assert call(lambda client: client.models.list()).data[0].id == "a/b"
    assert call(lambda client: client.models.retrieve("a/b")).owned_by == "x"
    assert server.received[1].path == "/v1/models/a%2Fb"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_names_that_are_other_paths(call: Caller, server: Server, name: str) -> None:
    with pytest.raises(InvalidRequest, match="not the name of a model"):
        call(lambda client: client.models.retrieve(name))
    assert server.received == []


def test_classification(call: Caller, server: Server) -> None:
    label = {"label": "cat", "score": 0.75, "index": 281}
    server.answers(reply({"object": "image.classification", "created": 3, "model": "net", "data": [label]}))
    found: Classification = call(lambda client: client.images.classify(b"JPEG", model="net", top_k=1))
    assert (found.data[0].label, found.data[0].score, found.data[0].index) == ("cat", 0.75, 281)
    assert (found.model, found.created) == ("net", 3)


def test_health_of_an_unhealthy_server_is_an_answer(call: Caller, server: Server) -> None:
    server.answers(reply({"status": "unhealthy", "version": "1", "components": []}, 503))
    found: HealthReport = call(lambda client: client.health())
    assert found.status == "unhealthy"
    assert len(server.received) == 1


@pytest.mark.parametrize(("status", "expected"), [(200, True), (503, False)])
def test_probes(call: Caller, server: Server, status: int, expected: bool) -> None:
    server.answers(Reply(status))
    assert call(lambda client: client.ready()) is expected
    assert call(lambda client: client.live()) is expected
    assert [each.path for each in server.received] == ["/readyz", "/livez"]


def test_probes_of_nobody(call: Caller, server: Server) -> None:
    server.close()
    assert call(lambda client: client.ready()) is False
    assert call(lambda client: client.live()) is False


def test_probes_tell_of_mistakes(call: Caller, server: Server) -> None:
    server.answers(Reply(404))
    with pytest.raises(Exception, match="404"):
        call(lambda client: client.ready())


def test_metrics(call: Caller, server: Server) -> None:
    server.answers(Reply(200, b"up 1\n"))
    assert call(lambda client: client.metrics()) == "up 1\n"


def test_infer(call: Caller, server: Server) -> None:
    answer = encode_response("m", "1", {"y": np.arange(3, dtype=np.float32)}, binary_default=True)
    server.answers(Reply(200, answer.body, {protocol.HEADER_LENGTH: str(answer.header_length)}))
    inputs = {"x": np.ones((2, 3), np.uint8), "f": [[1.5]], "n": [1, 2], "t": ["é", b"\x00\x00"]}
    found = call(lambda client: client.infer("m", inputs, outputs=["y"]))
    assert found["y"].tolist() == [0.0, 1.0, 2.0]
    sent = server.received[0]
    assert sent.path == "/v2/models/m/infer"
    request = decode_request(sent.body, int(sent.headers[protocol.HEADER_LENGTH]))
    kinds = {name: (tensor.dtype.name, tensor.shape) for name, tensor in request.inputs.items()}
    assert kinds == {"x": ("uint8", (2, 3)), "f": ("float32", (1, 1)), "n": ("int64", (2,)), "t": ("object", (2,))}
    assert request.inputs["t"].tolist() == ["é".encode(), b"\x00\x00"]
    assert request.outputs is not None
    assert [output.name for output in request.outputs] == ["y"]


@pytest.mark.parametrize("value", [[[1], [1, 2]], np.zeros(2, np.complex64), ["a", 5], [{}]])
def test_inputs_that_are_no_tensors(call: Caller, server: Server, value: Any) -> None:
    with pytest.raises(InvalidRequest, match="'x'"):
        call(lambda client: client.infer("m", {"x": value}))
    assert server.received == []


def test_metadata_and_statistics(call: Caller, server: Server) -> None:
    tensor = {"name": "x", "datatype": "FP32", "shape": [-1, 3]}
    metadata = {"name": "m", "versions": ["1"], "platform": "onnx", "inputs": [tensor], "outputs": [tensor]}
    server.answers(reply(metadata), reply({"model_stats": [{"name": "m", "version": "1", "inference_count": 4}]}))
    found: ModelMetadata = call(lambda client: client.model_metadata("m"))
    assert found.inputs[0].shape == [-1, 3]
    counted: StatisticsResponse = call(lambda client: client.model_statistics("m"))
    assert counted.model_stats[0].inference_count == 4
    assert [each.path for each in server.received] == ["/v2/models/m", "/v2/models/m/stats"]
