"""The bytes of a picture, whatever it is handed over as.

Pillow and NumPy are recognised without importing them: an object of theirs can only exist once they are.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from ekiben.client.errors import MissingPackageError
from ekiben.errors import InvalidRequest

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

    Picture: TypeAlias = str | Path | bytes | bytearray | memoryview | BinaryIO | Image | npt.NDArray[np.uint8]

# What PNG keeps as it is; other modes (CMYK, YCbCr, …) are converted to RGB.
_PNG_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"})


def picture_bytes(image: Picture) -> bytes:
    """Encode a picture for upload.

    Files and bytes go as they are. Pillow images and RGB arrays, of shape (height, width, 3) and type uint8,
    are written as PNG, which loses nothing.

    Raises:
        InvalidRequest: It is none of these.
        MissingPackageError: An array is given and Pillow is not installed.
        OSError: The file cannot be read.
    """
    if isinstance(image, bytes | bytearray | memoryview):
        return bytes(image)
    if isinstance(image, str | Path):
        return _from_path(image)
    if _is_instance(image, "PIL.Image", "Image"):
        return _png(image)
    if _is_instance(image, "numpy", "ndarray"):
        return _from_array(image)
    return _from_file(image)


def _is_instance(image: object, module: str, name: str) -> bool:
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(image, getattr(loaded, name))


def _from_path(path: str | Path) -> bytes:
    if isinstance(path, str) and path[:8].lower().startswith(("http://", "https://", "data:")):
        raise InvalidRequest("URLs are not fetched: give the picture's bytes, or a file's path", param="image")
    return Path(path).read_bytes()


def _from_file(file: Any) -> bytes:
    read = getattr(file, "read", None)
    content = read() if callable(read) else None
    if not isinstance(content, bytes):
        raise InvalidRequest(
            "image must be a path, bytes, a file opened in binary mode, a Pillow image or a NumPy array, "
            f"not {type(file).__name__}",
            param="image",
        )
    return content


def _from_array(array: Any) -> bytes:
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != "uint8":
        raise InvalidRequest(
            f"an array must be RGB uint8 of shape (height, width, 3), not {array.dtype} of {array.shape}",
            param="image",
        )
    try:
        from PIL import Image
    except ImportError:
        raise MissingPackageError("sending an array needs Pillow: pip install pillow") from None
    return _png(Image.fromarray(array))


def _png(image: Any) -> bytes:
    written = BytesIO()
    (image if image.mode in _PNG_MODES else image.convert("RGB")).save(written, "PNG")
    return written.getvalue()
