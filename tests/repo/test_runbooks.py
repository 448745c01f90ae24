"""The commands in the documents of a deployment are commands that there are, with arguments that they take."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.exceptions import TyperException
from typer.main import get_command

from ekiben.cli.main import app
from tests.repo.paths import PROJECT

_DOCUMENTS = sorted([*(PROJECT / "docs").glob("runbook-*.md"), PROJECT / "docs" / "spot.md"])
_BLOCK = re.compile(r"^ *```(?:text|sh)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^ *(?:\$ )?ekiben (.+)$", re.MULTILINE)
_OPERATORS = {"|", ">", ">>", "&&", ";"}


def _commands(document: Path) -> Iterator[str]:
    for block in _BLOCK.findall(document.read_text(encoding="utf-8")):
        yield from _COMMAND.findall(block.replace("\\\n", " "))


def _parse(line: str) -> None:
    """Have the command line read what it would be given, without running it.

    Raises:
        AssertionError: There is no such command.
        TyperException: It does not take this.
    """
    words = shlex.split(line)
    words = words[: next((place for place, word in enumerate(words) if word in _OPERATORS), len(words))]
    command: Any = get_command(app)
    path = ["ekiben"]
    while (inner := getattr(command, "commands", None)) is not None:
        assert words, f"{' '.join(path)} takes a command"
        assert words[0] in inner, f"{' '.join(path)} has no command {words[0]}"
        path.append(words[0])
        command, words = inner[words[0]], words[1:]
    command.make_context(" ".join(path), words)


_FOUND = [(document.name, line) for document in _DOCUMENTS for line in _commands(document)]


def test_every_document_has_commands() -> None:
    assert {name for name, _ in _FOUND} == {"runbook-recovery.md", "runbook-spot.md", "spot.md"}


@pytest.mark.parametrize(("document", "line"), _FOUND)
def test_every_command_exists_with_its_options(document: str, line: str) -> None:
    try:
        _parse(line)
    except (AssertionError, TyperException) as error:
        pytest.fail(f"{document}: `ekiben {line}`: {error}")


@pytest.mark.parametrize(
    "line", ["spot", "spot go", "spot up --force", "spot drain", "spot plan now", "spot status --watch often"]
)
def test_what_there_is_not_is_found(line: str) -> None:
    with pytest.raises((AssertionError, TyperException)):
        _parse(line)
