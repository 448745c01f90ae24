"""Turns a template into a card that is served: every `hf:` source gets the commit it stands for now.

A template of a diffusers pipeline names its `model_index.json` alone; what that asks for is written down beside it.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ekiben.cards.card import Runtime
from ekiben.errors import WeightsError
from ekiben.weights.lock import LockedFile, LockEntry
from ekiben.weights.pipeline_files import INDEX, PipelineFiles
from ekiben.weights.repository import Repository, look_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ekiben.cards.card import Card
    from ekiben.weights.download import Download
    from ekiben.weights.hub import Hub

_UNPINNED = re.compile(r"(hf:[^/]+/[^/@]+(?:@[^/]+)?)/(.+)")


def pin(card: Card, hub: Hub, download: Download) -> LockEntry:
    """Write the commits into the card's file, which keeps its comments, and return what to lock.

    Raises:
        WeightsError: The card is no template, is converted, or the hub does not know a source.
    """
    if card.source.resolved:
        raise WeightsError(f"{card.name}: every source is pinned already")
    if card.source.convert:
        raise WeightsError(f"{card.name}: is converted; pin its revision by hand, then pull it with --lock")
    path = card.folder / f"{card.name}.yaml"
    text = path.read_text(encoding="utf-8")
    origins: dict[str, LockedFile] = {}
    for name, found in _sources(card, hub, download):
        text = _rewritten(text, card, name, found)
        origins |= found
    _replace(path, text)
    return LockEntry(card.version, origins)


def _sources(card: Card, hub: Hub, download: Download) -> Iterator[tuple[str, dict[str, LockedFile]]]:
    """For each source of the card, by its name, what it stands for: itself, pinned, and what it brings along."""
    repositories: dict[str, Repository] = {}
    for name, uri in card.source.files.items():
        found = _UNPINNED.fullmatch(uri)
        if not found:
            raise WeightsError(f"{card.name}: {name} has another kind of source; pull the card with --lock by hand")
        reference, file = found.groups()
        if reference not in repositories:
            repositories[reference] = look_up(hub, reference)
        names = {name: file, **_brought_along(card, repositories[reference], file, download)}
        yield name, {name: repositories[reference].lock(file, download) for name, file in names.items()}


def _brought_along(card: Card, repository: Repository, file: str, download: Download) -> dict[str, str]:
    """The other files of the pipeline whose index this is; those that the card names itself stay its own."""
    if card.runtime is not Runtime.DIFFUSERS or file != INDEX:
        return {}
    files = PipelineFiles(repository, download, half=card.precision != "fp32").names()
    return {name: file for name, file in files.items() if name not in card.source.files}


def _rewritten(text: str, card: Card, name: str, found: Mapping[str, LockedFile]) -> str:
    """Put the pinned source where the unpinned one stands, and after it a line for each file that comes along."""
    uri = card.source.files[name]
    line = re.search(rf"^(?P<indent> *){re.escape(name)}: {re.escape(uri)}(?P<comment>.*)$", text, re.MULTILINE)
    if not line:
        raise WeightsError(f"{card.name}: {name} and {uri} are not written on one line; pin it by hand")
    first, *others = (f"{line['indent']}{stored}: {file.source}" for stored, file in found.items())
    lines = "\n".join([first + line["comment"], *others])
    return text[: line.start()] + lines + text[line.end() :]


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise WeightsError(f"{path} cannot be written: {error.strerror}") from None
