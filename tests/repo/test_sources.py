"""Rules about the sources that no linter knows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.repo.paths import PROJECT, repository_files

_MAX_LINES = 350
_MAY_READ_THE_ENVIRONMENT = {"settings.py", "client/environment.py"}
_LIBRARY = PROJECT / "src" / "ekiben"
_SOURCES = sorted(
    [*_LIBRARY.rglob("*.py"), *(PROJECT / "services").rglob("*.py"), *(PROJECT / "training").rglob("*.py")]
)
# The one model that the repository brings, which no package registry has; see docs/decisions.
_OWN_WEIGHTS = PROJECT / "models" / "text-to-image" / "emoji-128"
_MOST_OWN_WEIGHTS = 25_000_000


def _reads_environment(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.value.id == "os" and node.attr in {"environ", "environb", "getenv", "getenvb", "putenv"}
    return (
        isinstance(node, ast.ImportFrom)
        and node.module == "os"
        and any(alias.name in {"environ", "environb", "getenv", "getenvb"} for alias in node.names)
    )


@pytest.mark.parametrize("source", _SOURCES, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_the_environment_is_read_in_settings_alone(source: Path) -> None:
    if source.is_relative_to(_LIBRARY) and source.relative_to(_LIBRARY).as_posix() in _MAY_READ_THE_ENVIRONMENT:
        return
    lines = [node.lineno for node in ast.walk(ast.parse(source.read_text())) if _reads_environment(node)]  # type: ignore[attr-defined]
    assert not lines, f"{source}: lines {lines} read the environment; take a setting instead"


@pytest.mark.parametrize("source", _SOURCES, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_a_file_can_be_read_whole(source: Path) -> None:
    assert len(source.read_text().splitlines()) <= _MAX_LINES


@pytest.mark.parametrize("source", _SOURCES, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_names_say_what_is_inside(source: Path) -> None:
    assert source.stem not in {"common", "utils", "util", "helpers", "helper", "manager", "misc"}


def test_every_verb_can_be_run_and_begins_with_what_it_does() -> None:
    scripts = [path for path in (*(PROJECT / "scripts").iterdir(), PROJECT / ".ci" / "run") if path.is_file()]
    assert scripts
    for script in scripts:
        lines = script.read_text().splitlines()
        assert lines[0] == "#!/usr/bin/env bash", script
        assert lines[1].startswith("# "), script
        assert script.stat().st_mode & 0o111, f"{script} cannot be run: chmod +x"


def test_licence_and_notice_are_there() -> None:
    assert "Apache License" in (PROJECT / "LICENSE").read_text()
    assert "Ekiben" in (PROJECT / "NOTICE").read_text()


def test_no_other_weights_and_no_large_files_are_committed() -> None:
    files = [path for path in repository_files() if not path.is_relative_to(_OWN_WEIGHTS)]
    large = [path for path in files if path.stat().st_size > 2 * 2**20]
    weights = [path for path in files if path.suffix in {".onnx", ".pth", ".safetensors", ".pkl"}]
    assert not large
    assert not [path for path in weights if "data" not in path.parts]


def test_own_weights_are_small_and_hold_no_code() -> None:
    files = [path for path in repository_files() if path.is_relative_to(_OWN_WEIGHTS)]
    assert sum(path.stat().st_size for path in files if path.suffix == ".safetensors") <= _MOST_OWN_WEIGHTS
    assert {path.suffix for path in files} <= {".json", ".md", ".png", ".safetensors", ".txt"}
