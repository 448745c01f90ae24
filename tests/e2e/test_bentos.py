"""`scripts/build` as a user types it, and BentoML's own commands on what comes out of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import bentoml
import pytest
import yaml

from ekiben.cards.catalogue import load_catalogue
from ekiben.deploy.bentofile import list_targets, read_bentofile
from tests.e2e.bentos import bento_home, build, build_in, copy_project, run_build
from tests.e2e.conftest import PROJECT
from tests.e2e.test_bentoml_services import IMAGES, bare_service

pytestmark = pytest.mark.slow

FAR_AWAY = """\
runtime: openai
description: A model that a server elsewhere computes.
version: 1.0.0
precision: bf16
upstream: { url: "http://gpu-server:8000/v1", model: big, key: gpu-server }
licence: { code: Apache-2.0, weights: Apache-2.0 }
inputs: { max_items: 4, max_tokens: 512 }
generation: { context_tokens: 1024, max_tokens: 512 }
batch: { max_cost: 512, max_items: 4 }
resources: { memory_gib: 0.5 }
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bento_home(tmp_path_factory.mktemp("bentoml"))


@pytest.fixture(scope="module")
def tags(home: Path) -> list[str]:
    """All targets, built as the script does without arguments, the trial start included."""
    return build(home, start=True)


def bentoml_command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bentoml", *arguments],
        cwd=PROJECT,
        env={**os.environ, "BENTOML_HOME": str(home), "BENTOML_DO_NOT_TRACK": "True"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_service_and_the_platform_become_a_bento(home: Path, tags: list[str]) -> None:
    served = load_catalogue(PROJECT / "models").served
    assert len(tags) == len([name for name in list_targets(PROJECT) if read_bentofile(PROJECT, name).cards(served)])
    assert "image_classification:1.0.0" in tags
    listed = json.loads(bentoml_command(home, "list", "--output", "json").stdout)
    assert {bento["tag"] for bento in listed} >= set(tags)
    for tag in tags:
        path = home / "bentos" / tag.replace(":", "/")
        info = yaml.safe_load((path / "bento.yaml").read_text())
        assert len(info["labels"]["git_revision"]) == 40
        assert json.loads((path / "sbom.cdx.json").read_text())["bomFormat"] == "CycloneDX"


def test_a_version_is_never_built_twice(home: Path, tags: list[str]) -> None:
    done = run_build(home, "image_classification", "--dirty", "--no-start")
    assert done.returncode == 1
    assert "is in the store already" in done.stderr
    assert "bentoml delete image_classification:1.0.0" in done.stderr
    assert tags


def test_bentoml_serves_one_by_its_tag(
    home: Path, tags: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENTOML_HOME", str(home))
    assert "image_classification:1.0.0" in tags
    with (
        bare_service("image_classification:1.0.0", tmp_path / "log") as url,
        bentoml.SyncHTTPClient(url, server_ready_timeout=60) as client,
    ):
        assert client.classify(image=IMAGES / "coffee.jpg", top_k=1)[0]["label"] == "espresso"


def test_a_bento_travels_with_its_weights(home: Path, tags: list[str], tmp_path: Path) -> None:
    """Exported and imported where the weights are not: BentoML takes them along."""
    assert "text_embedding:1.0.0" in tags
    archive = tmp_path / "text_embedding.bento"
    assert bentoml_command(home, "export", "text_embedding:1.0.0", str(archive)).returncode == 0
    elsewhere = tmp_path / "elsewhere"
    imported = bentoml_command(elsewhere, "import", str(archive))
    assert imported.returncode == 0, imported.stderr
    assert (elsewhere / "models/all-minilm-l6-v2/1.0.0/model.onnx").is_file()
    assert (elsewhere / "bentos/text_embedding/1.0.0/sbom.cdx.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "service"),
    [
        (("--bentofile", "services/text_embedding/bentofile.yaml"), "services.text_embedding.service:TextEmbedding"),
        ((), "services.gateway.service:Gateway"),
    ],
)
def test_bentoml_builds_by_itself_what_the_file_says(home: Path, arguments: tuple[str, ...], service: str) -> None:
    done = bentoml_command(home, "build", *arguments, "--version", "0.0.9", "--output", "tag")
    assert done.returncode == 0, done.stderr
    tag = done.stdout.strip().rpartition("__tag__:")[2]
    info = yaml.safe_load((home / "bentos" / tag.replace(":", "/") / "bento.yaml").read_text())
    assert info["service"] == service
    assert (home / "bentos" / tag.replace(":", "/") / "src/ekiben/errors.py").is_file()


def test_a_bento_that_does_not_answer_is_not_kept(home: Path, tmp_path: Path) -> None:
    """A copy of the project whose example expects something else."""
    project = copy_project(tmp_path / "project")
    example = project / "services/image_classification/example.yaml"
    example.write_text(example.read_text().replace("espresso", "a submarine"))
    done = build_in(project, home, "image_classification", "--version", "0.0.8")
    assert done.returncode == 1
    assert "answered 200" in done.stderr
    assert not (home / "bentos/image_classification/0.0.8").exists()


def test_each_model_of_a_service_has_a_bento_of_its_own(home: Path, tmp_path: Path) -> None:
    """One of them is computed elsewhere, by a server that asks for a key, which whoever builds does not have."""
    project, models = copy_project(tmp_path / "project"), "src/models/text-generation"
    (project / "models/text-generation/far-away.yaml").write_text(FAR_AWAY)
    refused = build_in(project, home, "text_generation")
    assert refused.returncode == 1
    assert "there are: far-away, smollm2-135m-instruct" in refused.stderr
    for model, other in (("smollm2-135m-instruct", "far-away"), ("far-away", "smollm2-135m-instruct")):
        done = build_in(project, home, "text_generation", "--model", model, "--version", "0.0.7")
        assert (done.returncode, done.stdout) == (0, f"{model}:0.0.7\n"), done.stderr
        bento = home / "bentos" / model / "0.0.7"
        assert yaml.safe_load((bento / "bento.yaml").read_text())["labels"]["models"] == model
        assert (bento / models / f"{model}.yaml").is_file()
        assert not (bento / models / f"{other}.yaml").exists()
    done = build_in(project, home, "platform", "--version", "0.0.7")
    assert done.returncode == 0, done.stderr
    assert (home / "bentos/ekiben/0.0.7" / models / "far-away.yaml").is_file()
