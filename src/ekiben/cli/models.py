"""`ekiben models`: what is served, and bringing its weights here."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from ekiben.cards.card import Card, Task
from ekiben.cards.catalogue import Catalogue, load_catalogue
from ekiben.cli.project import find_project
from ekiben.cli.pull_progress import shown_progress
from ekiben.errors import ConfigurationError, WeightsError
from ekiben.settings import load_settings
from ekiben.weights.bento_store import ModelStore
from ekiben.weights.lock import LockEntry, WeightsLock, changed_lock, read_lock
from ekiben.weights.options import PullOptions
from ekiben.weights.store import State, state_of, verify

app = typer.Typer(name="models", help="List, add, pull, verify, judge, load and unload models.", no_args_is_help=True)

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME]…", help="Served names; none: every served card.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_models(*, as_json: AsJson = False) -> None:
    """Show every card and how far its weights have come."""
    options, catalogue = _start()
    lock, store = read_lock(options.lock_file), ModelStore(options.bentoml_home)
    rows = [_row(card, lock, store) for card in catalogue]
    if as_json:
        _print_json(rows)
    else:
        _print_table(rows)


@app.command()
def pull(
    names: Names = None,
    *,
    lock: Annotated[
        bool, typer.Option("--lock", help="Trust what comes and write it into weights.lock first.")
    ] = False,
    accept_licence: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Accept the restricted licence of this model's weights; remembered."),
    ] = None,
) -> None:
    """Fetch, verify, convert and store the weights of cards."""
    from ekiben.cli.licences import settle
    from ekiben.conversion.recipes import RECIPES
    from ekiben.weights.acceptance import Acceptances
    from ekiben.weights.pull import Pull

    options, catalogue = _start()
    cards = _with_weights(catalogue, names)
    accepted = [catalogue.get(name).name for name in accept_licence or ()]
    store, acceptances = ModelStore(options.bentoml_home), Acceptances(options.bentoml_home)
    for card in cards:
        if store.find(card.tag) is None:
            settle(card, acceptances, accepted)
    with shown_progress() as progress:
        puller = Pull(options, RECIPES, progress)
        for card in cards:
            if lock:
                _write_entry(options, card.name, puller.resolve(card))
            stored = puller.pull(card, read_lock(options.lock_file).entry(card))
            progress.note(f"{card.tag} is stored in {stored.path}")


@app.command("verify")
def verify_models(names: Names = None) -> None:
    """Read every stored byte again and compare it with weights.lock."""
    options, catalogue = _start()
    lock, store = read_lock(options.lock_file), ModelStore(options.bentoml_home)
    faults = []
    for card in _with_weights(catalogue, names):
        try:
            verify(card, lock.entry(card), store, lambda _: None)
            typer.echo(f"{card.tag} is as the lock says")
        except WeightsError as error:
            faults.append(error.message)
    if faults:
        raise WeightsError("\n".join(faults))


@app.command()
def show(name: Annotated[str, typer.Argument(help="Served name.")]) -> None:
    """Show a card with its defaults, its lock entry and where its weights are."""
    options, catalogue = _start()
    card = catalogue.get(name)
    lock, store = read_lock(options.lock_file), ModelStore(options.bentoml_home)
    state = state_of(card, lock, store)
    entry = lock.entries.get(name)
    _print_json(
        {
            "card": card.model_dump(mode="json", exclude_none=True),
            "lock": _plain_entry(entry) if entry else None,
            "state": state.value,
            "stored_path": str(store.path(card.tag)) if state is State.STORED else None,
        }
    )


@app.command()
def add(
    reference: Annotated[
        str, typer.Argument(help="hf:owner/name or hf:owner/name@revision, or the served name of a template.")
    ],
    *,
    task: Annotated[Task | None, typer.Option(help="The task, where the hub does not say it.")] = None,
    name: Annotated[str | None, typer.Option(help="The served name; default: from the repository's.")] = None,
    file: Annotated[list[str] | None, typer.Option(help="A file to take, such as onnx/model_int8.onnx.")] = None,
    licence: Annotated[str | None, typer.Option(help="SPDX identifier, where the hub states none.")] = None,
) -> None:
    """Write the card and the lock entry of a model on the hub; nothing is overwritten. A template is pinned."""
    from ekiben.weights.add import Wishes, prepare
    from ekiben.weights.download import Download
    from ekiben.weights.repository import look_up
    from ekiben.weights.templates import template_of

    options, catalogue = _start()
    asked = any((task, name, file, licence))
    if not asked and (template := template_of(catalogue, reference)) is not None:
        _pin(options, template)
        return
    with shown_progress() as progress:
        repository = look_up(options.hub(), reference)
        wishes = Wishes(task, name, tuple(file or ()), licence)
        addition = prepare(repository, wishes, Download(progress))
    if addition.card.name in catalogue:
        raise WeightsError(f"{addition.card.name} is a card already; choose another name with --name")
    path = addition.write(options.models_dir)
    _write_entry(options, addition.card.name, addition.entry)
    typer.echo(f"wrote {path}; look it over, then run: ekiben models pull {addition.card.name}")


@app.command()
def pin(name: Annotated[str, typer.Argument(help="Served name of a template.")]) -> None:
    """Pin a template's sources to the commits they are now, and lock them."""
    options, catalogue = _start()
    _pin(options, catalogue.get(name))


