"""The locks belong to this pyproject.toml, and hold exact versions with hashes and nothing else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.lib.lock_inputs import fingerprint
from tests.repo.paths import PROJECT

_LOCKS = sorted((PROJECT / "locks").glob("*.txt"))
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
    assert not [name for name in _pins(lock) if _NOT_HERE.match(name)]


@pytest.mark.parametrize(
    "lock", [lock for lock in _LOCKS if lock.stem in {"serve", "onnx-service"}], ids=lambda path: path.stem
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
    stated = [*content["project"]["dependencies"], *(one for extra in extras.values() for one in extra)]
    pins = _pins(PROJECT / "locks" / "serve.txt")
    for requirement in map(Requirement, stated):
        if requirement.name != "ekiben":
            versions = pins[canonicalize_name(requirement.name)]
            assert all(requirement.specifier.contains(version) for version in versions), requirement
    developing = _pins(PROJECT / "locks" / "dev.txt")
    for requirement in map(Requirement, content["dependency-groups"]["dev"]):
        assert canonicalize_name(requirement.name) in developing


def test_the_onnx_service_fetches_nothing_and_runs_no_language_model() -> None:
    assert not {"boto3", "onnx", "xllamacpp"} & set(_pins(PROJECT / "locks" / "onnx-service.txt"))
