"""The folder that an image is built from: each part of it becomes a layer of its own.

packages.lock, cuda.lock    what the virtual environment is made of
bentoml/                    BentoML's home: the weights, and the empty folders that it insists on
code/                       the Bento
ekiben                      the command
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from ekiben.deploy.containerfile import DEFAULT_BASE, render_containerfile
from ekiben.deploy.image_packages import CUDA_LOCK, read_image_packages
from ekiben.deploy.secret_files import refuse_secrets
from ekiben.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path

    from ekiben.deploy.bento import Bento

CONTAINERFILE: Final = "Containerfile"
_COMMAND: Final = "#!/opt/ekiben/venv/bin/python\nfrom ekiben.cli.entry import main\n\nmain()\n"
# With all of them there, BentoML starts on a file system that it cannot write to. A folder for metrics is not: it would
# be taken as it is, and without it BentoML makes one under /tmp.
_BENTOML_FOLDERS: Final = ("bentos", "envs", "tmp")


def write_context(folder: Path, bento: Bento, bentoml_home: Path, *, base: str = DEFAULT_BASE, cuda: bool) -> None:
    """Fill an empty folder.

    Raises:
        BuildError: Something is missing, or something looks like a secret.
    """
    shutil.copytree(bento.path, folder / "code")
    weights = folder / "bentoml"
    _copy_models(weights, bento, bentoml_home)
    packages = read_image_packages(bento, cuda=cuda)
    shutil.copyfile(packages.lock, folder / "packages.lock")
    if cuda and packages.has_onnxruntime:
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


def _copy_cuda_lock(folder: Path, bento: Bento) -> None:
    lock = bento.source / CUDA_LOCK
    if not lock.is_file():
        raise BuildError(f"{bento.tag} holds no {CUDA_LOCK}: include it in its bentofile.yaml")
    shutil.copyfile(lock, folder / "cuda.lock")


def _open_to_readers(folder: Path) -> None:
    """The user in the container is not the one who built it."""
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
