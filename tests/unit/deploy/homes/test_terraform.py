"""The Terraform module: what it refers to is there, all is tagged, and it is laid out as `terraform fmt` does it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import hcl2
import pytest

from tests.unit.deploy.homes.terraform_module import (
    MODULES,
    NODES,
    ROOT,
    blocks,
    files,
    local_names,
    named,
    parsed,
    text,
)

each_module = pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
_TERRAFORM: Final = pytest.mark.skipif(shutil.which("terraform") is None, reason="no terraform on the PATH")
_FILES: Final = [path for module in MODULES for path in files(module)]
# AWS has no tags for these; they are settings of something that has.
_UNTAGGED: Final = {
    "aws_ecr_lifecycle_policy",
    "aws_iam_role_policy",
    "aws_route_table_association",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
}


@each_module
def test_variables_and_locals_that_are_named_are_there_and_the_others_are_not(module: Path) -> None:
    whole = text(module)
    assert set(re.findall(r"(?<![\w.])var\.(\w+)", whole)) == named(module, "variable")
    assert set(re.findall(r"(?<![\w.])local\.(\w+)", whole)) == local_names(module)


@each_module
def test_resources_that_are_named_are_there(module: Path) -> None:
    whole = text(module)
    managed = {(block.type, block.name) for block in [*blocks(module), *blocks(module, "ephemeral")]}
    asked = {(block.type, block.name) for block in blocks(module, "data")}
    assert set(re.findall(r"(?<![\w.])data\.(\w+)\.(\w+)", whole)) <= asked
    ephemeral = set(re.findall(r"(?<![\w.])ephemeral\.(\w+)\.(\w+)", whole))
    assert ephemeral <= managed
    assert set(re.findall(r"(?<![\w.])(aws_\w+)\.(\w+)", whole)) <= managed


def test_modules_get_what_they_ask_for_and_give_what_is_taken() -> None:
    whole = text(ROOT)
    (call,) = [each for document in parsed(ROOT) for each in document.get("module", [])]
    (given,) = call.values()
    assert {name for name in given if not name.startswith("__")} == named(NODES, "variable") | {"source"}
    taken = set(re.findall(r"module\.nodes\.(\w+)", whole))
    assert taken == named(NODES, "output")


def test_every_resource_says_whose_and_which_it_is() -> None:
    assert '"ekiben:deployment" = var.name' in re.sub(r"\s+", " ", (ROOT / "versions.tf").read_text())
    for block in blocks(ROOT):
        where = f"{block.type}.{block.name}"
        if block.type == "aws_autoscaling_group":
            (tag,) = block.body["dynamic"]
            assert {"Name", '"ekiben:deployment"', '"ekiben:resource"'} <= set(tag['"tag"']["for_each"]), where
        elif block.type in _UNTAGGED:
            assert "tags" not in block.body, where
        else:
            assert set(block.body["tags"]) == {"Name", '"ekiben:resource"'}, where


def test_variables_say_what_they_are() -> None:
    for module in MODULES:
        for document in parsed(module):
            for each in document.get("variable", []):
                for name, body in each.items():
                    assert {"type", "description"} <= set(body), name


def test_versions_are_pinned() -> None:
    whole = re.sub(r"\s+", " ", text(ROOT))
    assert 'required_version = ">= 1.11"' in whole
    assert re.findall(r'source = "(hashicorp/\w+)" version = "(~> [\d.]+)"', whole) == [
        ("hashicorp/aws", "~> 6.0"),
        ("hashicorp/random", "~> 3.7"),
    ]


def test_no_secret_is_in_the_state() -> None:
    for block in blocks(ROOT):
        assert not block.type.startswith("random_"), block
        if block.type == "aws_ssm_parameter":
            assert "value" not in block.body
            assert {"value_wo", "value_wo_version"} <= set(block.body)
    assert not [block for block in blocks(ROOT, "data") if "with_decryption" in block.body]


def test_the_example_sets_what_must_be_set_and_nothing_unknown() -> None:
    given = {name for name in hcl2.loads((ROOT / "example.tfvars").read_text()) if not name.startswith("__")}
    must = {
        name.strip('"')
        for document in parsed(ROOT)
        for each in document.get("variable", [])
        for name, body in each.items()
        if "default" not in body
    }
    assert must <= given <= named(ROOT, "variable")


@pytest.mark.parametrize("path", _FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_lines_are_indented_by_two_and_equals_signs_stand_in_a_column(path: Path) -> None:
    depth, group = 0, list[tuple[int, int]]()
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), ""], 1):
        bare = re.sub(r'"(\\.|[^"\\])*"', '""', line.partition(" #")[0]).strip()
        assert line == line.rstrip(), number
        if bare and not bare.startswith(("#", "?", ":")):
            closing = len(re.match(r"[\]})]*", bare)[0])  # type: ignore[index]
            assert len(line) - len(line.lstrip()) <= 2 * max(0, depth - min(closing, 1)), number
        opened = sum(bare.count(each) for each in "[{(") - sum(bare.count(each) for each in "]})")
        attribute = re.match(r'\s*("[^"]+"|[\w-]+) +=(?!>)', line)
        if attribute and opened == 0:
            group.append((number, len(attribute[0])))
            continue
        assert len({column for _, column in group}) <= 1, f"{path.name}: {group}"
        group, depth = [], depth + opened


@_TERRAFORM
def test_terraform_finds_nothing_to_format() -> None:
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-recursive", "-diff", str(ROOT)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _plan(folder: Path, more: str) -> subprocess.CompletedProcess[str]:
    """The variables alone, which need no provider, with the example's values and others after them."""
    shutil.copy(ROOT / "variables.tf", folder)
    (folder / "more.tfvars").write_text(more)
    options = [
        "-input=false",
        "-no-color",
        f"-var-file={ROOT / 'example.tfvars'}",
        f"-var-file={folder / 'more.tfvars'}",
    ]
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "CHECKPOINT_DISABLE": "1"}
    command = [str(shutil.which("terraform")), f"-chdir={folder}", "plan", *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@_TERRAFORM
def test_the_example_is_taken(tmp_path: Path) -> None:
    done = _plan(tmp_path, "")
    assert done.returncode == 0, done.stderr


@_TERRAFORM
@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ('name = "Pictures"', "Lower-case letters"),
        ('region = "moon"', "such as us-east-1"),
        ('zones = ["us-east-1a"]', "two at least"),
        ('zones = ["us-east-1a", "eu-west-1b"]', "Zones of the region"),
        ('network = { vpc = "vpc-1" }', "two subnets or more"),
        ('control = { tag = "1", instance_type = "t3.small", valkey_url = "valkey://:x@h:1" }', "without the password"),
        ("workers = {}", "One model at least"),
        ('workers = { control = { tag = "1", types = [{ type = "g5.xlarge" }], most = 1 } }', "Served names"),
        ('workers = { m = { tag = "1", types = [{ type = "g5.xlarge" }], least = 2, most = 1 } }', "at most `most`"),
        (
            'workers = { m = { tag = "1", types = [{ type = "a.b", rate = 1 }, { type = "c.d" }], most = 1 } }',
            "measure all of them",
        ),
        ('entrance = { allow = ["0.0.0.0/0"] }', "needs certificate_arn"),
        ('budget = { usd_per_month = 0, email = "you@example.com" }', "above 0"),
    ],
)
def test_what_cannot_work_is_refused_with_a_reason(tmp_path: Path, more: str, reason: str) -> None:
    done = _plan(tmp_path, more)
    assert done.returncode != 0
    assert reason in re.sub(r"[\s│]+", " ", done.stderr)
