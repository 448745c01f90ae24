"""Images of one service and of the platform: small, without root, read-only, healthy, and nothing lost at the end."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import openai
import pytest

from ekiben import Client
from tests.e2e.bentos import bento_home, build
from tests.e2e.conftest import PROJECT, free_port
from tests.e2e.containers import BUILDER_OPTIONS, Container, Image, layers, mounted, require_builder, running
from tests.e2e.test_keys import create_key

pytestmark = pytest.mark.slow

SERVICE, PLATFORM = "image_classification:0.0.1", "ekiben:0.0.1"
PICTURE = PROJECT / "tests" / "data" / "images" / "coffee.jpg"
_MAX_OWN_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Images:
    """Both images, and the store that their Bentos are in."""

    home: Path
    service: Image
    platform: Image


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    require_builder()
    home = bento_home(tmp_path_factory.mktemp("bentoml"))
    for target in ("image_classification", "platform"):
        build(home, target, "--version", "0.0.1")
        containerize(home, target)
    with ExitStack() as stack:
        yield Images(home, *(stack.enter_context(mounted(name)) for name in (SERVICE, PLATFORM)))


def containerize(home: Path, target: str) -> str:
    """Run the script as a user does; returns the image's name."""
    done = subprocess.run(
        [PROJECT / "scripts" / "containerize", target, "--backend", "buildah", *BUILDER_OPTIONS],
        env={**os.environ, "BENTOML_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    return done.stdout.splitlines()[-1]


@pytest.fixture
def secrets(tmp_path: Path, images: Images) -> Path:
    """A folder to mount, with a keys file for the container's user."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "name").write_text(create_key(folder / "keys", "container"))
    os.chown(folder / "keys", images.service.user, images.service.user)
    return folder


KEYS = {"EKIBEN_KEYS_FILE": "/run/secrets/keys"}


def test_one_onnx_service_is_small_and_has_nothing_to_build_with(images: Images) -> None:
    own = sum(layer.size_bytes for layer in layers(SERVICE))
    assert own <= _MAX_OWN_BYTES
    installed = {path.name for path in images.service.root.glob("opt/ekiben/venv/lib/python3*/site-packages/*")}
    assert "onnxruntime" in installed
    assert not {"torch", "onnx", "tokenizers", "pip", "setuptools", "cyclonedx"} & installed
    assert not list(images.service.root.glob("root/.cache/*"))
    assert not list(images.service.root.glob("tmp/*"))


def test_a_change_of_code_ships_neither_packages_nor_weights_again(images: Images) -> None:
    build(images.home, "image_classification", "--version", "0.0.2")
    containerize(images.home, "image_classification:0.0.2")
    before, after = layers(SERVICE), layers("image_classification:0.0.2")
    changed = [layer for layer in after if layer not in before]
    assert len(changed) < len(after)
    assert sum(layer.size_bytes for layer in changed) < 10_000_000


def test_nobody_is_let_in_without_keys(images: Images, secrets: Path, tmp_path: Path) -> None:
    """The container listens on every interface, which a gateway without keys refuses."""
    with running(images.service, tmp_path, secrets) as container:
        assert container.platform.process.wait(60) == 1
        assert "EKIBEN_KEYS_FILE" in container.platform.log_end()
    with running(images.service, tmp_path, secrets, EKIBEN_KEYS_FILE="/run/secrets/none") as container:
        assert container.platform.process.wait(60) == 1
        assert "/run/secrets/none cannot be read" in container.platform.log_end()


def test_one_service_on_a_read_only_file_system_without_root(images: Images, secrets: Path, tmp_path: Path) -> None:
    with running(images.service, tmp_path, secrets, **KEYS) as container:
        container.platform.wait_until_ready()
        assert container.healthy()
        assert not container.healthy(EKIBEN_PORT=str(free_port()))
        assert container.run("id", "-u").stdout.strip() == str(images.service.user)
        assert container.run("cat", "/proc/1/comm").stdout.strip() == "ekiben"
        assert container.run("touch", "/opt/ekiben/bento/src/x").returncode != 0
        assert container.run("sh", "-c", "ls -A /tmp/ekiben-10001").stdout
        assert httpx.get(f"{container.platform.base_url}/v1/models").status_code == 401
        with Client(container.platform.base_url, api_key=(secrets / "name").read_text()) as client:
            assert [model.id for model in client.models.list().data] == ["efficientnet-lite0"]
            assert client.images.classify(PICTURE, top_k=1).data[0].label == "espresso"
        assert container.stop() == 0, container.platform.log_end()


def test_a_killed_worker_comes_back(images: Images, secrets: Path, tmp_path: Path) -> None:
    """BentoML's own images set a variable that keeps it from coming back."""
    with running(images.service, tmp_path, secrets, **KEYS, BENTOML_CONTAINERIZED="true") as container:
        container.platform.wait_until_ready()
        (worker,) = workers(container)
        assert container.run("sh", "-c", f"kill -KILL {worker}").returncode == 0
        while workers(container) in ([], [worker]):
            assert container.platform.process.poll() is None
        container.platform.wait_until_ready()
        assert container.stop() == 0, container.platform.log_end()


def workers(container: Container) -> list[str]:
    """The process ids of the model's workers, which their sockets are named for."""
    sockets = container.run("sh", "-c", "ls /tmp/ekiben-10001/1/").stdout.split()
    return [name.split(".")[-2] for name in sockets if name.startswith("efficientnet") and name.endswith(".sock")]


def test_the_platform_loses_no_request_when_it_is_stopped(images: Images, secrets: Path, tmp_path: Path) -> None:
    key = (secrets / "name").read_text()
    with running(images.platform, tmp_path, secrets, **KEYS) as container:
        container.platform.wait_until_ready()
        assert container.healthy()
        base_url = container.platform.base_url
        language = openai.OpenAI(base_url=f"{base_url}/v1", api_key=key)
        assert len(language.embeddings.create(model="all-minilm-l6-v2", input="a cat").data[0].embedding) == 384
        ends, status = under_load(base_url, key, container.stop)
        assert status == 0, container.platform.log_end()
        assert set(ends) <= {"refused: shutting_down", "no connection"}, ends


def under_load(base_url: str, key: str, stop: Callable[[], int]) -> tuple[list[str], int]:
    """Stop under eight callers; returns how each was told to go, lost requests among them, and the exit status."""
    answered = threading.Semaphore(0)
    headers = {"authorization": f"Bearer {key}"}

    def ask(number: int) -> str:
        with httpx.Client(base_url=base_url, headers=headers, timeout=60) as client:
            while True:
                try:
                    reply = _embed(client) if number % 2 else _classify(client)
                except httpx.ConnectError:
                    return "no connection"
                except httpx.HTTPError as error:
                    return f"lost: {error!r}"
                if reply.status_code != 200:
                    return f"refused: {reply.json()['error']['code']}"
                answered.release()

    with ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(ask, number) for number in range(8)]
        for _ in range(24):
            assert answered.acquire(timeout=60)
        status = stop()
        return [each.result(60) for each in asking], status


def _embed(client: httpx.Client) -> httpx.Response:
    return client.post("/v1/embeddings", json={"model": "all-minilm-l6-v2", "input": ["word " * 100] * 16})


def _classify(client: httpx.Client) -> httpx.Response:
    return client.post("/v1/images/classifications", files={"image": PICTURE.read_bytes()})
