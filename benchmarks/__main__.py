"""`python -m benchmarks <name> [--quick] [--json FILE] [--model NAME] [--traces FOLDER]`.

Exit status 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from benchmarks.harness.criteria import missed
from benchmarks.harness.machine import take_cores
from benchmarks.harness.report import Report

_MODULES = {
    "embeddings": "embeddings.run",
    "faults": "faults.run",
    "interruptions": "interruptions.run",
    "overload": "overload.run",
    "queues": "queues.run",
    "queues.faults": "queues.faults.run",
    "soak": "soak.run",
    "spot": "spot.run",
    "text_generation": "text_generation.run",
    "text_to_image": "text_to_image.run",
    "text_to_image_exercise": "text_to_image.exercise",
    "text_to_image_gpu": "text_to_image.gpu",
    "text_to_image_levers": "text_to_image.levers",
}


def main() -> int:
    """Run one benchmark and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=_MODULES)
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes; shows only that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number to this file")
    parser.add_argument("--model", metavar="NAME", help="served name, for the benchmarks of any model")
    parser.add_argument("--traces", type=Path, metavar="FOLDER", help="published traces, for `spot`")
    arguments = parser.parse_args()
    take_cores()
    stated = {"model": arguments.model, "traces": arguments.traces}
    chosen = {name: value for name, value in stated.items() if value is not None}
    benchmark = importlib.import_module(f"benchmarks.{_MODULES[arguments.name]}")
    report: Report = benchmark.run(quick=arguments.quick, **chosen)
    report.write(arguments.json)
    print(report.markdown())
    failed = missed(report.criteria)
    for criterion in failed:
        print(f"missed: {criterion.name}: {criterion.value}, target {criterion.target}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
