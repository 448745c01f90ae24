"""A client as an object: what it imports, shows, refuses, and how it is carried to other threads and processes."""

from __future__ import annotations

import asyncio
import inspect
import logging
import pickle
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

import ekiben
from ekiben import AsyncClient, Client
from ekiben.client.client import EmbeddingsResource
from ekiben.errors import ConfigurationError, EkibenError
from tests.unit.client.conftest import Caller, Reply, Server, refusal, reply

KEY = "sk-very-secret-0123456789"
MODELS = reply({"data": []})
_LIBRARY = Path(ekiben.__file__).parent


def test_importing_brings_nothing_heavy() -> None:
    heavy = ["torch", "bentoml", "numpy", "PIL", "orjson", "pydantic", "pydantic_settings", "fastapi", "onnxruntime"]
    code = f"""
import sys
import ekiben
assert "httpx" not in sys.modules, "import ekiben alone must bring nothing"
from ekiben import AsyncClient, Client
Client(), AsyncClient()
print([name for name in {heavy} if name in sys.modules])
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_the_package_names_what_it_has() -> None:
    assert {"Client", "AsyncClient", "__version__"} <= set(dir(ekiben))
    assert ekiben.__version__[0].isdigit()
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = ekiben.Nothing


def test_the_key_is_never_shown(call: Caller, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.answers(refusal(401, "invalid_api_key"))
    with pytest.raises(EkibenError) as caught:
        call(lambda client: client.models.list(), api_key=KEY)
    server.close()
    with pytest.raises(EkibenError) as unreached:
        call(lambda client: client.models.list(), api_key=KEY, max_retries=0)
    for error in (caught.value, unreached.value):
        # As error trackers print it: every frame of the client with its local variables.
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        for summary in told.stack:
            if Path(summary.filename).is_relative_to(_LIBRARY):
                assert KEY not in str(summary.locals), summary.name
        assert KEY not in str(error)
    assert KEY not in caplog.text
    assert KEY not in repr(Client(api_key=KEY)) + repr(vars(Client(api_key=KEY)))


def test_the_environment_names_server_and_key(call: Caller, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EKIBEN_BASE_URL", f"{server.url}/prefix/")
    monkeypatch.setenv("EKIBEN_API_KEY", "from-environment")
    server.answers(MODELS)
    call(lambda client: client.models.list(), base_url=None)
    assert server.received[0].path == "/prefix/v1/models"
    assert server.received[0].headers["authorization"] == "Bearer from-environment"


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    "options",
    [
        {"base_url": "localhost:3000"},
        {"base_url": "ftp://host"},
        {"base_url": f"http://user:{KEY}@host"},
        {"base_url": "http://host/?a=b"},
        {"base_url": "http://host:99999"},
        {"base_url": "http://[::"},
        {"base_url": "http://ho st"},
        {"api_key": f"{KEY}\n"},
        {"api_key": f"{KEY}é"},
        {"timeout": 0},
        {"timeout": float("inf")},
        {"max_retries": -1},
    ],
)
def test_options_no_call_could_work_with(kind: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"|".join(options)) as caught:
        kind(**options)
    assert KEY not in str(caught.value)


def test_a_pickled_client_works(server: Server) -> None:
    server.answers(MODELS)
    with Client(server.url, api_key="k", timeout=5.0, max_retries=7) as client:
        copy = pickle.loads(pickle.dumps(client))
    with copy:
        assert copy.models.list().data == []
    assert copy._options == client._options
    assert server.received[0].headers["authorization"] == "Bearer k"


def test_a_client_on_borrowed_connections_is_not_pickled_and_leaves_them_open(server: Server) -> None:
    server.answers(MODELS)
    with httpx.Client() as http:
        with Client(server.url, http_client=http) as client:
            client.models.list()
            with pytest.raises(TypeError, match="http_client"):
                pickle.dumps(client)
        assert not http.is_closed


def test_threads_share_a_client(server: Server) -> None:
    server.answers(MODELS)
    with Client(server.url) as client, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: client.models.list().data, range(40)))
    assert found == [[]] * 40
    assert len({each.headers["x-request-id"] for each in server.received}) == 40


async def test_a_cancelled_call_ends_at_once(server: Server) -> None:
    server.answers(Reply(hang=True))
    async with AsyncClient(server.url) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.models.list()


def test_methods_describe_themselves() -> None:
    assert list(inspect.signature(EmbeddingsResource.create).parameters)[:3] == ["self", "input", "model"]
    assert "Embed one text" in (EmbeddingsResource.create.__doc__ or "")


def test_both_clients_have_the_same_methods() -> None:
    def public(of: object) -> set[str]:
        return {name for name in dir(of) if not name.startswith("_")}

    blocking, asynchronous = Client(), AsyncClient()
    assert public(blocking) == public(asynchronous)
    for group in ("embeddings", "images", "models"):
        assert public(getattr(blocking, group)) == public(getattr(asynchronous, group))
