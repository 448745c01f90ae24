"""Jobs of models that answer with tensors."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ekiben.gateway.jobs.desk import JobDesk
from ekiben.jobs import Cost, Leasing, Result
from ekiben.jobs.blobs import get_checked, put_output
from tests.unit.gateway.conftest import Gateway, StartGateway

JOBS = "/v1/jobs"


@pytest.fixture
async def embedding(start_gateway: StartGateway, valkey_url: str, run_dir: object) -> AsyncIterator[Gateway]:
    gateway = await start_gateway(valkey_url=valkey_url, state_dir=f"{run_dir}/state")
    assert gateway.state.jobs is not None
    await gateway.state.jobs.start()
    yield gateway
    await gateway.state.jobs.close()


async def test_an_embedding_job_answers_as_the_route_does(embedding: Gateway) -> None:
    given = {"input": ["ab", "c"], "encoding_format": "base64"}
    job = (await embedding.http.post(JOBS, json={"task": "text-embedding", "input": given})).json()
    assert job["model"] == "toy"
    desk = embedding.state.jobs
    assert desk is not None
    await _work(desk, embedding)
    result = (await embedding.http.get(f"{JOBS}/{job['id']}/result")).json()
    direct = (await embedding.http.post("/v1/embeddings", json={"model": "toy", **given})).json()
    assert result == direct
    assert (await embedding.http.get(f"{JOBS}/{job['id']}/result/0")).status_code == 404
    del embedding.state.cards["toy"]
    assert (await embedding.http.get(f"{JOBS}/{job['id']}/result")).json() == result


@pytest.mark.parametrize(
    ("given", "param"), [({"input": []}, "input.input"), ({"input": "a", "dimensions": 7}, "input.dimensions")]
)
async def test_a_bad_input_is_refused_at_once(embedding: Gateway, given: dict[str, object], param: str) -> None:
    answer = await embedding.http.post(JOBS, json={"task": "text-embedding", "input": given})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


async def _work(desk: JobDesk, gateway: Gateway) -> None:
    """Ask the model's worker what the job says."""
    leasing = Leasing(desk.store, "toy", "w")
    (lease,) = (await leasing.lease(1)).leases
    specification = lease.job.specification
    inline = specification.inline
    assert isinstance(inline, dict)
    assert specification.input is not None
    body, headers = await get_checked(desk.blobs, specification.input), inline["headers"]
    assert isinstance(headers, dict)
    reply = await gateway.state.fleet.infer("toy", body, {name: str(value) for name, value in headers.items()}, 5.0)
    pointer = await put_output(desk.blobs, lease.job.id, lease.fence, reply.body, "application/octet-stream")
    kept = {name: value for name, value in reply.headers.items() if name == "inference-header-content-length"}
    await leasing.complete(lease, Result(blobs=(pointer,), value={"status": 200, "headers": kept}), Cost())
