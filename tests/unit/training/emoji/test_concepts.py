from __future__ import annotations

from training.emoji.concepts import LIST, Concept


def test_the_list_is_joined_with_what_stands_for_one_concept_alone(concepts: list[Concept]) -> None:
    apple, carrot, car, ghost = concepts
    assert apple == Concept("red apple", "food", ("apple",), ("fruit", "orchard", "sky"), apple.weight, "1f34e")
    assert apple.common
    assert not carrot.common
    assert carrot.tags == ("food", "root")  # `round` is the apple's as well
    assert car.names == ("car", "motorcar")
    assert car.code == "1f697"
    assert car.tags == ("driving", "motor", "wheels", "sky blue")  # 5x is no word
    assert ghost.category == "faces"


def test_the_real_list_names_nothing_twice() -> None:
    lines = [line.removeprefix("*") for line in LIST.read_text().splitlines() if line and line[0] not in "#["]
    labels = [line.partition(" = ")[0] for line in lines]
    names = [name for line in lines for name in (line.partition(" = ")[2] or line).split(", ")]
    assert len(labels) == len(set(labels)) > 400
    assert sorted(names) == sorted(set(names))
