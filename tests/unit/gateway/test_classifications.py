"""`/v1/images/classifications`: forms that never become a picture."""

from __future__ import annotations

import numpy as np
import orjson

from ekiben.gateway.routes.classifications import classification_response
from ekiben.gateway.worker_client import Reply
from ekiben.inference.open_inference import encode_response
from ekiben.schemas.classifications import ClassificationForm
from tests.unit.gateway.conftest import Gateway

ROUTE = "/v1/images/classifications"


async def test_the_content_type_may_be_written_in_any_case(gateway: Gateway) -> None:
    body = b'--B\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\nx\r\n--B--\r\n'
    reply = await gateway.http.post(ROUTE, content=body, headers={"content-type": "Multipart/Form-Data; boundary=B"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "model_not_found")  # It was read.


async def test_a_picture_sent_as_a_field_is_told_to_come_as_a_file(gateway: Gateway) -> None:
    body = b'--B\r\ncontent-disposition: form-data; name="image"\r\n\r\n' + b"x" * 5_000 + b"\r\n--B--\r\n"
    reply = await gateway.http.post(ROUTE, content=body, headers={"content-type": "multipart/form-data; boundary=B"})
    error = reply.json()["error"]
    assert (reply.status_code, error["param"]) == (400, "image")
    assert "filename" in error["message"]


def test_where_the_labels_have_gone_with_their_model_numbers_take_their_place() -> None:
    encoded = encode_response("m", "1", {"probabilities": np.array([[0.1, 0.7, 0.2]], np.float32)})
    reply = Reply(encoded.body, {})
    for labels, names in ((["a", "b", "c"], ["b", "c"]), (None, ["1", "2"])):
        answer = classification_response(labels, "m", ClassificationForm(top_k=2), reply)
        assert [each["label"] for each in orjson.loads(answer.body)["data"]] == names
