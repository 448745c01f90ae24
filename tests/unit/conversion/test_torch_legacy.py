from __future__ import annotations

import contextlib
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ekiben.conversion.torch_legacy import read_state_dict
from ekiben.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.unit.conversion.conftest import WriteTorch

    Arrays = dict[str, NDArray[Any]]


def test_tensors_come_back(write_torch: WriteTorch, arrays: Arrays) -> None:
    found = read_state_dict(write_torch(arrays))
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].shape == array.shape
        np.testing.assert_array_equal(found[name], array)


def changed(path: Path, old: bytes, new: bytes) -> Path:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"ctorch._utils\n_rebuild_tensor_v2\n", b"cos\nsystem\n", "asks to call 'os system'"),
        (b"ctorch._utils\n_rebuild_tensor_v2\n", b"cbuiltins\neval\n", "asks to call 'builtins eval'"),
        (b"ctorch\nFloatStorage\n", b"cos\nsystem\n", "of an unknown kind"),
        (b"NtQ", b"NtP", "is damaged"),
        (b"\x80\x02c", b"\x80\x02\x93", "which a table of tensors does not need"),
        (b"(X\x07\x00\x00\x00storage", b"(X\x07\x00\x00\x00stirage", "storage is damaged"),
        (b"J\x18\x00\x00\x00N", b"J\x19\x00\x00\x00N", "not as long as its tensors say"),
        (b"J\x18\x00\x00\x00N", b"J\x01\x00\x00\x00N", "reaches outside its storage"),
        (b"J\x18\x00\x00\x00N", b"J\xff\xff\xff\xffN", "shape is damaged"),
        (b"J\x03\x00\x00\x00", b"J\xff\xff\xff\x7f", "reaches outside its storage"),
    ],
)
def test_a_hostile_file_is_refused(
    write_torch: WriteTorch, arrays: Arrays, old: bytes, new: bytes, reason: str
) -> None:
    path = changed(write_torch(arrays), old, new)
    with pytest.raises(WeightsError, match=reason) as caught:
        read_state_dict(path)
    assert caught.value.message.startswith("weights.pth: ")


class Bomb:
    def __reduce__(self) -> Any:
        return (exec, ("raise SystemExit('the file ran')",))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_nothing_a_pickle_names_is_run(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(pickle.dumps(Bomb(), protocol=protocol))
    with pytest.raises(WeightsError):
        read_state_dict(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "damaged"),
        (b"PK\x03\x04", "zip format"),
        (b"hello", "."),
        (pickle.dumps(0x1950A86A20F9469CFC6C, 2), "damaged"),
        (pickle.dumps(1, 2) * 5, "not a torch file of the old format"),
        (b"\x80\x02" + b"]" * 3_000_000 + b".", "more than 2000000 instructions"),
        (b"\x80\x02X" + (20_000).to_bytes(4, "little") + b"x" * 20_000 + b".", "longer than 10000"),
        (b"\x80\x02X\xff\xff\xff\x7fshort", "damaged"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=reason):
        read_state_dict(path)


@pytest.mark.parametrize("missing", [1, 4, 100])
def test_a_cut_file_is_refused(write_torch: WriteTorch, arrays: Arrays, missing: int) -> None:
    path = write_torch(arrays)
    path.write_bytes(path.read_bytes()[:-missing])
    with pytest.raises(WeightsError):
        read_state_dict(path)


def test_bytes_behind_the_end_are_refused(write_torch: WriteTorch, arrays: Arrays) -> None:
    path = write_torch(arrays)
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(WeightsError, match="goes on behind"):
        read_state_dict(path)


@given(st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_damage_is_refused_plainly(write_torch: WriteTorch, arrays: Arrays, data: st.DataObject) -> None:
    path = write_torch(arrays)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with contextlib.suppress(WeightsError):
        read_state_dict(path)
