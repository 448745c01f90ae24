"""Reading one process's Prometheus exposition, line by line, in the text format 0.0.4.

Lines are checked but not decoded: `prometheus_client`'s parser, which judges the tests, takes several times
as long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Labels: TypeAlias = tuple[tuple[str, str], ...]

# Possessive throughout: a wrong line is refused in one pass.
_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*+[ \t]*+=[ \t]*+"(?:[^"\\]|\\.)*+"'
_LABELS = rf"\{{[ \t]*+((?:{_LABEL}[ \t]*+(?:,[ \t]*+|(?=\}})))*+)\}}"
_NUMBER = r"[-+]?(?:(?:\d++(?:\.\d*+)?|\.\d++)(?:e[-+]?\d++)?|inf(?:inity)?|nan)"
_TIMESTAMP = r"[ \t]++-?\d++"
_SAMPLE = re.compile(
    rf"({_NAME})[ \t]*+(?:{_LABELS})?[ \t]*+(?<=[ \t}}])({_NUMBER}(?:{_TIMESTAMP})?)[ \t]*",
    re.IGNORECASE | re.ASCII,
)
_META = re.compile(rf"#[ \t]+(HELP|TYPE)[ \t]+({_NAME})(?:[ \t]+(.*))?")
_LABEL_NAME = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*+)[ \t]*+=[ \t]*+"(?:[^"\\]|\\.)*+"')
_TYPES = frozenset({"counter", "gauge", "histogram", "summary", "untyped"})
_SUFFIXES = {"histogram": ("_bucket", "_count", "_sum"), "summary": ("_count", "_sum")}
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


class MalformedError(Exception):
    """A line that the format does not have."""


@dataclass(slots=True)
class Family:
    """One metric.

    Attributes:
        samples: Values (with their time stamp, if any) by series, a name and its labels. A series that stood
            there twice would cost the whole scrape.
    """

    help: str | None = None
    type: str = "untyped"
    samples: dict[str, str] = field(default_factory=dict)


def read_part(text: str, labels: Labels) -> dict[str, Family]:
    """Read an exposition, adding `labels` to samples that do not have them; `_created` series are dropped.

    Raises:
        MalformedError: `text` is not valid.
    """
    extra = {name: f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels}
    families: dict[str, Family] = {}
    for line in text.split("\n"):
        if line.startswith("#"):
            _read_meta(line, families)
        elif line and not line.isspace():
            _read_sample(line, families, extra)
    return {name: family for name, family in families.items() if not _is_created(name, families)}


def _read_meta(line: str, families: dict[str, Family]) -> None:
    found = _META.fullmatch(line)
    if found is None:  # a comment
        return
    kind, name, rest = found.groups(default="")
    family = families.setdefault(name, Family())
    if kind == "HELP":
        family.help = rest
    elif rest.strip() in _TYPES:
        family.type = rest.strip()
    else:
        raise MalformedError(line)


def _read_sample(line: str, families: dict[str, Family], extra: Mapping[str, str]) -> None:
    found = _SAMPLE.fullmatch(line)
    if found is None:
        raise MalformedError(line)
    name, given, value = found.groups(default="")
    given = given.rstrip(" \t,")
    labels = ",".join([*([given] if given else []), *_missing(extra, given)])
    _owner(name, families).samples[f"{name}{{{labels}}}" if labels else name] = value


def _missing(extra: Mapping[str, str], given: str) -> list[str]:
    # The search for the text alone is nearly always enough; only then is a name told apart from a value.
    if not any(name in given for name in extra):
        return list(extra.values())
    names = set(_LABEL_NAME.findall(given))
    return [pair for name, pair in extra.items() if name not in names]


def _owner(name: str, families: dict[str, Family]) -> Family:
    """Find the family of a sample: its own name's, or the histogram or summary that it is a part of."""
    family = families.get(name)
    if family is not None:
        return family
    base, _, suffix = name.rpartition("_")
    owner = families.get(base)
    if owner is not None and f"_{suffix}" in _SUFFIXES.get(owner.type, ()):
        return owner
    return families.setdefault(name, Family())


def _is_created(name: str, families: Mapping[str, Family]) -> bool:
    """Whether this is the time stamp that client libraries write beside a counter, histogram or summary."""
    base = name.removesuffix("_created")
    return base != name and (base in families or f"{base}_total" in families)
