"""The parser of the Prometheus client library is the judge of what is merged."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from ekiben.telemetry.exposition import MALFORMED_PARTS, merge

if TYPE_CHECKING:
    from ekiben.telemetry.exposition_parts import Labels

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
W0, W1 = (("worker", "0"),), (("worker", "1"),)


def samples(text: str) -> Samples:
    """Every sample; that a series or family occurs once is checked on the way."""
    found: Samples = {}
    names: set[str] = set()
    for family in text_string_to_metric_families(text):
        assert family.name not in names
        names.add(family.name)
        for sample in family.samples:
            series = (sample.name, frozenset(sample.labels.items()))
            assert series not in found
            found[series] = sample.value
    return found


def malformed() -> float:
    (metric,) = MALFORMED_PARTS.collect()
    return next(sample.value for sample in metric.samples if sample.name.endswith("_total"))


def process(value: float, label: str = "m") -> str:
    registry = CollectorRegistry()
    Counter("requests", "Requests.", ["model"], registry=registry).labels(label).inc(value)
    Histogram("latency_s", "Latency.", ["model"], registry=registry).labels(label).observe(value)
    Summary("batch", "Batch\nsize \\ items.", registry=registry).observe(value)
    Gauge("jobs_created", "A name that only looks like a time stamp.", registry=registry).set(value)
    return generate_latest(registry).decode()


def without_created(text: str) -> Samples:
    stamps = {"requests_created", "latency_s_created", "batch_created"}
    return {key: value for key, value in samples(text).items() if key[0] not in stamps}


def labelled(found: Samples, extra: Labels) -> Samples:
    return {(name, labels | frozenset(extra)): value for (name, labels), value in found.items()}


def test_two_processes_become_one_valid_exposition() -> None:
    first, second = process(1), process(2)
    text = merge({W0: first, W1: second})
    assert samples(text) == labelled(without_created(first), W0) | labelled(without_created(second), W1)
    assert text.count("# TYPE requests_total counter") == 1
    assert text.count("# HELP batch Batch\\nsize \\\\ items.") == 1


def test_a_histogram_stays_together() -> None:
    (latency,) = (
        family
        for family in text_string_to_metric_families(merge({W0: process(1), W1: process(2)}))
        if family.name == "latency_s"
    )
    assert latency.type == "histogram"
    assert {sample.name for sample in latency.samples} == {
        "latency_s_bucket",
        "latency_s_count",
        "latency_s_sum",
    }


@given(st.text(), st.text())
def test_any_label_value_survives(own: str, extra: str) -> None:
    own, extra = (value.replace("\r", "") for value in (own, extra))
    text = process(1, own)
    labels = (("worker", extra),)
    assert samples(merge({labels: text})) == labelled(without_created(text), labels)


def test_a_label_that_is_there_is_kept() -> None:
    text = 'a{worker="7"} 1\nb{note="worker=\\"9\\""} 2\nc{my_worker="1",} 3\n'
    assert merge({W0: text}) == (
        '# TYPE a untyped\na{worker="7"} 1\n'
        '# TYPE b untyped\nb{note="worker=\\"9\\"",worker="0"} 2\n'
        '# TYPE c untyped\nc{my_worker="1",worker="0"} 3\n'
    )


def test_a_series_that_two_parts_give_appears_once() -> None:
    assert merge({W0: "a 1\n", (): 'a{worker="0"} 2\n'}) == '# TYPE a untyped\na{worker="0"} 1\n'


@pytest.mark.parametrize("value", ["1", "-1.5e-07", "+Inf", "-Inf", "NaN", "1e+06", ".5", "1 1395066363000"])
def test_values_pass_through_as_written(value: str) -> None:
    assert f'a{{worker="0"}} {value}\n' in merge({W0: f"a {value}\n"})


@pytest.mark.parametrize(
    "text",
    [
        "<html>",
        "a",
        "a b",
        "a 1 2 3",
        "a1_000",
        "a 1_000",
        "a ٣",
        'a{b="c} 1',
        'a{b="c"d="e"} 1',
        "a{b=c} 1",
        'a{"b"="c"} 1',
        "a{} ",
        "# TYPE a cake",
        "# TYPE a",
        "a 1\r\nb 2\r\n",
        "1a 1",
        "a 1 # {} 2",
        'a{b="' + "\\" * 10_001,
        "a " + "1" * 100_000 + "x",
        "a" + " " * 100_000,
    ],
)
def test_a_malformed_part_is_left_out_and_counted(text: str) -> None:
    before = malformed()
    assert samples(merge({W0: "x 1\n", W1: f"y 1\n{text}\n"})) == labelled(samples("x 1\n"), W0)
    assert malformed() == before + 1


def test_a_family_of_another_type_is_left_out() -> None:
    before = malformed()
    text = merge({W0: "# TYPE a gauge\na 1\n", W1: "# TYPE a counter\na 2\nb 3\n"})
    assert set(samples(text).values()) == {1, 3}
    assert malformed() == before + 1


def test_comments_and_blank_lines_are_passed_over() -> None:
    assert merge({(): "# EOF\n#x\n\n  \na 1\n"}) == "# TYPE a untyped\na 1\n"
    assert merge({}) == ""


@given(st.text(alphabet='a{}="\\, #\n1Nb_TYPEHL', max_size=60))
def test_whatever_is_merged_can_be_parsed_again(text: str) -> None:
    merged = merge({W0: text})
    assert merge({(): merged}) == merged


def test_ten_processes_of_three_hundred_samples_are_quick() -> None:
    registry = CollectorRegistry()
    counter = Counter("requests", "Requests.", ["model", "status"], registry=registry)
    for index in range(300):
        counter.labels(f"model-{index % 10}", str(index)).inc()
    parts: dict[Labels, str] = {(("worker", str(index)),): generate_latest(registry).decode() for index in range(10)}
    durations_s = []
    for _ in range(5):
        start = time.perf_counter()
        merge(parts)
        durations_s.append(time.perf_counter() - start)
    assert min(durations_s) < 0.1  # about 0.01 where nothing else runs
