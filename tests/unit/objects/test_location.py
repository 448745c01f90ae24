"""Where objects are."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ekiben.errors import ConfigurationError
from ekiben.objects.location import open_store


async def test_a_folder_is_made_for_this_user_alone(tmp_path: Path) -> None:
    for location, folder in (("", tmp_path / "default"), (str(tmp_path / "a" / "given"), tmp_path / "a" / "given")):
        await open_store(location, tmp_path / "default").put("files/a.png", b"x")
        assert (folder / "files" / "a.png").read_bytes() == b"x"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_is_no_place_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    for location in ("gs://bucket", "https://example.com/x", str(file), str(file / "below")):
        with pytest.raises(ConfigurationError, match=r"objects|OBJECTS"):
            open_store(location, tmp_path)
