from __future__ import annotations

import contextlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ekiben.conversion.joblib_file import Instance, read_joblib
from ekiben.errors import WeightsError
from tests.unit.conversion.conftest import WriteJoblib


@pytest.fixture
def model(sklearn: Callable[..., Any]) -> Any:
    inner = sklearn("pkg.inner.Inner", weights=np.arange(6.0).reshape(2, 3), name="ü", nothing=None, flag=True)
    return sklearn(
        "pkg.outer.Outer",
        inner=inner,
        again=inner,
        fortran=np.asfortranarray(np.arange(6, dtype="<i8").reshape(2, 3)),
        empty=np.zeros((0, 4), "<f4"),
        scalar=np.float64(0.25),
        vocabulary={"a": np.int64(1), "b": 0},
        span=(1, 2),
        rate=1e-4,
        kind=np.float64,
        large=2**40,
    )


def test_attributes_and_arrays_come_back(write_joblib: WriteJoblib, model: Any) -> None:
    found = read_joblib(write_joblib("m.joblib", model))
    assert isinstance(found, Instance)
    assert found.name == "pkg.outer Outer"
    inner = found.attributes["inner"]
    assert inner.name == "pkg.inner Inner"
    assert found.attributes["again"] is inner
    assert (inner.attributes["name"], inner.attributes["nothing"], inner.attributes["flag"]) == ("ü", None, True)
    np.testing.assert_array_equal(inner.attributes["weights"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(found.attributes["fortran"], [[0, 1, 2], [3, 4, 5]])
    assert found.attributes["empty"].shape == (0, 4)
    assert (found.attributes["scalar"], found.attributes["vocabulary"]) == (0.25, {"a": 1, "b": 0})
    assert (found.attributes["span"], found.attributes["rate"], found.attributes["large"]) == ((1, 2), 1e-4, 2**40)


class Bomb:
    def __reduce__(self) -> Any:
        return (exec, ("raise SystemExit('the file ran')",))


class StateBomb:
    def __reduce__(self) -> Any:
        return (StateBomb, (), {"a": 1}, iter([Bomb()]))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", [Bomb(), {"a": [Bomb()]}, StateBomb()], ids=["bare", "inside", "state"])
def test_nothing_that_a_file_names_is_run(tmp_path: Path, value: object, protocol: int) -> None:
    path = tmp_path / "m.joblib"
    path.write_bytes(pickle.dumps(value, protocol=protocol))
    with pytest.raises(WeightsError):
        read_joblib(path)


def test_an_array_of_objects_would_be_another_pickle(write_joblib: WriteJoblib) -> None:
    with pytest.raises(WeightsError, match="not of plain numbers"):
        read_joblib(write_joblib("m.joblib", np.array([None, "a"], dtype=object)))


def test_an_array_of_another_byte_order_is_refused(write_joblib: WriteJoblib) -> None:
    with pytest.raises(WeightsError, match="little-endian"):
        read_joblib(write_joblib("m.joblib", np.arange(3, dtype=">f8")))


def test_a_false_shape_takes_no_memory(write_joblib: WriteJoblib) -> None:
    path = write_joblib("m.joblib", np.arange(300, dtype="<f8"))
    content = path.read_bytes()
    shape = b"M" + (300).to_bytes(2, "little") + b"\x85"
    assert shape in content
    path.write_bytes(content.replace(shape, b"J" + (2**30).to_bytes(4, "little") + b"\x85"))
    with pytest.raises(WeightsError, match="ends in the middle"):
        read_joblib(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x78\x9c compressed", b"\x80\x05", b"\x80\x05."])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.joblib"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"m\.joblib: "):
        read_joblib(path)


@given(st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_damage_is_refused_plainly(write_joblib: WriteJoblib, model: Any, data: st.DataObject) -> None:
    path = write_joblib("m.joblib", model)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    with contextlib.suppress(WeightsError):
        read_joblib(path)
