"""What every response has in common, whatever happened before it."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from tests.unit.gateway.conftest import Gateway

ID = {"x-request-id": "rid-1"}


async def test_a_defect_has_the_one_shape_and_a_log_entry(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr("ekiben.gateway.routes.models._describe", broken)
    with capture_logs() as logs:
        reply = await gateway.http.get("/v1/models", headers=ID)
    assert (reply.status_code, reply.headers["x-request-id"]) == (500, "rid-1")
    assert (reply.json()["error"]["code"], reply.json()["request_id"]) == ("internal_error", "rid-1")
    assert "inside" not in reply.text
    assert [entry["request_id"] for entry in logs if entry["event"] == "request failed"] == ["rid-1"]


async def test_a_model_that_fails_leaves_its_reason_in_the_log(gateway: Gateway) -> None:
    with capture_logs() as logs:
        reply = await gateway.http.post("/v1/embeddings", json={"model": "toy", "input": "poison"}, headers=ID)
    assert (reply.status_code, reply.json()["error"]["code"]) == (500, "internal_error")
    failures = [entry for entry in logs if entry["event"] == "request failed"]
    assert {entry["request_id"] for entry in failures} == {"rid-1"}
    causes = [entry["exc_info"].__cause__ for entry in failures if entry.get("model") == "toy"]
    assert [str(cause) for cause in causes] == ["poisoned"]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/no/such", 404), ("DELETE", "/v1/models", 405)])
async def test_the_frameworks_own_refusals_have_the_one_shape(
    gateway: Gateway, method: str, path: str, status: int
) -> None:
    reply = await gateway.http.request(method, path)
    assert reply.status_code == status
    assert reply.json()["error"]["type"] == "invalid_request_error"
    assert reply.json()["request_id"] == reply.headers["x-request-id"]
