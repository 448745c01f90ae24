"""`ekiben spot`: a deployment on spot instances, and what such would have cost in the past."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ekiben.cli.columns import aligned
from ekiben.cli.spot_plan import plan
from ekiben.cli.spot_up import down, up
from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from ekiben.deploy.simulator.comparison import Comparison
    from ekiben.deploy.simulator.trace import Trace

app = typer.Typer(name="spot", help="Spot instances.", no_args_is_help=True)

_TIMES = "60..300, in seconds"


app.command()(plan)
app.command()(up)
app.command()(down)


@app.command()
def simulate(
    traces: Annotated[
        list[Path] | None, typer.Argument(metavar="[TRACE]…", help="Trace files; none: a generated one.")
    ] = None,
    *,
    demand: Annotated[
        str, typer.Option(metavar="N|FILE", help="Replicas needed: a number, or a CSV file `seconds,replicas`.")
    ] = "4",
    cold_start: Annotated[float, typer.Option(min=1, help=f"From request to service: {_TIMES}.")] = 180.0,
    standby_start: Annotated[
        float | None, typer.Option(min=1, help="Seconds until a stopped on-demand instance that stands by serves.")
    ] = None,
    notice: Annotated[float, typer.Option(min=0, help="Seconds of an interruption notice.")] = 120.0,
    tick: Annotated[float, typer.Option(min=1, help="Seconds of a tick.")] = 60.0,
    spot_price: Annotated[
        float, typer.Option(min=0.01, max=1, help="Spot price as a share of the on-demand price.")
    ] = 0.35,
    together: Annotated[bool, typer.Option("--together", help="Take the files as zones of one deployment.")] = False,
    generate: Annotated[
        str, typer.Option(metavar="LEVEL", help="Correlation of generated zones: low, medium or high.")
    ] = "medium",
    hours: Annotated[float, typer.Option(min=0.1, help="Length of a generated trace.")] = 48.0,
    seed: Annotated[int, typer.Option(help="Of a generated trace.")] = 0,
    exact: Annotated[bool, typer.Option("--exact", help="Solve for the exact optimum (needs ekiben[spot]).")] = False,
    plots: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Draw pictures there.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Replay traces of spot capacity with our policy and others, beside the omniscient optimum."""
    from ekiben.deploy.simulator.comparison import compare
    from ekiben.deploy.simulator.demand import read_demand
    from ekiben.deploy.simulator.report import facts
    from ekiben.deploy.simulator.terms import Terms

    terms = Terms(cold_start_s=cold_start, notice_s=notice, standby_start_s=standby_start)
    found = []
    for trace in _traces(traces or [], tick, spot_price, together) or [
        _generated(generate, hours, seed, tick, spot_price)
    ]:
        comparison = compare(trace, read_demand(demand, trace.ticks, tick), terms, exact=exact)
        found.append(facts(comparison))
        if plots is not None:
            _draw(comparison, plots)
        if not as_json:
            _print(comparison)
    if as_json:
        typer.echo(json.dumps(found, indent=2))


def _traces(paths: list[Path], tick_s: float, spot_price: float, together: bool) -> list[Trace]:
    from ekiben.deploy.simulator.formats.reading import read_trace
    from ekiben.deploy.simulator.trace import beside

    traces = [read_trace(path, tick_s=tick_s, spot_price=spot_price) for path in paths]
    return [beside(traces, "together")] if together and traces else traces


def _generated(level: str, hours: float, seed: int, tick_s: float, spot_price: float) -> Trace:
    from ekiben.deploy.simulator.generator import CORRELATIONS, Shape, generate

    if level not in CORRELATIONS:
        raise OperatorError(f"--generate {level}: there are {', '.join(CORRELATIONS)}")
    shape = Shape(hours=hours, tick_s=tick_s, correlation=CORRELATIONS[level], spot_price=spot_price)
    return generate(shape, seed)


def _draw(comparison: Comparison, folder: Path) -> None:
    from ekiben.deploy.simulator.plots import draw

    for path in draw(comparison, folder):
        typer.echo(f"wrote {path}", err=True)


def _print(comparison: Comparison) -> None:
    from ekiben.deploy.simulator.report import COLUMNS, rows

    trace = comparison.trace
    pools = f"{len(trace.pools)} pool{'' if len(trace.pools) == 1 else 's'}"
    typer.echo(f"{trace.name}: {trace.hours:.1f} h, {pools}, cold start {comparison.terms.cold_start_s:g} s")
    typer.echo(aligned([COLUMNS, *rows(comparison)]) + "\n")
