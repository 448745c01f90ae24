"""The Terraform module, parsed."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import hcl2

from scripts.lib.helm import PROJECT

ROOT: Final = PROJECT / "deploy" / "terraform"
NODES: Final = ROOT / "nodes"
MODULES: Final = (ROOT, NODES)
_COMMENT: Final = re.compile(r"^\s*#.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A resource, or a data source."""

    mode: str
    type: str
    name: str
    body: dict[str, Any]


def files(module: Path) -> list[Path]:
    return sorted(module.glob("*.tf"))


def text(module: Path) -> str:
    """All of it, without comments."""
    return "\n".join(_COMMENT.sub("", path.read_text(encoding="utf-8")) for path in files(module))


@functools.cache
def parsed(module: Path) -> tuple[dict[str, Any], ...]:
    return tuple(hcl2.loads(path.read_text(encoding="utf-8")) for path in files(module))


def blocks(module: Path, mode: str = "resource") -> list[Block]:
    found = []
    for document in parsed(module):
        for labelled in document.get(mode, []):
            for kind, named in labelled.items():
                found += [Block(mode, _bare(kind), _bare(name), body) for name, body in named.items()]
    return found


def named(module: Path, what: str) -> set[str]:
    """Names of its variables, outputs or modules."""
    return {_bare(name) for document in parsed(module) for each in document.get(what, []) for name in each}


def local_names(module: Path) -> set[str]:
    return {
        _bare(name)
        for document in parsed(module)
        for group in document.get("locals", [])
        for name in group
        if not name.startswith("__")
    }


def _bare(name: str) -> str:
    return name.strip('"')
