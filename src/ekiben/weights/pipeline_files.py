"""Which files of a repository a diffusers pipeline is made of.

    model_index.json ─► its components ─► of each: a configuration, and weights or a vocabulary

Taken are safetensors and text alone; of weights in two precisions one. Left out are the components that only moderate
or that no family here uses.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from ekiben.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ekiben.weights.download import Download
    from ekiben.weights.repository import Repository

INDEX: Final = "model_index.json"
_UNUSED: Final = frozenset({"safety_checker", "feature_extractor", "image_encoder"})
_LIBRARIES: Final = {"diffusers": "diffusion_pytorch_model", "transformers": "model"}
_LICENCES: Final = ("LICENSE.md", "LICENSE.txt")


class PipelineFiles:
    """The files of one repository's pipeline.

    Args:
        repository: Whose.
        download: Reads its small files.
        half: Whether weights in half precision are taken where there are any.

    Attributes:
        index: `model_index.json`.

    Raises:
        WeightsError: It has no index, or one that names a library with code of its own.
    """

    def __init__(self, repository: Repository, download: Download, *, half: bool) -> None:
        self._repository = repository
        self._download = download
        self._half = half
        self.index: Mapping[str, Any] = repository.read_json(INDEX, download)
        self._components = dict(_components(repository.name, self.index))
        if not self._components:
            raise WeightsError(f"{repository.name} has no {INDEX} that names components: it is no diffusers pipeline")

    def names(self) -> dict[str, str]:
        """Map every name in the model store to the file of the repository that is stored under it.

        Raises:
            WeightsError: A component's weights are not there as safetensors, or its vocabulary not as text.
        """
        found = {INDEX: INDEX}
        for component, (library, kind) in self._components.items():
            found |= self._component(component, library, kind)
        return found | {name: name for name in _LICENCES if name in self._repository.files}

    def config(self, component: str) -> Mapping[str, Any]:
        """A component's configuration; empty where it has none."""
        name = "scheduler_config.json" if component == "scheduler" else "config.json"
        return self._repository.read_json(f"{component}/{name}", self._download)

    def _component(self, name: str, library: str, kind: str) -> dict[str, str]:
        if kind.endswith("Scheduler"):
            return self._present(f"{name}/scheduler_config.json")
        if "Tokenizer" in kind:
            return self._vocabulary(name)
        return self._present(f"{name}/config.json") | self._weights(name, _LIBRARIES[library])

    def _present(self, file: str) -> dict[str, str]:
        if file not in self._repository.files:
            raise WeightsError(f"{self._repository.name} has no file {file}")
        return {file: file}

    def _vocabulary(self, name: str) -> dict[str, str]:
        """Every text of a tokenizer; its binary form (`.model`, SentencePiece) is not read where text is there."""
        files = [file for file in self._repository.files if str(PurePosixPath(file).parent) == name]
        texts = sorted(file for file in files if file.endswith((".json", ".txt")))
        if not {f"{name}/tokenizer.json", f"{name}/vocab.json", f"{name}/vocab.txt"} & set(texts):
            raise WeightsError(
                f"{self._repository.name}: {name} has its vocabulary neither as tokenizer.json nor as vocab.json;"
                " other forms are not read"
            )
        return {file: file for file in texts}

    def _weights(self, name: str, stem: str) -> dict[str, str]:
        for variant in ("fp16.", "") if self._half else ("", "fp16."):
            whole = f"{name}/{stem}.{variant}safetensors"
            if whole in self._repository.files:
                return {f"{name}/{stem}.safetensors": whole}
            index = f"{name}/{stem}.safetensors.index.{variant}json"
            if index in self._repository.files:
                return {f"{name}/{stem}.safetensors.index.json": index, **self._shards(name, index)}
        raise WeightsError(f"{self._repository.name}: the weights of {name} are not there as safetensors")

    def _shards(self, name: str, index: str) -> dict[str, str]:
        """The parts keep their names: the index names them."""
        weights = self._repository.read_json(index, self._download).get("weight_map")
        parts = sorted({str(part) for part in weights.values()}) if isinstance(weights, dict) else []
        if not parts or any("/" in part or not part.endswith(".safetensors") for part in parts):
            raise WeightsError(f"{self._repository.name}: {index} does not name the parts of the weights")
        return {file: file for part in parts for file in self._present(f"{name}/{part}")}


def _components(repository: str, index: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    for name, value in index.items():
        if name.startswith("_") or name in _UNUSED or not isinstance(value, list):
            continue
        library, kind = (*value, None, None)[:2]
        if library is None or kind is None:
            continue
        if library not in _LIBRARIES:
            raise WeightsError(f"{repository}: {name} is of {library!r}, which would bring code of its own")
        yield name, (str(library), str(kind))
