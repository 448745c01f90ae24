"""The harness measures what it says."""

from __future__ import annotations

import math

import pytest

from benchmarks.harness.criteria import Criterion, missed
from benchmarks.harness.http1 import BadReply, post, read_reply
from benchmarks.harness.numbers import percentile, spread
from benchmarks.harness.resources import MemorySeries, role
from benchmarks.overload.load import Probe
from benchmarks.overload.run import normal_after
from benchmarks.texts import LONGEST_WORDS, SHORTEST_WORDS, make_texts


def test_texts_are_the_same_every_time_and_of_every_length() -> None:
    texts = make_texts(300)
    assert texts == make_texts(300)
    assert len(set(texts)) == 300
    lengths = sorted(len(text.split()) for text in texts)
    assert lengths[0] >= SHORTEST_WORDS
    assert lengths[-1] <= LONGEST_WORDS
    assert lengths[30] < 10
    assert lengths[270] > 50


def test_percentiles_are_values_that_occurred() -> None:
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile([5.0], 0.5) == 5.0
    assert math.isnan(percentile([], 0.5))
    assert spread([3.0, 1.0, 2.0]) == (2.0, 1.0, 3.0)


def test_a_reply_is_read_only_when_whole() -> None:
    whole = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\nno"
    assert all(read_reply(whole[:cut]) is None for cut in range(len(whole)))
    reply = read_reply(whole)
    assert reply is not None
    assert (reply.status, reply.body) == (429, b"no")
    with pytest.raises(BadReply):
        read_reply(b"HTTP/1.1 200 OK\r\n\r\n")


def test_a_request_states_its_length() -> None:
    assert b"\r\ncontent-length: 3\r\n" in post("/x", b"abc")


def test_the_slope_of_memory() -> None:
    series = MemorySeries([0.0, 60.0, 120.0], [100.0, 101.0, 102.0])
    assert series.slope_mib_per_minute(0.0) == pytest.approx(1.0)


def test_roles_name_no_path() -> None:
    assert role(["/x/python", "-m", "w", "--service-name", "gateway"]) == "service gateway"
    assert role(["/x/python", "/x/bin/ekiben", "serve"]) == "Ekiben's supervisor"
    assert role(["/x/python", "-c", "pass"]) == "other"


def test_back_to_normal_means_three_fast_answers_in_a_row() -> None:
    slow, fast, refused = (1.0, 200), (0.01, 200), (0.01, 429)
    probes = [Probe(at, *what) for at, what in enumerate((slow, fast, refused, fast, fast, fast))]
    assert normal_after(probes, 0.02) == pytest.approx(3.01)
    assert normal_after(probes[:4], 0.02) is None


def test_what_is_not_judged_is_not_missed() -> None:
    unjudged = Criterion("a", "1", "0", met=False, judged=False)
    failed = Criterion("b", "1", "0", met=False)
    assert missed([unjudged, failed, Criterion("c", "0", "0", met=True)]) == [failed]
