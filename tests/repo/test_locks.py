"""The locks belong to this pyproject.toml, and hold exact versions with hashes and nothing else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ekiben.deploy.bentofile import list_targets, read_bentofile
from scripts.lib.lock_inputs import fingerprint
from tests.repo.paths import PROJECT

_LOCKS = sorted((PROJECT / "locks").glob("*.txt"))
_SERVICE_LOCKS = sorted({PROJECT / read_bentofile(PROJECT, target).lock for target in list_targets(PROJECT)})
_NOT_HERE = re.compile(r"^(torch|triton|nvidia-.*-cu\d+)$")  # gigabytes that no ONNX service needs


def _pins(lock: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^ ;\\\n]+)", lock.read_text(), re.MULTILINE
    ):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


@pytest.mark.parametrize("lock", _LOCKS, ids=lambda path: path.stem)
def test_a_lock_was_made_from_this_pyproject(lock: Path) -> None:
    made_from = re.search(r"Made from: (\w+)", lock.read_text())
    assert made_from, f"{lock.name} was not written by scripts/lock"
    assert made_from[1] == fingerprint(PROJECT / "pyproject.toml"), "dependencies changed: run scripts/lock"


@pytest.mark.parametrize("lock", _LOCKS, ids=lambda path: path.stem)
def test_a_lock_holds_exact_versions_with_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    for block in re.split(r"\n(?=[A-Za-z0-9])", text):
        if not block.startswith("#"):
            assert "==" in block.splitlines()[0], block
            assert "--hash=sha256:" in block, block
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE)
    assert lock.stem == "cuda" or not [name for name in _pins(lock) if _NOT_HERE.match(name)]


@pytest.mark.parametrize(
    "lock",
    [lock for lock in _LOCKS if lock.stem not in {"build", "cuda", "helm", "tritonclient"}],
    ids=lambda path: path.stem,
)
def test_what_production_installs_is_what_was_tested(lock: Path) -> None:
    tested = _pins(PROJECT / "locks" / "dev.txt")
    assert {
        name: versions - tested.get(name, set())
        for name, versions in _pins(lock).items()
        if versions - tested.get(name, set())
    } == {}


def test_every_requirement_is_met_by_its_lock() -> None:
    content = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    extras = content["project"]["optional-dependencies"]
    for lock, names in {
        "serve": set(extras) - {"spot", "training"},
        "dev": set(extras),
        "training": {"training"},
    }.items():
        stated = [*content["project"]["dependencies"], *(one for name in names for one in extras[name])]
        pins = _pins(PROJECT / "locks" / f"{lock}.txt")
        for requirement in map(Requirement, stated):
            if requirement.name not in {"ekiben", "torch"}:
                versions = pins[canonicalize_name(requirement.name)]
                assert all(requirement.specifier.contains(version) for version in versions), requirement
    developing = _pins(PROJECT / "locks" / "dev.txt")
    for requirement in map(Requirement, content["dependency-groups"]["dev"]):
        assert canonicalize_name(requirement.name) in developing


def test_torch_comes_before_a_lock_that_needs_it_in_the_version_stated() -> None:
    """environment.sh looks for diffusers in a lock, and for one exact version of torch; images look at its head."""
    (torch,) = re.findall(r'^ *"(torch==[^"]*)",$', (PROJECT / "pyproject.toml").read_text(), re.MULTILINE)
    assert re.fullmatch(r"torch==\d+\.\d+\.\d+", torch)
    needing = {lock.stem for lock in _LOCKS if {"diffusers", "transformers", "peft"} & set(_pins(lock))}
    assert needing == {"dev", "platform", "serve", "text-to-image", "training"}
    for lock in _LOCKS:
        assert (f"\n# Installed before these: {torch}\n" in lock.read_text()) == (lock.stem in needing)
        assert ("diffusers" in _pins(lock)) == (lock.stem in needing)


def test_every_bento_has_a_lock_of_the_extra_of_its_name() -> None:
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert _SERVICE_LOCKS
    assert {lock.stem for lock in _SERVICE_LOCKS} <= set(extras)


@pytest.mark.parametrize("lock", _SERVICE_LOCKS, ids=lambda path: path.stem)
def test_a_bento_neither_fetches_weights_nor_builds(lock: Path) -> None:
    assert not {"cyclonedx-python-lib", "onnx"} & set(_pins(lock))


def test_a_service_installs_nothing_that_only_another_needs() -> None:
    assert "tokenizers" not in _pins(PROJECT / "locks" / "image-classification.txt")
    assert "pillow" not in _pins(PROJECT / "locks" / "text-embedding.txt")
    assert "onnxruntime" not in _pins(PROJECT / "locks" / "text-generation.txt")
    assert "onnxruntime" not in _pins(PROJECT / "locks" / "text-to-image.txt")
    assert [lock.stem for lock in _SERVICE_LOCKS if "xllamacpp" in _pins(lock)] == ["platform", "text-generation"]


def test_onnx_runtime_is_of_one_version_on_cpus_and_gpus() -> None:
    developing, gpu = _pins(PROJECT / "locks" / "dev.txt"), _pins(PROJECT / "locks" / "cuda.txt")
    assert gpu["onnxruntime-gpu"] == developing["onnxruntime"]
