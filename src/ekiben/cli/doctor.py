"""`ekiben doctor`: what is missing or unwise on this machine, and what to do about it.

Facts are gathered once; each check is a small function of them, so that tests inject their own.
"""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import shutil
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, Literal

import psutil
import typer

from ekiben.cards.card import Card
from ekiben.cards.catalogue import load_catalogue
from ekiben.cli.project import find_project
from ekiben.cli.supervisor import check_port
from ekiben.devices.machine import Machine, measure_machine
from ekiben.devices.planner import make_plan
from ekiben.errors import EkibenError
from ekiben.policy.exposure import check_exposure
from ekiben.policy.keys_file import read_keys
from ekiben.settings import Settings, child_environment, load_settings
from ekiben.weights.store import check_stored

Grade = Literal["ok", "warn", "fail"]

_GIB: Final = 2**30
_MIN_FREE_GIB: Final = 2.0
_MIN_OPEN_FILES: Final = 4096
# sockaddr_un holds 104 bytes where it is shortest; `/<served name>.<pid>.sock` and the final zero come off.
_MAX_RUN_DIR_BYTES: Final = 103 - len(f"/.{2**22}.sock")
_PROXY_VARIABLES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: how it is, what was found, and what to do when it is not well."""

    check: str
    grade: Grade
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the checks look at.

    Attributes:
        cards: The served cards; empty where they could not be read.
        modules: Whether each optional module can be imported.
        gpu: Whether a GPU's device file or driver is there.
        providers: ONNX Runtime's execution providers.
        neighbours: Process ids of other BentoML servers of this user.
    """

    settings: Settings
    cards: tuple[Card, ...]
    machine: Machine
    python: tuple[int, int]
    environment: Mapping[str, str]
    free_bytes: int
    open_files: int
    modules: Mapping[str, bool]
    gpu: bool
    providers: tuple[str, ...]
    neighbours: tuple[int, ...]


def check_python(facts: Facts) -> Finding:
    """BentoML and the locks are for 3.11 to 3.13."""
    version = "{}.{}".format(*facts.python)
    supported = (3, 11) <= facts.python <= (3, 13)
    return _graded("Python", supported, version, "use Python 3.11, 3.12 or 3.13; EKIBEN_PYTHON chooses it")


def check_disk(facts: Facts) -> Finding:
    """Weights are fetched to the cache and stored in BentoML's home."""
    free_gib = facts.free_bytes / _GIB
    found = f"{free_gib:.1f} GiB free under {facts.settings.bentoml_home}"
    advice = f"keep {_MIN_FREE_GIB:g} GiB free for weights, or set BENTOML_HOME to a larger disk"
    return _graded("disk space", free_gib >= _MIN_FREE_GIB, found, advice, "warn")


def check_memory(facts: Facts) -> Finding:
    """The plan that `ekiben serve` makes must fit."""
    try:
        plan = make_plan(facts.cards, facts.machine)
    except EkibenError as error:
        return Finding("memory", "fail", error.message, "serve fewer models (--only), or use a larger machine")
    return Finding("memory", "ok", f"{plan.memory_gib:.1f} of {plan.machine.memory_gib:.1f} GiB planned")


def check_threads(facts: Facts) -> Finding:
    """A worker gets no more threads than there are, so that a model that wants more is slower than its card says.

    What all models want together may be more: idle ones take nothing.
    """
    wanted = max((card.resources.cpu for card in facts.cards), default=0)
    found = f"{facts.machine.threads} CPU threads, the cards ask for up to {wanted:g} a worker"
    return _graded("CPU", wanted <= facts.machine.threads, found, "expect models to be slower than elsewhere", "warn")


def check_weights(facts: Facts) -> Finding:
    """Every served card's files are stored, by name and size."""
    try:
        check_stored(facts.cards, facts.settings)
    except EkibenError as error:
        return Finding("weights", "fail", error.message, "run: ekiben models pull")
    return Finding("weights", "ok", f"{sum(card.has_weights for card in facts.cards)} models are stored")