def _pin(options: PullOptions, card: Card) -> None:
    from ekiben.weights.download import Download
    from ekiben.weights.pin import pin as pin_card

    with shown_progress() as progress:
        entry = pin_card(card, options.hub(), Download(progress))
    _write_entry(options, card.name, entry)
    typer.echo(f"pinned {card.name}; now run: ekiben models pull {card.name}")


@app.command()
def load(name: Annotated[str, typer.Argument(help="Served name.")]) -> None:
    """Bring a model of the running platform back into memory."""
    _change(name, "load")


@app.command()
def unload(name: Annotated[str, typer.Argument(help="Served name.")]) -> None:
    """Have a model of the running platform finish its requests and give its memory back."""
    _change(name, "unload")


@app.command()
def judge(name: Annotated[str, typer.Argument(help="Served name of a text-to-image model.")]) -> None:
    """Draw fixed prompts with a card's levers and without, and compare; exit status 1 where they differ too much."""
    from ekiben.diffusion.image_quality import QualityLimits
    from ekiben.diffusion.judging import judge_levers

    options, catalogue = _start()
    card = catalogue.get(name)
    if card.task is not Task.TEXT_TO_IMAGE:
        raise ConfigurationError(f"{name} draws no pictures; its task is {card.task}.")
    stored = ModelStore(options.bentoml_home).find(card.tag)
    if stored is None:
        raise WeightsError(f"{card.tag} is not here; run: ekiben models pull {name}")
    verdict, limits = judge_levers(card, stored.path), QualityLimits()
    typer.echo(f"PSNR {verdict.mean_psnr_db:.1f} dB on average (at least {limits.mean_psnr_db:g})")
    typer.echo(f"SSIM {verdict.mean_ssim:.3f} on average (at least {limits.mean_ssim:g})")
    typer.echo(f"SSIM {verdict.least_ssim:.3f} of the picture furthest off (at least {limits.least_ssim:g})")
    typer.echo("passed" if verdict.passed else "failed")
    if not verdict.passed:
        raise typer.Exit(1)


def _change(name: str, verb: str) -> None:
    from ekiben.cli.running import ask_platform

    workers = ask_platform(load_settings(), f"/models/{quote(name, safe='')}/{verb}")["workers"]
    typer.echo(f"{name} is {verb}ed in {workers} worker{'' if workers == 1 else 's'}")


def _start() -> tuple[PullOptions, Catalogue]:
    settings = load_settings()
    models_dir = settings.models_dir or find_project(Path.cwd()) / "models"
    token = settings.hf_token.get_secret_value().strip() if settings.hf_token else None
    options = PullOptions(
        models_dir=models_dir.absolute(),
        bentoml_home=settings.bentoml_home.expanduser().absolute(),
        cache_dir=settings.cache_dir.expanduser().absolute(),
        hf_endpoint=str(settings.hf_endpoint),
        hf_token=token or None,
    )
    return options, load_catalogue(options.models_dir)


def _with_weights(catalogue: Catalogue, names: list[str] | None) -> list[Card]:
    """The named cards or all, without those that a server elsewhere computes."""
    return [card for card in catalogue.select(names or ()) if card.has_weights]


def _write_entry(options: PullOptions, name: str, entry: LockEntry) -> None:
    with changed_lock(options.lock_file) as lock:
        lock.entries[name] = entry


def _row(card: Card, lock: WeightsLock, store: ModelStore) -> dict[str, Any]:
    entry = lock.entries.get(card.name)
    size = sum(digest.size_bytes for digest in entry.stored.values()) if entry else None
    return {
        "name": card.name,
        "task": card.task.value,
        "version": card.version,
        "precision": card.precision,
        "size_bytes": size,
        "state": state_of(card, lock, store).value,
        "licence": card.licence.weights,
    }


def _plain_entry(entry: LockEntry) -> dict[str, Any]:
    return {
        "version": entry.version,
        "origins": {
            name: {"source": file.source, "size_bytes": file.digest.size_bytes, "sha256": file.digest.sha256}
            for name, file in entry.origins.items()
        },
        "stored": {
            name: {"size_bytes": digest.size_bytes, "sha256": digest.sha256} for name, digest in entry.stored.items()
        },
    }


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _print_table(rows: list[dict[str, Any]]) -> None:
    """Columns as wide as their longest value; no library, so that listing stays quick."""
    table = [["NAME", "TASK", "VERSION", "PRECISION", "SIZE", "STATE", "LICENCE"]]
    for row in rows:
        size = "–" if row["size_bytes"] is None else f"{row['size_bytes'] / 2**20:.1f} MiB"
        table.append([str(value) for value in ({**row, "size_bytes": size}).values()])
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
