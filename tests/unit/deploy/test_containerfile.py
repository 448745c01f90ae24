from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ekiben.deploy.containerfile import UID, render_containerfile

if TYPE_CHECKING:
    from ekiben.deploy.bento import Bento


def instructions(text: str) -> list[str]:
    """Whole instructions, without comments and line breaks inside them."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    return [" ".join(line.split()) for line in joined.splitlines() if line.strip()]


def final_stage(text: str) -> list[str]:
    lines = instructions(text)
    return lines[max(index for index, line in enumerate(lines) if line.startswith("FROM ")) :]


@pytest.mark.parametrize("cuda", [False, True])
def test_rules_of_a_good_image(bento: Bento, cuda: bool) -> None:
    text = render_containerfile(bento, cuda=cuda)
    stage = final_stage(text)
    assert len([line for line in instructions(text) if line.startswith("FROM ")]) == 2
    assert not [line for line in stage if re.search(r"\b(pip|apt-get|curl|gcc)\b", line)]
    assert not [line for line in instructions(text) if line.startswith("ADD ") or ":latest" in line]
    assert stage[-1] == 'CMD ["serve"]'
    assert stage[-2] == 'ENTRYPOINT ["ekiben"]'
    assert [line for line in stage if line.startswith("USER ")] == [f"USER {UID}:{UID}"]
    assert any(line.startswith("HEALTHCHECK ") and "/readyz" in line for line in stage)
    installs = [line for line in instructions(text) if " install " in line]
    assert all("--require-hashes" in line and "--only-binary :all:" in line for line in installs)
    variables = next(line for line in stage if line.startswith("ENV "))
    assert not re.search(r"(?i)(token|secret|password|_key)=", variables)
    assert "BENTOML_CONTAINERIZED" not in text


@pytest.mark.parametrize("cuda", [False, True])
def test_hadolint_has_nothing_to_say(bento: Bento, cuda: bool) -> None:
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.is_file():
        pytest.skip("hadolint comes for Linux on x86-64 only")
    text = render_containerfile(bento, cuda=cuda)
    done = subprocess.run([linter, "-"], input=text, capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == ""


def test_libraries_that_packages_link_against_are_installed_and_nothing_else(bento: Bento) -> None:
    text = render_containerfile(replace(bento, labels={**bento.labels, "system_packages": "libgomp1"}))
    (line,) = [line for line in final_stage(text) if "apt-get" in line]
    assert "install -qq --yes --no-install-recommends libgomp1 &&" in line
    # What apt keeps for the next time is larger than the library.
    assert "apt-get clean && rm -rf /var/lib/apt/lists/*" in line
    assert line.endswith("rm -rf /var/lib/apt/lists/*")


def test_what_changes_often_comes_last(bento: Bento) -> None:
    copied = [line for line in final_stage(render_containerfile(bento)) if line.startswith("COPY ")]
    order = [re.sub(r"--\S+ ", "", line).split()[1] for line in copied]
    assert order == ["/opt/ekiben/venv", "bentoml/", "ekiben", "/opt/ekiben/bento"]


def test_a_card_of_the_bento_is_what_is_served(bento: Bento) -> None:
    text = render_containerfile(bento, base="example.org/python:3.11")
    assert "EKIBEN_ONLY=toy" in text
    assert text.count("FROM example.org/python:3.11") == 2
    assert 'org.opencontainers.image.licenses="Apache-2.0 AND MIT"' in text


def test_cuda_is_the_same_file_with_the_gpu_build_and_its_libraries(bento: Bento) -> None:
    plain, cuda = (instructions(render_containerfile(bento, cuda=cuda)) for cuda in (False, True))
    added = [line for line in cuda if line not in plain]
    assert [line.split()[0] for line in added] == ["COPY", "RUN", "COPY", "RUN", "ENV"]
    assert "uninstall --quiet --yes onnxruntime" in added[1]
    assert "/tmp/cuda.lock" in added[1]
    assert added[3] == "RUN ldconfig"
    assert "NVIDIA_DRIVER_CAPABILITIES=compute,utility" in added[4]


@pytest.fixture
def drawing(bento: Bento) -> Bento:
    """A Bento whose lock says that torch comes before it, and has no ONNX Runtime."""
    lock = bento.source / "locks" / "toy.txt"
    lock.write_text("#\n# Installed before these: torch==2.13.0\nnumpy==2.4.6 \\\n    --hash=sha256:00\n")
    return bento


def test_torch_comes_before_the_lock_from_the_index_that_is_named(drawing: Bento) -> None:
    lines = instructions(render_containerfile(drawing))
    installs = [line for line in lines if " install " in line]
    assert installs[0].endswith('--only-binary :all: ${TORCH_INDEX:+--index-url "${TORCH_INDEX}"} torch==2.13.0')
    assert "--requirement /tmp/packages.lock" in installs[1]
    assert 'ARG TORCH_INDEX=""' in lines


def test_with_torch_alone_cuda_comes_with_the_build_from_the_index(drawing: Bento) -> None:
    text = render_containerfile(drawing, cuda=True)
    assert "cuda.lock" not in text
    assert "NVIDIA_DRIVER_CAPABILITIES=compute,utility" in text


def test_hadolint_accepts_torch_too(drawing: Bento) -> None:
    test_hadolint_has_nothing_to_say(drawing, cuda=True)
