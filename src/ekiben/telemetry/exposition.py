"""One Prometheus exposition out of those of several processes, in the text format 0.0.4.

    merge({(("worker", "0"),): text_of_worker_0, (("worker", "1"),): text_of_worker_1})

A family that several parts have gets one HELP and one TYPE; its samples follow, part by part, each with its
part's labels. Values pass through as they were written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter

from ekiben.telemetry.exposition_parts import Family, Labels, MalformedError, read_part

if TYPE_CHECKING:
    from collections.abc import Mapping

MALFORMED_PARTS = Counter(
    "ekiben_exposition_malformed_parts",
    "Processes' expositions left out, as a whole or one family, as not valid.",
)


def merge(parts: Mapping[Labels, str]) -> str:
    """Merge each part's exposition, adding the part's labels where a sample does not have them itself.

    A part that is not valid is left out; so is a family whose type differs from an earlier part's. Both are
    counted in `ekiben_exposition_malformed_parts_total`.
    """
    merged: dict[str, Family] = {}
    for labels, text in parts.items():
        try:
            families = read_part(text, labels)
        except MalformedError:
            MALFORMED_PARTS.inc()
            continue
        for name, family in families.items():
            _add(merged.setdefault(name, Family(family.help, family.type)), family)
    return "".join(_written(name, family) for name, family in merged.items())


def _add(known: Family, family: Family) -> None:
    if known.type != family.type:
        MALFORMED_PARTS.inc()
        return
    known.help = known.help or family.help
    for series, value in family.samples.items():
        known.samples.setdefault(series, value)


def _written(name: str, family: Family) -> str:
    lines = [] if family.help is None else [f"# HELP {name} {family.help}\n"]
    lines.append(f"# TYPE {name} {family.type}\n")
    lines += [f"{series} {value}\n" for series, value in family.samples.items()]
    return "".join(lines)
