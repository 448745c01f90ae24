"""`python -m benchmarks <name> [--quick] [--json FILE]`; exit status 1 when a target is missed."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from benchmarks.harness.criteria import missed
from benchmarks.harness.machine import take_cores
from benchmarks.harness.report import Report

_NAMES = ("embeddings", "overload", "queues", "queues.faults", "soak", "text_generation")


def main() -> int:
    """Run one benchmark and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=_NAMES)
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes; shows only that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number to this file")
    arguments = parser.parse_args()
    take_cores()
    report: Report = importlib.import_module(f"benchmarks.{arguments.name}.run").run(quick=arguments.quick)
    report.write(arguments.json)
    print(report.markdown())
    failed = missed(report.criteria)
    for criterion in failed:
        print(f"missed: {criterion.name}: {criterion.value}, target {criterion.target}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
