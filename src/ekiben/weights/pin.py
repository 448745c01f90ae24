"""Turns a template into a card that is served: every `hf:` source gets the commit it stands for now."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ekiben.errors import WeightsError
from ekiben.weights.lock import LockedFile, LockEntry
from ekiben.weights.repository import Repository, look_up

if TYPE_CHECKING:
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
    origins = _origins(card, hub, download)
    path = card.folder / f"{card.name}.yaml"
    text = path.read_text(encoding="utf-8")
    for name, uri in card.source.files.items():
        if uri not in text:
            raise WeightsError(f"{card.name}: {uri} is not written in one piece in {path}; pin it by hand")
        text = text.replace(uri, origins[name].source)
    _replace(path, text)
    return LockEntry(card.version, origins)


def _origins(card: Card, hub: Hub, download: Download) -> dict[str, LockedFile]:
    repositories: dict[str, Repository] = {}
    origins = {}
    for name, uri in card.source.files.items():
        found = _UNPINNED.fullmatch(uri)
        if not found:
            raise WeightsError(f"{card.name}: {name} has another kind of source; pull the card with --lock by hand")
        reference, file = found.groups()
        if reference not in repositories:
            repositories[reference] = look_up(hub, reference)
        origins[name] = repositories[reference].lock(file, download)
    return origins


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise WeightsError(f"{path} cannot be written: {error.strerror}") from None
