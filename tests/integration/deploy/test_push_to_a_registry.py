"""An image pushed to a registry that asks for a password, as ECR does: Debian's docker-registry, and buildah."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ekiben.deploy.image_build import Backend
from ekiben.deploy.spot.pushing import ProgramPusher
from ekiben.errors import BuildError
from tests.e2e.conftest import free_port
from tests.unit.deploy.homes.tools import tool

_PASSWORD = "the-password"
_HTPASSWD = "AWS:$2b$04$X0p8Ho2kqbDOOEJ.b1zKeeHZUNcvop/LjXcoAiL6JNcnvzBvtTX9m\n"
_IMAGE = "localhost/ekiben-pushed:1.0.0"
_CONFIG = """\
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}/registry}}}}
http: {{addr: "127.0.0.1:{port}", tls: {{certificate: {folder}/cert.pem, key: {folder}/key.pem}}}}
auth: {{htpasswd: {{realm: test, path: {folder}/htpasswd}}}}
"""


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Its address."""
    program = tool("docker-registry", "docker-registry")
    if shutil.which("buildah") is None:
        pytest.skip("no buildah, without which there is no image to push; Debian's package of that name has it")
    port = free_port()
    (tmp_path / "htpasswd").write_text(_HTPASSWD)
    (tmp_path / "config.yml").write_text(_CONFIG.format(folder=tmp_path, port=port))
    (tmp_path / "auth.json").write_text("{}")
    _certificate(tmp_path)
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(tmp_path / "config.yml")], stdout=log, stderr=log)
    # Buildah's; the registry takes variables that begin alike for its own.
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(tmp_path / "auth.json"))
    try:
        _wait(f"127.0.0.1:{port}", tmp_path / "log")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def image() -> Iterator[str]:
    """One without anything in it."""
    container = _buildah("from", "scratch")
    _buildah("config", "--label", "made-for=a-test", container)
    _buildah("commit", container, _IMAGE)
    _buildah("rm", container)
    yield _IMAGE
    _buildah("rmi", "--force", _IMAGE)


def test_an_image_arrives_under_its_tag(registry: str, image: str) -> None:
    uri = f"{registry}/ekiben/pictures/gateway:1.0.0"
    ProgramPusher(Backend.BUILDAH).push(image, uri, _token(_PASSWORD))
    assert _get(f"https://{registry}/v2/ekiben/pictures/gateway/tags/list")["tags"] == ["1.0.0"]
    _buildah("rmi", "--force", uri)


def test_a_wrong_password_pushes_nothing(registry: str, image: str) -> None:
    with pytest.raises(BuildError, match="buildah login"):
        ProgramPusher(Backend.BUILDAH).push(image, f"{registry}/ekiben/pictures/gateway:1.0.0", _token("another"))
    assert _get(f"https://{registry}/v2/_catalog")["repositories"] == []


def _token(password: str) -> str:
    return base64.b64encode(f"AWS:{password}".encode()).decode()


def _get(url: str) -> dict[str, list[str]]:
    asked = urllib.request.Request(url, headers={"Authorization": f"Basic {_token(_PASSWORD)}"})
    with urllib.request.urlopen(asked, timeout=10, context=ssl.create_default_context()) as response:
        found: dict[str, list[str]] = json.load(response)
        return found


def _certificate(folder: Path) -> None:
    """ECR has TLS, and buildah asks for it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )


def _wait(address: str, log: Path) -> None:
    host, _, port = address.partition(":")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection((host, int(port)), timeout=2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"the registry does not answer:\n{log.read_text()}")


def _buildah(*arguments: str) -> str:
    return subprocess.run(["buildah", *arguments], check=True, capture_output=True, text=True).stdout.strip()