def check_gateway_port(facts: Facts) -> Finding:
    """The port can be opened."""
    settings = facts.settings
    try:
        check_port(settings.host, settings.port)
    except EkibenError as error:
        return Finding("port", "fail", error.message, "stop what uses it, or set EKIBEN_PORT to another one")
    return Finding("port", "ok", f"{settings.port} on {settings.host} is free")


def check_run_dir(facts: Facts) -> Finding:
    """Sockets need a short path; whoever can write to the folder can pose as a worker."""
    folder = facts.settings.run_dir
    longest = max((len(card.name) for card in facts.cards), default=0)
    if len(os.fsencode(folder)) + longest > _MAX_RUN_DIR_BYTES:
        advice = "set EKIBEN_RUN_DIR to a short path"
        return Finding("run folder", "fail", f"{folder} is too long for Unix sockets", advice)
    existing = next((path for path in (folder, *folder.parents) if path.exists()), Path("/"))
    found = existing.stat()
    # A folder to be made lies in another: there the sticky bit keeps others from replacing it.
    safe = found.st_uid == os.getuid() or existing != folder
    writable = found.st_mode & 0o022 and not (existing != folder and found.st_mode & stat.S_ISVTX)
    if not safe or writable:
        advice = "set EKIBEN_RUN_DIR to a folder of this user, mode 0700"
        return Finding("run folder", "fail", f"others may write to {existing}", advice)
    return Finding("run folder", "ok", str(folder))


def check_keys(facts: Facts) -> Finding:
    """Open to others needs keys; the keys' file is for its owner alone."""
    settings = facts.settings
    try:
        check_exposure(settings.host, settings.keys_file)
        if settings.keys_file is None:
            return Finding("API keys", "ok", f"none asked for; {settings.host} is this machine only")
        number = len(read_keys(settings.keys_file))
    except EkibenError as error:
        return Finding("API keys", "fail", error.message, "make one: ekiben keys create --name NAME --file FILE")
    found = f"{number} keys in {settings.keys_file}"
    return _graded("API keys", number > 0, found, "make one: ekiben keys create --name NAME", "warn")


def check_speedups(facts: Facts) -> Finding:
    """Uvicorn picks them up when they are there."""
    missing = [name for name in ("uvloop", "httptools") if not facts.modules.get(name)]
    found = f"missing: {', '.join(missing)}" if missing else "uvloop and httptools are there"
    return _graded("HTTP speed-ups", not missing, found, "pip install 'ekiben[serve]' brings them", "warn")


def check_gpu(facts: Facts) -> Finding:
    """A GPU that ONNX Runtime cannot use stands idle."""
    if not facts.gpu:
        return Finding("GPU", "ok", "none; models run on the CPU")
    usable = "CUDAExecutionProvider" in facts.providers
    advice = "install onnxruntime-gpu in place of onnxruntime to use it"
    return _graded("GPU", usable, "a GPU is there" + ("" if usable else ", ONNX Runtime cannot use it"), advice, "warn")


def check_neighbours(facts: Facts) -> Finding:
    """BentoML empties its metrics folder and its task list when a second server starts on the same home."""
    others = ", ".join(map(str, facts.neighbours))
    advice = "give each server a BENTOML_HOME of its own, or stop the other one"
    found = f"other BentoML servers run as this user: {others}" if others else "no other BentoML server runs"
    return _graded("BentoML home", not others, found, advice, "warn")


def check_containerized(facts: Facts) -> Finding:
    """BentoML does not start a killed worker again when this is set; `ekiben serve` takes it out."""
    found = "BENTOML_CONTAINERIZED is " + ("set" if "BENTOML_CONTAINERIZED" in facts.environment else "not set")
    advice = "start with `ekiben serve`, not with bare `bentoml serve`: that one would not replace a killed worker"
    return _graded("worker restarts", found.endswith("not set"), found, advice, "warn")


def check_open_files(facts: Facts) -> Finding:
    """Every connection is an open file, on both sides of the gateway."""
    found = f"{facts.open_files} open files allowed"
    advice = f"raise the limit: ulimit -n {_MIN_OPEN_FILES * 4}"
    return _graded("open files", facts.open_files >= _MIN_OPEN_FILES, found, advice, "warn")


