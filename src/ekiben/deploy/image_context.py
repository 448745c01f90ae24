"""The folder that an image is built from: each part of it becomes a layer of its own.

packages.lock, cuda.lock    what the virtual environment is made of
bentoml/                    BentoML's home: the weights, and the empty folders that it insists on
code/                       the Bento
ekiben                      the command
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ekiben.deploy.containerfile import DEFAULT_BASE, render_containerfile
from ekiben.deploy.secret_files import refuse_secrets
from ekiben.errors import BuildError

if TYPE_CHECKING:
    from ekiben.deploy.bento import Bento

CONTAINERFILE: Final = "Containerfile"
_COMMAND: Final = "#!/opt/ekiben/venv/bin/python\nfrom ekiben.cli.entry import main\n\nmain()\n"
# With all of them there, BentoML starts on a file system that it cannot write to. A folder for metrics is not: it would
# be taken as it is, and without it BentoML makes one under /tmp.
_BENTOML_FOLDERS: Final = ("bentos", "envs", "tmp")
_CUDA_LOCK: Final = Path("locks/cuda.txt")


def write_context(folder: Path, bento: Bento, bentoml_home: Path, *, base: str = DEFAULT_BASE, cuda: bool) -> None:
    """Fill an empty folder.

    Raises:
        BuildError: Something is missing, or something looks like a secret.
    """
    shutil.copytree(bento.path, folder / "code")
    weights = folder / "bentoml"
    _copy_models(weights, bento, bentoml_home)
    shutil.copyfile(_lock(bento), folder / "packages.lock")
    if cuda:
        _copy_cuda_lock(folder, bento)
    (folder / "ekiben").write_text(_COMMAND, encoding="utf-8")
    (folder / CONTAINERFILE).write_text(render_containerfile(bento, base=base, cuda=cuda), encoding="utf-8")
    refuse_secrets(folder, weights)
    _open_to_readers(folder)


def _copy_models(home: Path, bento: Bento, bentoml_home: Path) -> None:
    for name in _BENTOML_FOLDERS:
        (home / name).mkdir(parents=True)
        # An empty folder is lost on the way through some builders.
        (home / name / ".keep").touch()
    for tag in sorted(bento.models):
        name, _, version = tag.partition(":")
        stored = bentoml_home / "models" / name / version
        if not stored.is_dir():
            raise BuildError(f"{tag} is not in the model store; run: ekiben models pull {name}")
        shutil.copytree(stored, home / "models" / name / version)
        (home / "models" / name / "latest").write_text(version, encoding="utf-8")


def _lock(bento: Bento) -> Path:
    """The Bento's own lock, with hashes; BentoML's copy of it has a line without."""
    locks = [path for path in (bento.source / "locks").glob("*.txt") if path.name != _CUDA_LOCK.name]
    if len(locks) != 1:
        raise BuildError(f"{bento.tag} holds {len(locks)} locks instead of one; build it with scripts/build")
    return locks[0]


def _copy_cuda_lock(folder: Path, bento: Bento) -> None:
    if "\nonnxruntime==" not in _lock(bento).read_text(encoding="utf-8"):
        raise BuildError(f"{bento.tag} has no ONNX Runtime that --cuda could replace; build it without --cuda")
    lock = bento.source / _CUDA_LOCK
    if not lock.is_file():
        raise BuildError(f"{bento.tag} holds no {_CUDA_LOCK}: include it in its bentofile.yaml")
    shutil.copyfile(lock, folder / "cuda.lock")


def _open_to_readers(folder: Path) -> None:
    """The user in the container is not the one who built it."""
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
