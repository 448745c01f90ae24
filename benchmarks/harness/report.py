"""Results as Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.harness.criteria import Criterion
from benchmarks.harness.machine import describe

RESULTS = Path(__file__).resolve().parents[1] / "results"
Rows = Sequence[Sequence[str]]


@dataclass(slots=True)
class Report:
    """What a benchmark found; `facts` goes to JSON alone."""

    name: str
    title: str
    quick: bool
    machine: Mapping[str, str] = field(default_factory=describe)
    sections: list[str] = field(default_factory=list)
    criteria: list[Criterion] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def text(self, paragraph: str) -> None:
        """Add a paragraph."""
        self.sections.append(paragraph)

    def table(self, heading: str, columns: Sequence[str], rows: Rows) -> None:
        """Add a table under a heading."""
        lines = [f"## {heading}", "", _line(columns), _line(["---"] * len(columns)), *map(_line, rows)]
        self.sections.append("\n".join(lines))

    def markdown(self) -> str:
        """The whole report."""
        command = f"python -m benchmarks {self.name}" + (" --quick" if self.quick else "")
        head = [
            f"# {self.title}",
            f"`{command}`, {datetime.now(UTC):%Y-%m-%d}"
            + (". A quick run: it shows that the benchmark works, not how fast anything is." if self.quick else "."),
            "\n".join(f"- {key}: {value}" for key, value in self.machine.items()),
        ]
        rows = [(c.name, c.value, c.target, c.verdict) for c in self.criteria]
        verdicts = ["## Targets", "", _line(("", "measured", "target", "")), _line(["---"] * 4), *map(_line, rows)]
        return "\n\n".join([*head, "\n".join(verdicts), *self.sections]) + "\n"

    def write(self, json_file: Path | None) -> None:
        """Write the Markdown of a whole run (a quick one is only printed), and JSON where asked."""
        if not self.quick:
            RESULTS.mkdir(exist_ok=True)
            (RESULTS / f"{self.name}.md").write_text(self.markdown(), "utf-8")
        if json_file is not None:
            content = {
                "name": self.name,
                "quick": self.quick,
                "date": f"{datetime.now(UTC):%Y-%m-%d}",
                "machine": dict(self.machine),
                "criteria": [asdict(criterion) for criterion in self.criteria],
                **self.facts,
            }
            json_file.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
