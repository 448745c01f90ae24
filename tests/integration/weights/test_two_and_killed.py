"""Two pulls at once, and a pull that is killed on its way."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.weights.conftest import Hub, Project

CONTENT = bytes(range(256)) * 4096


def test_two_at_once_fetch_once(locked: Project, hub: Hub) -> None:
    hub.hold_after = 1000
    first = locked.start("pull", "toy")
    assert hub.half_sent.wait(60)
    second = locked.start("pull", "toy")
    assert second.stderr
    assert second.stderr.readline() == "toy: the weights are under MIT\n"
    assert second.stderr.readline() == "toy: waiting for another pull of it\n"
    hub.release.set()
    for process in (first, second):
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert len(hub.storage_seen) == 1
    assert locked.stored_file() == CONTENT


def test_a_killed_pull_leaves_nothing_and_the_next_goes_on(locked: Project, hub: Hub) -> None:
    hub.hold_after = 700_000
    process = locked.start("pull", "toy")
    partial = locked.cache / "partial" / "toy-1.0.0" / "model.onnx"
    assert hub.half_sent.wait(60)
    while not (partial.exists() and partial.stat().st_size):
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    hub.hold_after = None
    hub.release.set()

    assert locked.stored() == []
    kept = partial.stat().st_size
    status, _, errors = locked.run("pull", "toy")
    assert status == 0, errors
    assert hub.storage_seen[-1].headers["range"] == f"bytes={kept}-"
    assert locked.stored_file() == CONTENT
    assert not partial.exists()


def test_a_kill_while_storing_leaves_nothing_to_serve(locked: Project) -> None:
    # As a kill between putting the files together and the rename leaves it.
    left = locked.home / "tmp" / "ekiben" / "toy-1.0.0.staging-0"
    left.mkdir(parents=True)
    (left / "model.onnx").write_bytes(b"half")
    _, output, _ = locked.run("list", "--json")
    assert '"state": "not pulled"' in output
    status, _, errors = locked.run("pull", "toy")
    assert status == 0, errors
    assert not left.exists()
    assert locked.stored_file() == CONTENT
