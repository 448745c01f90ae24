"""What an image's virtual environment is made of, read from the Bento's own lock."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ekiben.deploy.locked_packages import read_before, read_packages
from ekiben.errors import BuildError

if TYPE_CHECKING:
    from ekiben.deploy.bento import Bento

CUDA_LOCK: Final = Path("locks/cuda.txt")
_ONNX_RUNTIME: Final = "onnxruntime"


@dataclass(frozen=True, slots=True)
class ImagePackages:
    """The packages of one image.

    Attributes:
        lock: Exact versions with hashes; BentoML's copy of it has a line without.
        before: The requirement that is installed first and is in no lock, such as `torch==2.13.0`; empty for none.
        has_onnxruntime: Whether ONNX Runtime is among them.
    """

    lock: Path
    before: str
    has_onnxruntime: bool


def read_image_packages(bento: Bento, *, cuda: bool = False) -> ImagePackages:
    """Find the Bento's lock and read it.

    Raises:
        BuildError: There is none, or several; or, with `cuda`, nothing in it computes on a GPU.
    """
    locks = [path for path in (bento.source / "locks").glob("*.txt") if path.name != CUDA_LOCK.name]
    if len(locks) != 1:
        raise BuildError(f"{bento.tag} holds {len(locks)} locks instead of one; build it with scripts/build")
    (lock,) = locks
    before = read_before(lock)
    packages = ImagePackages(
        lock=lock,
        before=f"{before.name}=={before.version}" if before else "",
        has_onnxruntime=any(package.name == _ONNX_RUNTIME for package in read_packages(lock)),
    )
    if cuda and not (packages.has_onnxruntime or packages.before):
        raise BuildError(f"{bento.tag} has no ONNX Runtime that --cuda could replace, and no torch; leave --cuda out")
    return packages
