"""The shell of the nodes: correct as far as can be told without a node, complete, and without secrets."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ekiben.deploy.containerfile import UID
from ekiben.deploy.spot.clients import Clients
from ekiben.deploy.spot.config_file import read_config
from ekiben.deploy.spot.opening import open_world
from ekiben.deploy.spot.user_data import control_script, worker_script
from tests.unit.deploy.spot.acting import up
from tests.unit.deploy.spot.files import CONFIG, write_config

_MOST_BYTES = 16384  # EC2's
MANAGED = {**CONFIG["control"], "valkey_url": "rediss://jobs.example.com:6379/0"}


@pytest.fixture(params=["own", "managed"])
def scripts(request: pytest.FixtureRequest, aws: Clients, tmp_path: Path) -> dict[str, str]:
    config = read_config(write_config(tmp_path, **({"control": MANAGED} if request.param == "managed" else {})))
    deployment = open_world(config, aws).deployment
    return {
        "control": control_script(deployment, "Z123", ["subnet-1", "subnet-2"]),
        "worker": worker_script(deployment, config.workers[0], "ekiben-pictures-sd-1.5"),
    }


def test_scripts_are_complete_and_pass_shellcheck(scripts: dict[str, str], tmp_path: Path) -> None:
    for name, text in scripts.items():
        assert "@@" not in text
        assert len(text.encode()) < _MOST_BYTES
        inner = re.findall(r"cat >(?:/usr/local/lib/ekiben/\w+) <<'END'\n(.*?)\nEND\n", text, re.DOTALL)
        assert inner
        for number, script in enumerate([text, *inner]):
            path = tmp_path / f"{name}-{number}.sh"
            path.write_text(script + "\n")
            subprocess.run(["bash", "-n", str(path)], check=True)
            shellcheck = Path(sys.executable).with_name("shellcheck")
            # Not followed: files that are on the node alone.
            done = subprocess.run(
                [shellcheck, "-s", "bash", "-e", "SC1091,SC2154", path], capture_output=True, text=True
            )
            assert done.returncode == 0, done.stdout


def test_a_managed_valkey_has_no_volume(scripts: dict[str, str]) -> None:
    managed = "jobs.example.com" in scripts["control"]
    assert ("attach-volume" in scripts["control"]) is not managed
    url = "rediss://" if managed else "secret valkey-password | quoted; printf @; printf '%s' 'control.pictures.ekiben"
    assert url in scripts["worker"]


def test_workers_listen_announce_and_ask_for_the_token(scripts: dict[str, str]) -> None:
    worker = scripts["worker"]
    assert "EKIBEN_WORKER_LISTEN=0.0.0.0:3100" in worker
    assert "EKIBEN_WORKER_ADVERTISE=http://$address:3100" in worker
    assert "put ekiben_worker_token secret worker-token" in worker
    assert "--gpus all" in worker
    assert "EKIBEN_WORKERS_ELSEWHERE=sd-1.5" in scripts["control"]


def test_secrets_are_files_for_the_service_alone(scripts: dict[str, str], tmp_path: Path) -> None:
    done = _read_secrets(scripts["control"], tmp_path, refused="")
    assert done.returncode == 0, done.stderr
    found = _files_in(tmp_path)
    assert found["ekiben_worker_token"] == "of worker-token/\n"
    assert found["keys"] == "of keys/\n"
    managed = "jobs.example.com" in scripts["control"]
    assert ("valkey.conf" in found) is not managed
    if not managed:
        assert found["ekiben_valkey_url"].startswith("valkey://:of%20valkey-password%2F@control.pictures.")
        assert found["valkey.conf"].endswith("\nrequirepass of valkey-password/\n")


def test_where_a_secret_is_refused_the_service_does_not_start_and_none_is_empty(
    scripts: dict[str, str], tmp_path: Path
) -> None:
    asked = set(re.findall(r"^[^#\n]*\bsecret ([a-z-]+)", scripts["control"], re.MULTILINE))
    assert {"keys", "link-secret", "worker-token"} <= asked
    for refused in asked:
        folder = tmp_path / refused
        folder.mkdir()
        assert _read_secrets(scripts["control"], folder, refused).returncode != 0, refused
        assert all(_files_in(folder).values()), refused


def _files_in(folder: Path) -> dict[str, str]:
    """What was written for the service; checks that nothing else was, and that nobody else reads it."""
    assert not list((folder / "run").glob("new.*"))
    written = folder / "run" / "secrets"
    assert {path.stat().st_mode & 0o077 for path in written.rglob("*")} <= {0}
    return {path.name: path.read_text() for path in written.iterdir()}


def test_no_secret_is_told_to_docker(scripts: dict[str, str]) -> None:
    # What `docker inspect` shows, docker has written to the disk.
    for text in scripts.values():
        assert set(re.findall(r"--env-file (\S+)", text)) == {"/etc/ekiben/service.env"}
        assert "--volume /run/ekiben/secrets:/run/ekiben/secrets:ro" in text


def test_no_secret_is_in_user_data_or_tags(aws: Clients, config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    up(aws, config_file)
    paths: Any = [{"Key": "Name", "Option": "BeginsWith", "Values": ["/ekiben/pictures/"]}]
    names = [each["Name"] for each in aws.ssm.describe_parameters(ParameterFilters=paths)["Parameters"]]
    assert len(names) == 4
    secrets = [aws.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"] for name in names]
    shown = capsys.readouterr()
    everything = f"{shown.out}{shown.err}{aws.ec2.describe_tags()}"
    for template in aws.ec2.describe_launch_templates()["LaunchTemplates"]:
        ask: Any = aws.ec2.describe_launch_template_versions
        for version in ask(LaunchTemplateId=template["LaunchTemplateId"])["LaunchTemplateVersions"]:
            everything += base64.b64decode(str(version["LaunchTemplateData"]["UserData"])).decode()
    assert not [secret for secret in secrets if secret in everything]
    assert len(set(secrets)) == 4


def _read_secrets(script: str, folder: Path, refused: str) -> subprocess.CompletedProcess[str]:
    """Run what reads the secrets, with a stand-in for `aws`, under another folder than /run/ekiben."""
    text = re.search(r"cat >/usr/local/lib/ekiben/secrets <<'END'\n(.*?)\nEND\n", script, re.DOTALL)
    assert text is not None
    (folder / "node").write_text("AWS_DEFAULT_REGION=us-east-1\n")
    stand_in = folder / "aws"
    stand_in.write_text(f'#!/bin/bash\n[[ $5 != */"{refused}" ]] && echo "of ${{5##*/}}/"\n')
    stand_in.chmod(0o755)
    own = str(os.getuid())
    inner = text[1].replace("/run/ekiben", f"{folder}/run").replace("/etc/ekiben/node", f"{folder}/node")
    return subprocess.run(
        ["bash", "-c", inner.replace(str(UID), own)],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
