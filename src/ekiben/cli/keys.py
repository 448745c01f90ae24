"""`ekiben keys`: make, list and revoke API keys. A running gateway sees a change without a restart."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from ekiben.errors import ConfigurationError
from ekiben.policy.key_record import KeyRecord, create_key
from ekiben.policy.keys_file import locked, read_keys, write_keys
from ekiben.policy.principals import USER_ROLE
from ekiben.settings import load_settings

app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DURATION = re.compile(r"([1-9][0-9]{0,4})([hdw])")

_File = Annotated[
    Path | None, typer.Option("--file", help="The keys file; default: EKIBEN_KEYS_FILE.", show_default=False)
]


@app.command()
def create(
    name: Annotated[str, typer.Option(help="Whom the key is for.")],
    expires: Annotated[str | None, typer.Option(help="Lifetime, such as 12h, 90d or 4w; default: none.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="What it may do; may be repeated.")] = None,
    max_running_jobs: Annotated[
        int | None, typer.Option(min=1, help="How many of its durable jobs may run at once; default: any number.")
    ] = None,
    file: _File = None,
) -> None:
    """Make a key and print it: this is the only time it is shown."""
    path = _path(file)
    now = datetime.now(UTC)
    ends = now + _lifetime(expires) if expires is not None else None
    try:
        roles = tuple(role or [USER_ROLE])
        key, record = create_key(name, expires=ends, roles=roles, max_running_jobs=max_running_jobs, now=now)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise ConfigurationError(f"{fault['loc'][0]}: {fault['msg']}") from None
    with locked(path):
        write_keys(path, [*_existing(path), record])
    typer.echo(key)
    typer.echo(f"Key {record.id} for {name} is in {path}; it is not shown again.", err=True)


@app.command("list")
def list_keys(file: _File = None) -> None:
    """List the keys, without their secrets."""
    now = datetime.now(UTC)
    rows = [
        ("ID", "NAME", "CREATED", "EXPIRES", "ROLES", "JOBS AT ONCE"),
        *(_row(record, now) for record in read_keys(_path(file))),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `list` shows it.")],
    file: _File = None,
) -> None:
    """Remove a key: requests with it are refused from now on."""
    path = _path(file)
    with locked(path):
        records = read_keys(path)
        kept = [record for record in records if record.id != key_id]
        if len(kept) == len(records):
            raise ConfigurationError(f"there is no key {key_id!r} in {path}")
        write_keys(path, kept)
    typer.echo(f"Key {key_id} is revoked.", err=True)


def _path(file: Path | None) -> Path:
    path = file or load_settings().keys_file
    if path is None:
        raise ConfigurationError("no keys file: give --file or set EKIBEN_KEYS_FILE")
    return path


def _existing(path: Path) -> tuple[KeyRecord, ...]:
    return read_keys(path) if path.exists() else ()


def _lifetime(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ConfigurationError(f"--expires is {text!r}: write a number and h, d or w, such as 90d")
    return int(found[1]) * _UNITS[found[2]]


def _row(record: KeyRecord, now: datetime) -> tuple[str, ...]:
    ends = f"{record.expires:%Y-%m-%d %H:%M}" if record.expires else "never"
    return (
        record.id,
        record.name,
        f"{record.created:%Y-%m-%d}",
        ends + (" (expired)" if record.expired(now) else ""),
        ", ".join(record.roles),
        str(record.max_running_jobs or "any"),
    )
