"""`text_to_image` as a Bento: built like any other, and served by its tag."""

from __future__ import annotations

import shutil
from pathlib import Path

import bentoml
import pytest
import yaml
from PIL import Image

from tests.e2e.bentos import build_in, copy_project
from tests.e2e.test_bentoml_services import bare_service
from tests.e2e.tiny_models import TINY, TinyModels

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tiny_models: TinyModels, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BentoML's home with the Bento of a project that has one model that draws."""
    project = copy_project(tmp_path_factory.mktemp("project"))
    cards = project / "models" / "text-to-image"
    cards.mkdir(exist_ok=True)
    shutil.copy(tiny_models.folder / "models" / "text-to-image" / f"{TINY}.yaml", cards)
    shutil.copy(tiny_models.folder / "models" / "weights.lock", project / "models" / "weights.lock")
    home = tmp_path_factory.mktemp("home")
    (home / "models").symlink_to(tiny_models.folder / "bentoml" / "models")
    done = build_in(project, home, "text_to_image", "--model", TINY, "--no-start")
    assert done.returncode == 0, done.stderr[-4_000:]
    assert done.stdout.split() == [f"{TINY}:1.0.0"]
    return home


def test_it_holds_what_it_needs_and_no_weights(built: Path) -> None:
    bento = built / "bentos" / TINY / "1.0.0"
    assert yaml.safe_load((bento / "bento.yaml").read_text())["labels"]["models"] == TINY
    assert [path.name for path in (bento / "src" / "locks").iterdir()] == ["text-to-image.txt"]
    assert not list(bento.rglob("*.safetensors"))
    assert '"pkg:pypi/torch@' in (bento / "sbom.cdx.json").read_text()


def test_bentoml_serves_it_by_its_tag(built: Path, tmp_path: Path) -> None:
    environment = {"BENTOML_HOME": str(built), "EKIBEN_MODEL": TINY}
    with (
        bare_service(f"{TINY}:1.0.0", tmp_path / "log", **environment) as url,
        bentoml.SyncHTTPClient(url, server_ready_timeout=120) as client,
    ):
        picture = client.generate(prompt="a", seed=0)
        assert isinstance(picture, Image.Image)
        assert picture.size == (64, 64)
