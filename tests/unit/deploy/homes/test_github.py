"""The workflow for users to copy: valid, with no more rights than each job needs, and no key of AWS's."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any, Final

import yaml

from ekiben.deploy.bentofile import list_targets
from scripts.lib.helm import PROJECT
from tests.unit.deploy.homes.tools import bash_faults

_FILE: Final = PROJECT / "deploy" / "github" / "ekiben.yml"
_TEXT: Final = _FILE.read_text(encoding="utf-8")
_JOBS: Final[dict[str, dict[str, Any]]] = yaml.safe_load(_TEXT)["jobs"]
_STEPS: Final = [step for job in _JOBS.values() for step in job["steps"]]


def test_it_is_a_workflow_whose_jobs_end() -> None:
    for schema in ("vendor.github-workflows", "custom.github-workflows-require-timeout"):
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(_FILE)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_actions_are_pinned_and_say_which_version() -> None:
    used = [line for line in _TEXT.splitlines() if "uses:" in line]
    assert len(used) == sum("uses" in step for step in _STEPS)
    for line in used:
        assert re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_only_what_needs_rights_has_them() -> None:
    assert yaml.safe_load(_TEXT)["permissions"] == {}
    assert {name: job["permissions"] for name, job in _JOBS.items()} == {
        "test": {"contents": "read"},
        "images": {"contents": "read", "id-token": "write"},
        "deploy": {"contents": "read", "id-token": "write"},
    }
    assert not re.search(r"secrets\.|AWS_(ACCESS|SECRET)", _TEXT)


def test_nothing_is_pushed_untested_and_nothing_deployed_unapproved() -> None:
    assert _JOBS["images"]["needs"] == "test"
    assert _JOBS["images"]["if"] == "github.event_name == 'push'"
    assert _JOBS["deploy"]["needs"] == "images"
    assert _JOBS["deploy"]["environment"] == "production"


def test_every_bento_gets_its_image() -> None:
    assert sorted(_JOBS["images"]["strategy"]["matrix"]["target"]) == sorted(list_targets(PROJECT))


def test_nothing_from_outside_is_written_into_a_command() -> None:
    for step in _STEPS:
        assert "${{" not in step.get("run", ""), step


def test_commands_are_bash_and_name_what_is_there() -> None:
    for step in _STEPS:
        if "run" in step:
            assert bash_faults(step["run"]) == ""
            for path in re.findall(r"(?:^|\s)((?:scripts|\.ci|deploy/helm)/[\w/]+)", step["run"]):
                assert (PROJECT / path).exists(), path
