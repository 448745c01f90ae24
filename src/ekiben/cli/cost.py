"""`ekiben cost`: what a thousand pictures cost, by model, instance type and market."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ekiben.cli.columns import aligned
from ekiben.errors import OperatorError

if TYPE_CHECKING:
    from ekiben.deploy.catalogue.advice import Size
    from ekiben.deploy.catalogue.cost import Quote
    from ekiben.deploy.catalogue.instance import Catalogue
    from ekiben.deploy.catalogue.measurement import Measurement

_HISTORY_DAYS = 7


def cost(
    *,
    measurements: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="YAML list of measurements: model, instance_type, images_per_s, …"),
    ] = None,
    instance: Annotated[str | None, typer.Option(help="Instance type of --images-per-second.")] = None,
    images_per_second: Annotated[float | None, typer.Option(min=1e-9, help="What you measured there.")] = None,
    model: Annotated[str | None, typer.Option(help="Only this model of the measurements.")] = None,
    spot_price: Annotated[
        list[str] | None, typer.Option(metavar="TYPE=USD", help="Spot price of an hour; may be repeated.")
    ] = None,
    spot_history: Annotated[
        bool, typer.Option("--spot-history", help="Ask EC2 for the last week's spot prices.")
    ] = False,
    rate: Annotated[
        float | None, typer.Option(min=1e-9, help="Pictures in a second to carry: adds numbers of instances.")
    ] = None,
    catalogue: Annotated[Path | None, typer.Option(metavar="FILE", help="A refreshed catalogue.")] = None,
    refresh: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Ask AWS for today's on-demand prices, write them there, end.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what a thousand pictures cost. Throughput is measured, never assumed: bring your own numbers."""
    from ekiben.deploy.catalogue.catalogue_file import read_catalogue
    from ekiben.deploy.catalogue.cost import quotes

    known = read_catalogue(catalogue)
    if refresh is not None:
        _refresh(known, refresh)
        return
    measured = _measured(measurements, model, instance, images_per_second)
    spot = _stated(spot_price or []) | (_history(known.region, measured) if spot_history else {})
    found = quotes(measured, known, spot)
    sizes = _sizes(found, rate)
    if as_json:
        typer.echo(json.dumps(_plain(known, found, sizes), indent=2))
    else:
        _print(known, found, sizes)


def _refresh(known: Catalogue, path: Path) -> None:
    from ekiben.deploy.catalogue.aws import pricing_client
    from ekiben.deploy.catalogue.catalogue_file import write_catalogue
    from ekiben.deploy.catalogue.refresh import refresh
    from ekiben.deploy.spot.failures import told

    with told():
        write_catalogue(refresh(known, pricing_client(), datetime.now(UTC).date()), path)
    typer.echo(f"wrote {path}")


def _measured(
    path: Path | None, model: str | None, instance: str | None, images_per_second: float | None
) -> tuple[Measurement, ...]:
    from ekiben.deploy.catalogue.measurement import Measurement, read_measurements

    found = read_measurements(path) if path else ()
    if images_per_second is not None:
        if instance is None:
            raise OperatorError("--images-per-second needs --instance, the type on which that was measured")
        stated = Measurement(
            model=model or "yours", instance_type=instance, images_per_s=images_per_second, source="stated"
        )
        found = (*found, stated)
    found = tuple(measurement for measurement in found if model in (None, measurement.model))
    if not found:
        raise OperatorError(
            "no measurement to compute a cost from: measure with `python -m benchmarks text_to_image_gpu` on the"
            " instance, then give --measurements FILE, or --instance TYPE --images-per-second N"
        )
    return found


def _stated(prices: list[str]) -> dict[str, float]:
    try:
        return {name: float(usd) for name, usd in (price.split("=", 1) for price in prices)}
    except ValueError:
        raise OperatorError("--spot-price takes TYPE=USD, such as g5.xlarge=0.45") from None


def _history(region: str, measured: tuple[Measurement, ...]) -> dict[str, float]:
    """Of each type the cheapest zone's mean price of the last week."""
    from ekiben.deploy.catalogue.aws import ec2_client
    from ekiben.deploy.catalogue.spot_prices import cheapest, mean_prices, spot_prices
    from ekiben.deploy.spot.failures import told

    end = datetime.now(UTC)
    start = end - timedelta(days=_HISTORY_DAYS)
    with told():
        prices = spot_prices(ec2_client(region), sorted({m.instance_type for m in measured}), start, end)
    return cheapest(mean_prices(prices, start, end))


def _sizes(found: tuple[Quote, ...], rate: float | None) -> tuple[Size, ...]:
    from ekiben.deploy.catalogue.advice import right_size

    return right_size(found, rate) if rate is not None else ()


def _print(known: Catalogue, found: tuple[Quote, ...], sizes: tuple[Size, ...]) -> None:
    head = ("MODEL", "INSTANCE", "GPU", "BATCH", "MARKET", "USD/H", "IMAGES/S", "USD/1000 IMAGES")
    lines = [head, *(_row(known, quote) for quote in found)]
    typer.echo(aligned(lines))
    if sizes:
        table = [("INSTANCES", "OF", "MARKET", "MODEL", "BUSY", "USD/MONTH", "USD/1000 IMAGES")]
        typer.echo("\n" + aligned([*table, *map(_size_row, sizes)]))
    typer.echo(f"\nOn-demand: list prices in {known.region} as of {known.as_of}; `--refresh FILE` brings today's.")
    for name in sorted({quote.measurement.instance_type for quote in found} & set(known.outdated)):
        typer.echo(f"The price of {name} is known to have changed since.")


def _row(known: Catalogue, quote: Quote) -> tuple[str, ...]:
    measured = quote.measurement
    return (
        measured.model,
        measured.instance_type,
        f"{measured.gpus} × {known.get(measured.instance_type).gpu}",
        str(measured.batch),
        quote.market.value,
        f"{quote.usd_per_h:.4f}",
        f"{measured.images_per_s:g}",
        f"{quote.usd_per_1000_images:.4f}",
    )


def _size_row(size: Size) -> tuple[str, ...]:
    return (
        str(size.instances),
        size.quote.measurement.instance_type,
        size.quote.market.value,
        size.quote.measurement.model,
        f"{size.utilization:.0%}",
        f"{size.usd_per_month:,.2f}",
        f"{size.usd_per_1000_images:.4f}",
    )


def _plain(known: Catalogue, found: tuple[Quote, ...], sizes: tuple[Size, ...]) -> dict[str, Any]:
    def quoted(quote: Quote) -> dict[str, Any]:
        return {
            **quote.measurement.model_dump(),
            "market": quote.market.value,
            "usd_per_h": quote.usd_per_h,
            "usd_per_1000_images": quote.usd_per_1000_images,
        }

    return {
        "region": known.region,
        "as_of": known.as_of.isoformat(),
        "outdated": list(known.outdated),
        "quotes": [quoted(quote) for quote in found],
        "sizes": [{**size._asdict(), "quote": quoted(size.quote)} for size in sizes],
    }