def check_proxies(facts: Facts) -> Finding:
    """Clients on this machine would ask the proxy for 127.0.0.1."""
    environment = {name.upper(): value for name, value in facts.environment.items() if value}
    proxies = [name for name in _PROXY_VARIABLES if name in environment]
    excluded = {part.strip() for part in environment.get("NO_PROXY", "").split(",")} & {"127.0.0.1", "*"}
    found = f"{', '.join(proxies)} set" if proxies else "none set"
    return _graded("proxies", not proxies or bool(excluded), found, "add 127.0.0.1,localhost to NO_PROXY", "warn")


CHECKS: Final[tuple[Callable[[Facts], Finding], ...]] = (
    check_python,
    check_disk,
    check_memory,
    check_threads,
    check_weights,
    check_gateway_port,
    check_run_dir,
    check_keys,
    check_speedups,
    check_gpu,
    check_neighbours,
    check_containerized,
    check_open_files,
    check_proxies,
)


def doctor(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Say what is missing or unwise on this machine; the status is 1 when something would not work."""
    settings = load_settings()
    cards, faults = _cards(settings)
    findings = [*faults, *(check(gather(settings, cards)) for check in CHECKS)]
    typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2) if as_json else _lines(findings))
    raise typer.Exit(int(any(finding.grade == "fail" for finding in findings)))


def gather(settings: Settings, cards: tuple[Card, ...]) -> Facts:
    """Look at this machine."""
    settings = settings.model_copy(update={"bentoml_home": settings.bentoml_home.expanduser()})
    here = [card for card in cards if not settings.is_elsewhere(card.name)]
    home = settings.bentoml_home.absolute()
    return Facts(
        settings=settings,
        cards=tuple(here),
        machine=measure_machine(settings),
        python=sys.version_info[:2],
        environment=child_environment(),
        free_bytes=shutil.disk_usage(next(path for path in (home, *home.parents) if path.exists())).free,
        open_files=_open_files(),
        modules={name: importlib.util.find_spec(name) is not None for name in ("uvloop", "httptools")},
        gpu=Path("/dev/nvidia0").exists() or shutil.which("nvidia-smi") is not None,
        providers=_providers(),
        neighbours=_neighbours(),
    )


def _cards(settings: Settings) -> tuple[tuple[Card, ...], list[Finding]]:
    """The served cards, or what is wrong with them."""
    try:
        folder = settings.models_dir or find_project(Path.cwd()) / "models"
        return load_catalogue(folder).select(settings.only), []
    except EkibenError as error:
        return (), [Finding("cards", "fail", error.message, "mend the card, or run this in the project's folder")]


def _open_files() -> int:
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def _providers() -> tuple[str, ...]:
    """From ONNX Runtime's own list in its package, so that this command does not load it."""
    name = "onnxruntime_providers_cuda"
    found = importlib.util.find_spec("onnxruntime")
    folders = (found.submodule_search_locations or []) if found else []
    libraries = any(next(Path(folder).rglob(f"*{name}*"), None) for folder in folders)
    return ("CPUExecutionProvider", *(["CUDAExecutionProvider"] if libraries else []))


def _neighbours() -> tuple[int, ...]:
    """BentoML's supervising processes; their workers have other command lines."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "uids"]):
        line, uids = process.info["cmdline"] or [], process.info["uids"]
        if uids and uids.real == os.getuid() and _serves(line):
            found.append(process.info["pid"])
    return tuple(sorted(found))


def _serves(line: list[str]) -> bool:
    names = [Path(part).name for part in line[:4]]
    return any(pair == ("bentoml", "serve") for pair in pairwise(names))


def _graded(check: str, well: object, found: str, advice: str, otherwise: Grade = "fail") -> Finding:
    finding = Finding(check, "ok", found)
    return finding if well else replace(finding, grade=otherwise, advice=advice)


def _lines(findings: list[Finding]) -> str:
    width = max(len(finding.check) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{finding.grade:<4}  {finding.check:<{width}}  {finding.found}")
        if finding.advice:
            lines.append(f"{'':<4}  {'':<{width}}  → {finding.advice}")
    return "\n".join(lines)
