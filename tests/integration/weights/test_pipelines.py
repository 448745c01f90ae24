"""From a pipeline on the hub to a card, its stored files and a loaded model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ekiben.cards.card import Card
from ekiben.cards.catalogue import load_catalogue
from ekiben.diffusion import Engine, load_family
from tests.integration.weights.conftest import COMMIT, REPOSITORY, Hub, Project
from tests.integration.weights.pipelines import publish
from tests.unit.diffusion.making import IDENTITY, LIMITS, made, pipeline, request

TEMPLATE = Path(__file__).parents[3] / "models" / "text-to-image" / "sdxl-turbo.yaml"
NAMES = ["sd", "sd2.1", "lcm-own", "sdxl", "sdxl-turbo", "sd3", "flux-schnell", "flux-dev"]


def _added(project: Project, *options: str) -> Card:
    status, _, errors = project.run("add", f"hf:{REPOSITORY}", *options)
    assert status == 0, errors
    return load_catalogue(project.models).get("tiny-model")


def _origins(card: Card) -> dict[str, str]:
    return {name: uri.partition(f"@{COMMIT}/")[2] for name, uri in card.source.files.items()}


@pytest.mark.slow
@pytest.mark.parametrize("parts", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_added_pulled_and_loaded(name: str, parts: bool, project: Project, hub: Hub, tmp_path: Path) -> None:
    publish(pipeline(name), tmp_path / "published", hub, parts=parts)
    card = _added(project)
    status, _, errors = project.run("pull", "tiny-model")
    assert status == 0, errors
    stored = project.home / "models" / "tiny-model" / "1.0.0"
    family = load_family(stored, dtype=torch.float32, device="cpu")
    assert made(Engine(family, IDENTITY, LIMITS), [request()])[0].pixels.std() > 0
    assert card.images is not None
    assert {*card.images.schedulers} >= {"flow_match_euler"} or name not in {"sd3", "flux-schnell", "flux-dev"}
    assert card.licence.weights == "CreativeML Open RAIL++-M"
    # Weights were not fetched to be hashed.
    assert {path.suffix for path in stored.rglob("*") if path.is_file()} <= {
        ".safetensors",
        ".json",
        ".txt",
        ".md",
        ".yaml",
    }


class TestWhichFiles:
    def test_half_precision_and_nothing_that_is_not_needed(self, project: Project, hub: Hub, tmp_path: Path) -> None:
        publish(pipeline("sd"), tmp_path / "published", hub)
        origins = _origins(_added(project))
        assert origins["unet/diffusion_pytorch_model.safetensors"] == "unet/diffusion_pytorch_model.fp16.safetensors"
        assert origins["text_encoder/model.safetensors"] == "text_encoder/model.fp16.safetensors"
        folders = {name.partition("/")[0] for name in origins}
        assert folders == {"model_index.json", "LICENSE.md", "scheduler", "text_encoder", "tokenizer", "unet", "vae"}
        assert len([name for name in origins if name.endswith(".safetensors")]) == 3

    def test_full_precision_where_there_is_no_other(self, project: Project, hub: Hub, tmp_path: Path) -> None:
        publish(pipeline("sd"), tmp_path / "published", hub, half=False)
        origins = _origins(_added(project))
        assert origins["unet/diffusion_pytorch_model.safetensors"] == "unet/diffusion_pytorch_model.safetensors"

    @pytest.mark.parametrize(
        ("missing", "reason"),
        [
            ("unet/*.safetensors", "the weights of unet are not there as safetensors"),
            ("tokenizer/*.json", "tokenizer has its vocabulary neither as tokenizer.json"),
            ("text_encoder/config.json", "has no file text_encoder/config.json"),
            ("model_index.json", "is no diffusers pipeline"),
        ],
    )
    def test_what_is_missing_is_named(
        self, missing: str, reason: str, project: Project, hub: Hub, tmp_path: Path
    ) -> None:
        publish(pipeline("sd"), tmp_path / "published", hub)
        hub.files = {name: content for name, content in hub.files.items() if not Path(name).match(missing)}
        status, _, errors = project.run("add", f"hf:{REPOSITORY}")
        assert status == 1
        assert reason in errors


class TestDefaults:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("sd", ("pndm", 25, 7.5, True)),
            ("sd2.1", ("ddim", 25, 7.5, True)),
            ("lcm-own", ("lcm", 4, 8.5, False)),
            ("sdxl", ("euler", 25, 5.0, True)),
            ("sdxl-turbo", ("euler_ancestral", 4, 0.0, True)),
            ("sd3", ("flow_match_euler", 28, 4.5, True)),
            ("flux-schnell", ("flow_match_euler", 4, 0.0, False)),
            ("flux-dev", ("flow_match_euler", 28, 3.5, False)),
        ],
    )
    def test_suit_the_kind_of_model(
        self, name: str, expected: tuple[str, int, float, bool], project: Project, hub: Hub, tmp_path: Path
    ) -> None:
        publish(pipeline(name), tmp_path / "published", hub)
        images = _added(project).images
        assert images is not None
        found = (images.schedulers[0], images.default_steps, images.default_guidance_scale, images.negative_prompt)
        assert found == expected


class TestTemplates:
    @pytest.fixture
    def template(self, project: Project, hub: Hub, tmp_path: Path) -> Path:
        publish(pipeline("sdxl-turbo"), tmp_path / "published", hub)
        path = project.models / "text-to-image" / "sdxl-turbo.yaml"
        path.parent.mkdir()
        path.write_text(TEMPLATE.read_text().replace("stabilityai/sdxl-turbo@main/", f"{REPOSITORY}@main/"))
        return path

    @pytest.mark.parametrize("command", [("add", "sdxl-turbo"), ("add", f"hf:{REPOSITORY}"), ("pin", "sdxl-turbo")])
    def test_by_its_name_or_its_repository(self, command: tuple[str, str], project: Project, template: Path) -> None:
        status, output, errors = project.run(*command)
        assert (status, output) == (0, "pinned sdxl-turbo; now run: ekiben models pull sdxl-turbo\n"), errors
        card = load_catalogue(project.models).get("sdxl-turbo")
        assert card.resolved
        assert {"unet/diffusion_pytorch_model.safetensors", "text_encoder_2/config.json"} <= set(card.source.files)
        assert "# 6.9 GB in all\n" in template.read_text()
        status, _, errors = project.run("pull", "sdxl-turbo", "--accept-licence", "sdxl-turbo")
        assert status == 0, errors

    def test_a_name_of_its_own_makes_another_card(self, project: Project, template: Path) -> None:
        before = template.read_text()
        status, _, errors = project.run("add", f"hf:{REPOSITORY}", "--name", "mine")
        assert status == 0, errors
        assert template.read_text() == before
        assert load_catalogue(project.models).get("mine").resolved
