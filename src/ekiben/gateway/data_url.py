"""Pictures inside JSON, as `data:` URLs; nothing is ever fetched."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from ekiben.errors import InvalidRequest

_HEAD: Final = re.compile(r"data:image/[a-zA-Z0-9.+-]{1,40};base64,")


def read_data_url(url: str, param: str) -> bytes:
    """The bytes behind the URL; what they are is for whoever decodes them to say.

    Args:
        url: `data:image/<type>;base64,…`.
        param: The request field, for the error.

    Raises:
        InvalidRequest: Another kind of URL, or no base64.
    """
    head = _HEAD.match(url)
    if head is None:
        # Fetching would let a caller reach addresses that only this machine can.
        raise InvalidRequest(
            f"{param} must be data:image/<type>;base64,…; pictures are not fetched from other URLs.", param=param
        )
    try:
        content = base64.b64decode(url[head.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest(f"{param} is not valid base64.", param=param) from None
    if not content:
        raise InvalidRequest(f"{param} holds no picture.", param=param)
    return content
